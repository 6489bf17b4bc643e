import t from 'tap';
import { CallRegistry, type LiveSession } from '../../../daemon/call/registry.ts';
import type { Branded } from '../../../daemon/telephony/ids.ts';

const id = <Name extends string>(name: string) => name as Branded<Name>;

void t.test('a session that goes does not take its successor’s channel with it', (t) => {
  const registry = new CallRegistry();
  const session: LiveSession = {
    callId: id<'CallId'>('call-1'),
    channelUuid: id<'ChannelUuid'>('a-leg'),
    live: () => {
      throw new Error('nobody asks');
    },
    soFar: () => {
      throw new Error('nobody asks');
    },
    hangup: async () => true,
    accept: () => {},
    recorded: Promise.resolve(true),
  };
  const successor = { ...session };
  registry.add(session);
  registry.add(successor);
  registry.remove(session);
  t.equal(registry.ofChannel(session.channelUuid), successor);
  t.equal(registry.get(session.callId), successor);
  registry.remove(successor);
  t.equal(registry.ofChannel(session.channelUuid), undefined);
  t.end();
});
