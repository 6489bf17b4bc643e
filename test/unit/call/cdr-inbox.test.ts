import t from 'tap';
import { CdrInbox } from '../../../daemon/call/cdr-inbox.ts';
import type { LiveSession } from '../../../daemon/call/registry.ts';
import type { LegEnd } from '../../../daemon/channel/leg-fact.ts';
import type { AnyRecord } from '../../../daemon/records/call-record.ts';
import type { Route } from '../../../daemon/routing/route.ts';
import { type Branded, newId } from '../../../daemon/telephony/ids.ts';
import { sampleRecord } from '../records/sample-record.ts';
import { legEnd } from './leg-end.ts';
import { aRoute } from './test-environment.ts';

/** An inbox, a writer that says `safe`, and at most one live call. */
function scene(options: { safe?: boolean; route?: Route | undefined | 'away' } = {}) {
  const written: AnyRecord[] = [];
  const variables = { callfabric_call: newId(), callfabric_tenant: newId() };
  const recorded = Promise.withResolvers<boolean>();
  const told: LegEnd[] = [];
  const session: Pick<LiveSession, 'accept' | 'recorded'> = {
    accept: (leg) => void told.push(leg),
    recorded: recorded.promise,
  };
  const state: { live: boolean; channel?: LegEnd['channelUuid'] } = { live: false };
  const inbox = new CdrInbox({
    registry: {
      get: (id) => (state.live && id === variables.callfabric_call ? (session as LiveSession) : undefined),
      ofChannel: (uuid) => (uuid === state.channel ? (session as LiveSession) : undefined),
    },
    writer: {
      keep: async (record) => {
        written.push(record);
        return options.safe ?? true;
      },
    },
    routes: {
      routeFor: async () => {
        if (options.route === 'away') throw new Error('PostgreSQL is away');
        return options.route;
      },
    },
    defaultCountry: 'US',
    log: { info() {} },
    read: (record) => record['leg'] as LegEnd | undefined,
    switchNameOf: () => 'fs1' as Branded<'SwitchName'>,
  });
  return { inbox, written, variables, recorded, told, state };
}

void t.test('a B-leg of a call that runs here is written at once and told to its session', async (t) => {
  const { inbox, written, variables, told, state } = scene();
  state.live = true;
  const leg = legEnd('B', variables);
  t.equal(await inbox.accept({ leg }), 'written');
  t.same(told, [leg]);
  t.match(written, [{ source: 'leg', callId: variables.callfabric_call, legs: [{ side: 'B' }] }]);
});

void t.test("an A-leg of a call that runs here is answered when the session's record is safe", async (t) => {
  const { inbox, written, variables, recorded, state } = scene();
  state.live = true;
  let answered = false;
  const record = sampleRecord(variables.callfabric_tenant);
  const [a] = record.legs;
  const leg = legEnd('A', variables, a === undefined ? {} : { channelUuid: a.channelUuid });
  const answer = inbox.accept({ leg }).finally(() => {
    answered = true;
  });
  await new Promise(setImmediate);
  t.notOk(answered, 'not before');
  inbox.remember(record, recorded.promise);
  recorded.resolve(true);
  t.equal(await answer, 'known');
  t.same(written, []);
});

void t.test("a word that comes too late for the session's record replaces its estimate", async (t) => {
  const { inbox, written, variables, recorded, state } = scene();
  state.live = true;
  recorded.resolve(true); // without this leg's end in it
  t.equal(await inbox.accept({ leg: legEnd('A', variables) }), 'written');
  t.match(written, [{ source: 'held' }]);
});

void t.test('a caller who is gone before the call has put its name on the channel', async (t) => {
  const { inbox, told, recorded, state } = scene();
  const leg = legEnd('A', {});
  state.channel = leg.channelUuid;
  const answer = inbox.accept({ leg });
  t.same(told, [leg], 'its session is told');
  const record = sampleRecord(newId());
  const [a] = record.legs;
  if (a === undefined) throw new Error('an A-leg');
  inbox.remember({ ...record, legs: [{ ...a, channelUuid: leg.channelUuid }] }, Promise.resolve(true));
  recorded.resolve(true);
  t.equal(await answer, 'known');
});

