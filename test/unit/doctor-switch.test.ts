import { createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { askSwitch } from '../../daemon/doctor-switch.ts';
import type { SwitchName } from '../../daemon/telephony/ids.ts';

const dialplan = `<section name="dialplan"><context name="public"><extension name="callfabric"><condition>
  <action application="set" data="callfabric_entry=takeover"></action>
  <action application="socket" data="127.0.0.1:8084 full"></action>
  <action data="10.0.0.2:8084 full" application="socket"/></condition></extension></context></section>`;

/** An event socket that answers each api command from the table, `-ERR` otherwise. */
async function eventSocket(
  t: Test,
  answers: Record<string, string>,
  greeting = 'Content-Type: auth/request\n\n',
) {
  const heard: string[] = [];
  const answer = (socket: Socket, command: string): void => {
    heard.push(command);
    if (command.startsWith('auth ')) {
      const good = command === 'auth its-own';
      socket.write(`Content-Type: command/reply\nReply-Text: ${good ? '+OK accepted' : '-ERR invalid'}\n\n`);
      if (!good) socket.end();
      return;
    }
    const text = answers[command] ?? `-ERR ${command} Command not found!\n`;
    const head = `Content-Type: api/response\nContent-Length: ${Buffer.byteLength(text)}\n\n`;
    // In two pieces, as a network may do it.
    socket.write(head + text.slice(0, 3));
    socket.write(text.slice(3));
  };
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.write(greeting);
    if (!greeting.includes('auth/request')) socket.end();
    let held = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      held += text;
      for (let end = held.indexOf('\n\n'); end >= 0; end = held.indexOf('\n\n')) {
        answer(socket, held.slice(0, end));
        held = held.slice(end + 2);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return { heard, node: { name: 'a' as SwitchName, host: '127.0.0.1', port, password: 'its-own' } };
}

const never = new AbortController().signal;

void t.test('a switch tells version, api-expansion, dialplan and clock', async (t) => {
  const { node, heard } = await eventSocket(t, {
    'api version': 'FreeSWITCH Version 1.11.2-dev+git~20260717T000000Z~0a54a48~64bit (git 0a54a48 64bit)\n',
    'api eval ${version()}': '<API execute Permission Denied>',
    'api xml_locate dialplan': dialplan,
    'api strmicroepoch': `${(Date.now() + 5000) * 1000}`,
  });
  const facts = await askSwitch(node, never);
  t.match(facts, {
    version: '1.11.2-dev',
    apiExpansion: false,
    socketActions: ['127.0.0.1:8084 full', '10.0.0.2:8084 full'],
  });
  t.ok(facts.skewMs !== undefined && facts.skewMs > 2500 && facts.skewMs < 5001, `${facts.skewMs} ms ahead`);
  t.equal(heard[0], 'auth its-own');
});

void t.test('what a switch will not tell stays unknown', async (t) => {
  const { node } = await eventSocket(t, {
    'api eval ${version()}': 'FreeSWITCH Version 1.11.2-dev (git 0a54a48 64bit)\n',
    'api strmicroepoch': 'soon',
  });
  t.same(await askSwitch(node, never), {
    version: undefined,
    apiExpansion: true,
    socketActions: undefined,
    skewMs: undefined,
  });
});

void t.test('why a switch cannot be asked is a sentence that says what to do', async (t) => {
  const { node } = await eventSocket(t, {});
  await t.rejects(askSwitch({ ...node, password: 'wrong' }, never), {
    message: /refuses the password: set CALLFABRIC_FREESWITCH_PASSWORD/,
  });
  await t.rejects(askSwitch({ ...node, port: 1 }, never), {
    message: /nothing listens at 127\.0\.0\.1:1: start FreeSWITCH/,
  });
  const rude = await eventSocket(
    t,
    {},
    'Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n',
  );
  await t.rejects(askSwitch(rude.node, never), {
    message: /refuses this machine: add it to apply-inbound-acl/,
  });
  const other = await eventSocket(t, {}, 'SSH-2.0-OpenSSH_9.6\r\n');
  await t.rejects(askSwitch(other.node, never), { message: /closed the connection|no event socket/ });
});

void t.test('a switch that says nothing is left when the deadline comes', async (t) => {
  const server = createServer(() => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const deadline = new AbortController();
  const asking = askSwitch(
    { name: 'a' as SwitchName, host: '127.0.0.1', port, password: 'x' },
    deadline.signal,
  );
  server.once('connection', () => deadline.abort());
  await t.rejects(asking, { message: /does not answer/ });
});
