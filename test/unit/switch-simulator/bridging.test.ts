import t from 'tap';
import { withSimulator } from './with-simulator.ts';

const dial = 'bridge {origination_uuid=b-leg-1,leg_timeout=10}sofia/gateway/trunk/15559990000';
const keep = 'multiset ^^;hangup_after_bridge=false;continue_on_fail=true';

void t.test('press-to-accept joins the two only after the key', async (t) => {
  const heard: (string | undefined)[] = [];
  const { simulator } = await withSimulator(
    t,
    async (call) => {
      const end = await call.execute(
        keep,
        'bridge {group_confirm_key=1,group_confirm_file=whisper-500ms.wav,group_confirm_read_timeout=2000,leg_timeout=20}sofia/gateway/trunk/1555',
      );
      heard.push(end.get('variable_originate_disposition'), end.get('variable_bridge_hangup_cause'));
      call.hangUp();
    },
    { callees: { '1555': { kind: 'answer', keys: [{ digits: '1', afterMs: 800 }], talkMs: 3000 } } },
  );
  const end = await simulator.call({ from: '+1512', to: '+1555' }).ended;
  t.same(heard, ['SUCCESS', 'NORMAL_CLEARING']);
  t.type(end.bridgedTo, 'string');
});

void t.test('who answers but never presses the key is given up at the leg timeout', async (t) => {
  const heard: (string | undefined)[] = [];
  const { simulator } = await withSimulator(
    t,
    async (call) => {
      const end = await call.execute(
        keep,
        'bridge {group_confirm_key=1,group_confirm_file=whisper-500ms.wav,leg_timeout=6}sofia/gateway/trunk/1555',
      );
      heard.push(end.get('variable_originate_disposition'), end.get('variable_DIALSTATUS'));
      call.hangUp();
    },
    { callees: { '1555': { kind: 'answer', keys: [{ digits: '5', afterMs: 700 }] } } },
  );
  const end = await simulator.call({ from: '+1512', to: '+1555' }).ended;
  t.same(heard, ['ALLOTTED_TIMEOUT', 'ALLOTTED_TIMEOUT'], "FreeSWITCH's word for a leg_timeout");
  t.equal(end.bridgedTo, undefined);
});

void t.test('a rejected call carries its SIP status', async (t) => {
  const told: Record<string, string | undefined> = {};
  const { simulator } = await withSimulator(
    t,
    async (call) => {
      const end = await call.execute(keep, dial);
      for (const name of ['originate_disposition', 'sip_invite_failure_status', 'DIALSTATUS'])
        told[name] = end.get(`variable_${name}`);
      call.hangUp();
    },
    { callees: { '15559990000': { kind: 'fail', cause: 'CALL_REJECTED', sipCode: 603 } } },
  );
  await simulator.call({ from: '+1512', to: '+1555' }).ended;
  t.same(told, {
    originate_disposition: 'CALL_REJECTED',
    sip_invite_failure_status: '603',
    DIALSTATUS: 'DONTCALL',
  });
});

void t.test('without continue_on_fail a busy callee ends the caller too', async (t) => {
  const { simulator } = await withSimulator(
    t,
    (call) => void call.execute('bridge sofia/gateway/trunk/busy'),
  );
  t.equal((await simulator.call({ from: '+1512', to: '+1555' }).ended).cause, 'USER_BUSY');
});

void t.test('early media reaches the caller before the answer and stops the leg timer', async (t) => {
  const names: (string | undefined)[] = [];
  const { simulator } = await withSimulator(
    t,
    async (call) => {
      await call.execute(keep, 'bridge {leg_timeout=2}sofia/gateway/trunk/1555');
      names.push(...call.frames.map((frame) => frame.get('Event-Name')).filter((name) => name !== undefined));
      call.hangUp();
    },
    {
      callees: {
        '1555': {
          kind: 'answer',
          ringAfterMs: false,
          earlyMediaAfterMs: 500,
          answerAfterMs: 6000,
          talkMs: 1000,
        },
      },
    },
  );
  t.ok((await simulator.call({ from: '+1512', to: '+1555' }).ended).answered);
  t.same(
    names.filter((name) => name?.startsWith('CHANNEL_') === true && !name.includes('EXECUTE')),
    ['CHANNEL_DATA', 'CHANNEL_PROGRESS_MEDIA', 'CHANNEL_ANSWER', 'CHANNEL_BRIDGE', 'CHANNEL_UNBRIDGE'],
  );
});

void t.test('execute_on_answer=sched_hangup cuts the conversation at its length', async (t) => {
  const told: (string | undefined)[] = [];
  const { simulator } = await withSimulator(
    t,
    async (call) => {
      const end = await call.execute(
        keep,
        "bridge {execute_on_answer='sched_hangup +2 allotted_timeout'}sofia/gateway/trunk/1555",
      );
      told.push(end.get('variable_last_bridge_hangup_cause'));
      call.hangUp();
    },
    { callees: { '1555': { kind: 'answer' } } },
  );
  await simulator.call({ from: '+1512', to: '+1555' }).ended;
  t.same(told, ['ALLOTTED_TIMEOUT']);
});

void t.test('execute_on_pre_bridge counts from the key that accepts, not from the answer', async (t) => {
  const confirm = 'group_confirm_key=1,group_confirm_file=whisper-500ms.wav,group_confirm_timeout=10';
  const { simulator } = await withSimulator(
    t,
    async (call) => {
      await call.execute(
        keep,
        `bridge {${confirm},execute_on_pre_bridge='sched_hangup +2 allotted_timeout'}sofia/gateway/trunk/1555`,
      );
      call.hangUp();
    },
    { callees: { '1555': { kind: 'answer', keys: [{ digits: '1', afterMs: 1500 }] } } },
  );
  const { leg, ended } = simulator.call({ from: '+1512', to: '+1555' });
  await ended;
  const callee = leg.other?.leg;
  const talkedUs = (callee?.times.hangupUs ?? 0) - (callee?.times.bridgedUs ?? 0);
  t.equal(callee?.hangupCause, 'ALLOTTED_TIMEOUT');
  t.ok(talkedUs >= 2_000_000, `${talkedUs} µs of conversation`);
});

void t.test('an origination_uuid that lives already is refused', async (t) => {
  const told: (string | undefined)[] = [];
  const { simulator } = await withSimulator(t, async (call) => {
    const end = await call.execute(
      keep,
      `bridge {origination_uuid=${call.channelData.get('Unique-ID') ?? ''}}sofia/gateway/trunk/1555`,
    );
    told.push(end.get('variable_originate_disposition'));
    call.hangUp();
  });
  await simulator.call({ from: '+1512', to: '+1555' }).ended;
  t.same(told, ['DESTINATION_OUT_OF_ORDER']);
});

void t.test(
  'commands behind the application in which the caller hangs up are lost, and so are its events',
  async (t) => {
    const seen: string[] = [];
    const { simulator } = await withSimulator(t, async (call) => {
      void call.execute('answer', 'playback silence_stream://9000', 'set late=1');
      await call.frame((headers) => headers.get('Content-Disposition') === 'disconnect');
      seen.push(...call.frames.flatMap((frame) => frame.get('Event-Name') ?? []));
    });
    const call = simulator.call({
      from: '+1512',
      to: '+1555',
      script: { hangUp: { afterPrompt: 1, delayMs: 500 } },
    });
    const end = await call.ended;
    t.equal(end.cause, 'NORMAL_CLEARING');
    t.equal(end.variable('late'), undefined);
    t.notOk(seen.includes('CHANNEL_HANGUP'), 'as mod_event_socket.c read_packet does');
  },
);