void t.test('where the session goes without a safe record, the word of the switch is held', async (t) => {
  const { inbox, written, variables, recorded, state } = scene();
  state.live = true;
  recorded.resolve(false);
  t.equal(await inbox.accept({ leg: legEnd('A', variables) }), 'written');
  t.match(written, [{ source: 'held', record: { outcome: 'interrupted' } }]);
});

void t.test('a call that runs elsewhere, or nowhere, gets no row yet: it is held', async (t) => {
  const { inbox, written, variables } = scene();
  t.equal(await inbox.accept({ leg: legEnd('A', variables) }), 'written');
  t.equal(await inbox.accept({ leg: legEnd('B', variables) }), 'written');
  t.same(
    written.map(({ source }) => source),
    ['held', 'leg'],
  );
});

void t.test(
  "a leg of a session's record is known once that is safe, and written where it is not",
  async (t) => {
    const { inbox, written, variables } = scene();
    const record = sampleRecord(variables.callfabric_tenant);
    const [a] = record.legs;
    const leg = legEnd('A', variables, a === undefined ? {} : { channelUuid: a.channelUuid });
    const safe = Promise.withResolvers<boolean>();
    inbox.remember(record, safe.promise);
    const answer = inbox.accept({ leg });
    safe.resolve(true);
    t.equal(await answer, 'known');
    t.same(written, []);
    inbox.remember(record, Promise.resolve(false));
    t.equal(await inbox.accept({ leg }), 'written');
  },
);

void t.test('what could not be made safe is not answered for', async (t) => {
  const { inbox, variables } = scene({ safe: false });
  t.equal(await inbox.accept({ leg: legEnd('A', variables) }), 'unsafe');
  t.equal(await inbox.accept({ leg: legEnd('B', variables) }), 'unsafe');
  t.equal(await inbox.accept({}), 'foreign');
  t.equal(await inbox.accept({ leg: legEnd('A', {}) }), 'foreign');
});

void t.test(
  'a call no daemon took is written under its number, once it is known whose that is',
  async (t) => {
    const leg = legEnd('A', { callfabric_entry: 'takeover' });
    const known = scene({ route: aRoute() });
    t.equal(await known.inbox.accept({ leg }), 'written');
    t.match(known.written, [{ callId: leg.channelUuid, refusal: 'not_taken' }]);
    t.equal(await scene({ route: undefined }).inbox.accept({ leg }), 'foreign');
    t.equal(await scene({ route: 'away' }).inbox.accept({ leg }), 'unsafe');
  },
);

void t.test('a call whose daemon could not tell whose it was is written once that is known', async (t) => {
  for (const refusal of ['database_unavailable', 'draining', 'overloaded']) {
    const callfabric_call = newId();
    const leg = legEnd('A', { callfabric_call, callfabric_refusal: refusal });
    const known = scene({ route: aRoute() });
    t.equal(await known.inbox.accept({ leg }), 'written', refusal);
    t.match(known.written, [
      {
        callId: callfabric_call,
        tenantId: aRoute().tenant.tenantId,
        source: 'switch',
        outcome: 'refused',
        refusal,
        did: '+15551234567',
        legs: [{ side: 'A', channelUuid: leg.channelUuid }],
      },
    ]);
    t.equal(await scene({ route: 'away' }).inbox.accept({ leg }), 'unsafe', 'FreeSWITCH keeps it');
    t.equal(await scene({ route: undefined }).inbox.accept({ leg }), 'foreign');
  }
  const { inbox, variables, recorded, state, written } = scene({ route: aRoute() });
  state.live = true;
  recorded.resolve(true); // its session wrote nothing
  const { callfabric_call } = variables;
  const leg = legEnd('A', { callfabric_call, callfabric_refusal: 'database_unavailable' });
  t.equal(await inbox.accept({ leg }), 'written', 'though its session has not quite gone');
  t.match(written, [{ refusal: 'database_unavailable' }]);
  const unknown = legEnd('A', { callfabric_call, callfabric_refusal: 'unknown_number' });
  t.equal(await scene({ route: aRoute() }).inbox.accept({ leg: unknown }), 'foreign', 'nobody’s is nobody’s');
});
