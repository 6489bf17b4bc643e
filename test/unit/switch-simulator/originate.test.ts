import t from 'tap';
import { originate } from '../../../daemon/esl/dial-string.ts';
import { InboundClient } from '../../../daemon/esl/inbound-client.ts';
import { until } from '../../until.ts';
import { withSimulator } from './with-simulator.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };

void t.test('a leg is originated once: the same uuid again is refused', async (t) => {
  const { simulator } = await withSimulator(t, () => undefined, {
    callees: { '+15125550199': { kind: 'answer', answerAfterMs: 20 } },
  });
  const client = new InboundClient({
    host: '127.0.0.1',
    port: simulator.inboundPort,
    password: 'simulated',
    daemonId: 'd1',
    log,
  });
  client.start();
  t.teardown(() => client.stop());
  await client.untilConnected(10_000);
  const legUuid = '0f8c9c52-7d2a-4f0e-9d0b-1f6f2f1f5a11';
  const command = originate(
    {
      legUuid,
      destination: { kind: 'gateway', gateway: 'trunk', number: '+15125550199' },
      ringTimeoutMs: 10_000,
      callerId: { number: '+15551234567', name: "O'Hara, Bob & ${system touch /tmp/x}" },
      ringback: { kind: 'passthrough' },
      legVariables: { 'sip_h_X-Note': "two words, it's [one] {leg}" },
    },
    { app: 'park', arg: '' },
  );
  t.equal(await client.background(command, 10_000), `+OK ${legUuid}\n`);
  const leg = simulator.core.legs.get(legUuid);
  t.equal(leg?.profile.destination, '+15125550199');
  t.equal(leg?.variables.get('origination_caller_id_number'), '+15551234567');
  t.match(leg?.variables.get('sip_h_X-Note'), /^two words/, 'one argument, spaces and all');
  t.same(simulator.snapshot().expansionsAttempted, []);
  t.match(await client.background(command, 10_000), /^-ERR /, 'as after a reconnect that lost the answer');
  t.equal(simulator.snapshot().channels, 1);
  t.equal(await client.api({ name: 'uuid_kill', arg: legUuid }), '+OK\n');
  await until('the leg to be gone', () => simulator.snapshot().channels === 0);
  await client.stop();
  await until('the connection to be gone', () => simulator.snapshot().inboundConnections === 0);
});
