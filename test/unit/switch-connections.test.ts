import t, { type Test } from 'tap';
import type { EslEvent } from '../../daemon/esl/esl-event.ts';
import { SwitchConnections } from '../../daemon/switch-connections.ts';
import type { Branded } from '../../daemon/telephony/ids.ts';
import { apiAnswer, InboundSwitch } from './esl/inbound-switch.ts';

const coreUuids = ['5b6a0a54-0000-4000-8000-000000000001', '5b6a0a54-0000-4000-8000-000000000002'] as const;
const expands = (on: boolean) =>
  apiAnswer(on ? 'FreeSWITCH Version 1.11.2-dev (git 0a54a48 64bit)\n' : '<API execute Permission Denied>');
const ofCall = (coreUuid: string) =>
  ({ header: (name: string) => (name === 'Core-UUID' ? coreUuid : undefined) }) as EslEvent;

/** A daemon's connections to two FreeSWITCHes. */
async function twoSwitches(t: Test, asking?: { deadlineMs: number; pauseMs: number }) {
  const peers = [new InboundSwitch(), new InboundSwitch()] as const;
  for (const peer of peers) await peer.start();
  const errors: object[] = [];
  const log = { debug() {}, info() {}, warn() {}, error: (facts: object) => void errors.push(facts) };
  const configs = peers.map(({ port }, index) => ({
    name: `fs${index + 1}` as Branded<'SwitchName'>,
    host: '127.0.0.1',
    port,
    password: 'secret',
  }));
  const switches = new SwitchConnections(configs, 'd-1' as Branded<'DaemonId'>, log, asking);
  switches.start();
  t.teardown(async () => {
    await switches.stop();
    for (const peer of peers) await peer.stop();
  });
  /** Until the condition holds; what it waits for is read within a turn or two of the event loop. */
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise<void>((resolve) => setImmediate(resolve));
  };
  return { switches, peers, errors, until };
}

void t.test('every switch is asked who it is, and one with api-expansion on is named', async (t) => {
  const { switches, peers, errors, until } = await twoSwitches(t);
  for (const [index, peer] of peers.entries()) {
    const socket = await peer.admitted();
    const asked = await socket.commands(2);
    t.same(
      asked.map(({ command }) => command),
      ['api global_getvar core_uuid', 'api eval ${version()}'],
    );
    socket.send(apiAnswer(`${coreUuids[index]}\n`) + expands(index === 1));
  }
  await until(() => switches.states.every(({ apiExpansion }) => apiExpansion !== undefined));
  t.equal(switches.linkFor(ofCall(coreUuids[0]))?.switchName, 'fs1');
  t.equal(switches.linkFor(ofCall(coreUuids[1]))?.switchName, 'fs2');
  t.same(
    switches.states.map(({ apiExpansion }) => apiExpansion),
    [false, true],
  );
  t.match(errors, [{ switch: 'fs2' }]);
  t.equal(errors.length, 1);
});

void t.test('a slow answer is asked for again: the calls of that switch find their link', async (t) => {
  const { switches, peers, until } = await twoSwitches(t, { deadlineMs: 1, pauseMs: 1 });
  const socket = await peers[0].admitted();
  await socket.commands(4); // asked, not answered in time, asked again
  t.equal(switches.linkFor(ofCall(coreUuids[0])), undefined);
  // Late answers belong to the questions nobody waits for any more; a later question is answered in time.
  const both = apiAnswer(`${coreUuids[0]}\n`) + expands(false);
  const answering = (async () => {
    for (socket.send(both); ; await socket.commands(2)) socket.send(both);
  })().catch(() => undefined); // until the connection is closed
  await until(() => switches.linkFor(ofCall(coreUuids[0])) !== undefined);
  t.equal(switches.linkFor(ofCall(coreUuids[0]))?.switchName, 'fs1');
  await switches.stop();
  await answering;
});

void t.test('a switch that does not know the question is not accused', async (t) => {
  const { switches, peers, errors, until } = await twoSwitches(t);
  const socket = await peers[0].admitted();
  await socket.commands(2);
  socket.send(apiAnswer(`${coreUuids[0]}\n`) + apiAnswer('-USAGE: [send_sighup|hupall]\n'));
  await until(() => switches.linkFor(ofCall(coreUuids[0])) !== undefined);
  t.equal(switches.states[0]?.apiExpansion, undefined);
  t.same(errors, []);
});
