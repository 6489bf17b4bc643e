import { connect } from 'node:net';
import t from 'tap';
import { commandsOf, cutFrames, framesOf, headersOf } from './recording.ts';
import { withSimulator } from './with-simulator.ts';

/** A client of the inbound event socket that keeps what it hears. */
function inboundClient(port: number): {
  frames: string[];
  send: (text: string) => void;
  until: (fits: (frame: string) => boolean) => Promise<string>;
  close: () => void;
} {
  const socket = connect(port, '127.0.0.1');
  const frames: string[] = [];
  let rest = '';
  let look: () => void = () => undefined;
  socket.on('error', () => undefined);
  socket.on('data', (bytes) => {
    const cut = cutFrames(rest + bytes.toString('latin1'));
    rest = cut.rest;
    frames.push(...cut.frames);
    look();
  });
  return {
    frames,
    send: (text) => socket.write(text),
    until: (fits) => {
      const { promise, resolve } = Promise.withResolvers<string>();
      look = () => {
        const frame = frames.find(fits);
        if (frame !== undefined) resolve(frame);
      };
      look();
      return promise;
    },
    close: () => socket.destroy(),
  };
}

function apiAnswers(frames: readonly string[]): string[] {
  return frames
    .filter((frame) => frame.includes('api/response'))
    .map((frame) => frame.slice(frame.indexOf('\n\n') + 2).trim());
}

void t.test('a wrong password is refused and the connection closed', async (t) => {
  const { simulator } = await withSimulator(t, () => undefined);
  const client = inboundClient(simulator.inboundPort);
  client.send('auth ClueCon\n\n');
  t.match(await client.until((frame) => frame.includes('invalid')), '-ERR invalid');
  t.match(await client.until((frame) => frame.includes('disconnect-notice')), 'goodbye');
  client.close();
});

void t.test("facts: both legs of this daemon's calls and nobody else's", async (t) => {
  const { simulator } = await withSimulator(
    t,
    async (call) => {
      const daemon = call.channelData.get('Caller-Destination-Number') === '1' ? 'd1' : 'd2';
      await call.execute(
        `export callfabric_daemon=${daemon}`,
        'answer',
        'set hangup_after_bridge=true',
        'bridge sofia/gateway/trunk/1555',
      );
    },
    { callees: { '1555': { kind: 'answer', talkMs: 2000 } } },
  );
  const client = inboundClient(simulator.inboundPort);
  client.send(
    'auth simulated\n\nevent plain CHANNEL_ANSWER CHANNEL_BRIDGE CHANNEL_HANGUP_COMPLETE BACKGROUND_JOB\n\n' +
      'filter variable_callfabric_daemon d1\n\nfilter Event-Name BACKGROUND_JOB\n\nbgapi status\nJob-UUID: job-1\n\n',
  );
  const job = await client.until(
    (frame) => frame.includes('BACKGROUND_JOB') && frame.includes('text/event-plain'),
  );
  t.match(job, 'Job-UUID: job-1');
  t.match(job, 'UP 0 years');
  const mine = simulator.call({ from: '+1512', to: '1' });
  const other = simulator.call({ from: '+1512', to: '2' });
  const [end] = await Promise.all([mine.ended, other.ended]);
  await client.until(
    (frame) => frame.includes('HANGUP_COMPLETE') && frame.includes(`Unique-ID: ${end.uuid}\n`),
  );
  const events = client.frames.filter((frame) => frame.includes('text/event-plain')).map(headersOf);
  t.notOk(events.some((event) => event.get('variable_callfabric_daemon') === 'd2'));
  const ends = events.filter((event) => event.get('Event-Name') === 'CHANNEL_HANGUP_COMPLETE');
  t.equal(ends.length, 2, 'A and B');
  for (const leg of ends) {
    const bill = Number(leg.get('variable_billmsec'));
    t.ok(bill >= 2000, `billed ${bill} ms of a talk of 2000 ms`);
    t.equal(
      Number(leg.get('variable_end_uepoch')) - Number(leg.get('variable_answer_uepoch')),
      Number(leg.get('variable_billusec')),
    );
    t.equal(leg.get('Hangup-Cause'), 'NORMAL_CLEARING');
    t.type(leg.get('Other-Leg-Unique-ID'), 'string');
  }
  client.close();
});

void t.test('api: channels are shown, asked, changed and killed', async (t) => {
  const { simulator } = await withSimulator(t, (call) => void call.execute('answer', 'park'));
  const call = simulator.call({ from: '+1512', to: '+1555', uuid: 'known-leg' });
  await call.answered;
  const client = inboundClient(simulator.inboundPort);
  const commands = [
    'show channels count',
    'uuid_exists known-leg',
    'uuid_setvar known-leg colour red',
    'uuid_getvar known-leg colour',
    'uuid_kill nobody',
    'uuid_break nobody all',
    'fsctl api_expansion',
    'eval ${version()}',
    'nonsense',
    'uuid_kill known-leg USER_BUSY',
  ];
  client.send(`auth simulated\n\n${commands.map((command) => `api ${command}\n\n`).join('')}`);
  t.equal((await call.ended).cause, 'USER_BUSY');
  await client.until(() => apiAnswers(client.frames).length === commands.length);
  const replies = apiAnswers(client.frames);
  t.same(replies, [
    '1 total.',
    'true',
    '+OK',
    'red',
    '-ERR No such channel!',
    '-ERR No such channel!',
    '+OK api_expansion is off',
    '<API execute Permission Denied>',
    '-ERR nonsense Command not found!',
    '+OK',
  ]);
  client.close();
});

void t.test('originate answers when the callee did, and refuses a uuid twice', async (t) => {
  const { simulator } = await withSimulator(t, () => undefined);
  const client = inboundClient(simulator.inboundPort);
  const originate = 'originate {origination_uuid=out-1}sofia/gateway/trunk/1555 &park()';
  client.send(
    `auth simulated\n\napi ${originate}\n\napi ${originate}\n\napi originate sofia/gateway/trunk/busy &park()\n\napi uuid_kill out-1\n\n`,
  );
  await client.until(() => apiAnswers(client.frames).length === 4);
  t.same(apiAnswers(client.frames), ['+OK out-1', '-ERR DESTINATION_OUT_OF_ORDER', '-ERR USER_BUSY', '+OK']);
  client.close();
});

void t.test('a sign of life comes back as FreeSWITCH sends it', async (t) => {
  const { simulator } = await withSimulator(t, () => undefined);
  const client = inboundClient(simulator.inboundPort);
  for (const command of commandsOf('live/sign_of_life', 1000)) client.send(command);
  const isSign = (frame: string): boolean => frame.includes('callfabric%3A%3Asign');
  const sign = await client.until(isSign);
  const recorded = framesOf('live/sign_of_life', 1000);
  const names = (frame: string | undefined): string[] => [...headersOf(frame ?? '').keys()].sort();
  t.same(names(sign), names(recorded.find(isSign)));
  t.equal(headersOf(sign).get('Callfabric-Daemon'), 'one');
  await client.until((frame) => client.frames.length === recorded.length && frame !== '');
  const kinds = (frames: readonly string[]): string[] =>
    frames.map((frame) => /Reply-Text: (\+OK \D*)|Content-Type: (\S+)/.exec(frame)?.[0] ?? '').sort();
  t.same(kinds(client.frames), kinds(recorded), 'and every command was answered alike');
  client.close();
});
