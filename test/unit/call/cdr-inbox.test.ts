import t from 'tap';
import { CdrInbox } from '../../../daemon/call/cdr-inbox.ts';
import { CallRegistry, type LiveSession } from '../../../daemon/call/registry.ts';
import type { LegEnd } from '../../../daemon/channel/leg-fact.ts';
import type { CallRecord } from '../../../daemon/records/call-record.ts';
import type { Branded, CallId, ChannelUuid } from '../../../daemon/telephony/ids.ts';
import { legEnd } from '../records/leg-end.ts';

const id = <Name extends string>(name: string) => name as Branded<Name>;

/** An inbox that reads every record as this leg, and one live call of it. */
function scene(leg: LegEnd) {
  const registry = new CallRegistry();
  const written: CallRecord[] = [];
  const told: LegEnd[] = [];
  const session: LiveSession = {
    callId: id<'CallId'>('call-1') satisfies CallId,
    channelUuid: id<'ChannelUuid'>('a-leg') satisfies ChannelUuid,
    live: () => {
      throw new Error('nobody asks');
    },
    hangup: async () => {},
    accept: (end) => told.push(end),
  };
  const inbox = new CdrInbox({
    registry,
    writer: { write: (record) => written.push(record) },
    log: { info() {} },
    read: () => leg,
    switchNameOf: () => id<'SwitchName'>('fs1'),
  });
  return { registry, session, inbox, told, written };
}

void t.test('a leg of a live call is one more fact for it', async (t) => {
  const { registry, session, inbox, told, written } = scene(legEnd('B', { callfabric_call: 'call-1' }));
  registry.add(session);
  t.equal(await inbox.accept({}), 'live');
  t.equal(told.length, 1);
  t.same(written, []);
});

void t.test('a caller who was gone before the first command is known by the channel', async (t) => {
  const leg = legEnd('A', {}, { channelUuid: id<'ChannelUuid'>('a-leg') });
  const { registry, session, inbox, told } = scene(leg);
  registry.add(session);
  t.equal(await inbox.accept({}), 'live');
  t.same(told, [leg], 'its times and its cause are FreeSWITCH’s own');
  registry.remove(session);
  t.equal(await inbox.accept({}), 'foreign', 'and forgotten with the call');
});

void t.test('a session that goes does not take its successor’s channel with it', (t) => {
  const { registry, session } = scene(legEnd('A', {}));
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
