import { Pool } from 'pg';
import t from 'tap';
import type { CalleeScript } from '../../ops/switch-simulator/callee-script.ts';
import { until } from '../until.ts';
import { stepsOf } from './call-row.ts';
import { flowOf, type PlannedFlow } from './flow-plan.ts';
import { openHouse } from './house.ts';

const stays: CalleeScript = { kind: 'answer', answerAfterMs: 20 };
const throughTrunk = '+15559990042';

interface Scope {
  readonly kind: string;
  /** What there has to be before; with the parameters of `limit`. */
  readonly prepare?: string;
  /** Gives it a limit of one; `$1` is the DID, `$2` the first buyer. Returns its id. */
  readonly limit: string;
  /** `refused`: before the answer. `next`: the attempt is refused, and the call goes to the next buyer. */
  readonly second: 'refused' | 'next';
  readonly user?: string;
}

const scopes: readonly Scope[] = [
  {
    kind: 'campaign',
    limit:
      'update campaign set max_calls = 1 where id = (select campaign_id from phone_number where e164 = $1 and $2::text is not null) returning id',
    second: 'refused',
  },
  {
    kind: 'campaign_publisher',
    prepare:
      'insert into campaign_publisher (id, tenant_id, campaign_id, publisher_id) select gen_random_uuid(), tenant_id, campaign_id, publisher_id from phone_number where e164 = $1 and $2::text is not null',
    limit:
      'update campaign_publisher set max_calls = 1 where campaign_id = (select campaign_id from phone_number where e164 = $1 and $2::text is not null) returning id',
    second: 'refused',
  },
  {
    kind: 'number',
    limit: 'update phone_number set max_calls = 1 where e164 = $1 and $2::text is not null returning id',
    second: 'refused',
  },
  {
    kind: 'buyer',
    limit: 'update buyer set max_calls = 1 where id = $2::uuid and $1::text is not null returning id',
    second: 'next',
  },
  {
    kind: 'group',
    prepare: `with made as (
        insert into buyer_group (id, tenant_id, name)
        select gen_random_uuid(), tenant_id, 'Group' from buyer where id = $2::uuid and $1::text is not null
        returning id)
      update buyer set group_id = made.id from made where buyer.id = $2::uuid`,
    limit:
      'update buyer_group set max_calls = 1 where id = (select group_id from buyer where id = $2::uuid) and $1::text is not null returning id',
    second: 'next',
  },
  {
    kind: 'endpoint',
    limit:
      'update buyer_endpoint set max_calls = 1 where buyer_id = $2::uuid and $1::text is not null returning id',
    second: 'next',
  },
  {
    kind: 'trunk',
    limit:
      "update trunk set max_calls = 1 where name = 'Test Trunk' and $1::text is not null and $2::text is not null returning id",
    second: 'next',
    user: throughTrunk,
  },
  {
    // The last: it is everybody's, and the daemon that runs by then must hear of it.
    kind: 'tenant',
    limit:
      "update tenant set max_calls = 1 where slug = 'test-org' and $1::text is not null and $2::text is not null returning id",
    second: 'refused',
  },
];

void t.test(
  'a cap of one, of each scope: the second call is turned away by it, the third gets through',
  async (t) => {
    const house = await openHouse(t, {
      simulator: { callees: { stays, spare: stays, [throughTrunk]: stays } },
      settings: { CALLFABRIC_LEASE_SECONDS: '300' }, // nothing frees a place here but the end of a call
    });
    const pool = new Pool({ connectionString: house.databaseUrl, max: 1 });
    t.teardown(() => pool.end());
    const flows: PlannedFlow[] = [];
    for (const { kind, prepare, user = 'stays' } of scopes) {
      const flow = await house.flow(flowOf([['sell', 'buyer']]), {
        buyers: [
          { name: `first of ${kind}`, users: [user] },
          { name: `second of ${kind}`, users: ['spare'] },
        ],
      });
      if (prepare !== undefined) await pool.query(prepare, [flow.did, flow.buyerIds[`first of ${kind}`]]);
      flows.push(flow);
    }
    await house.startDaemon();
    for (const [index, { kind, limit, second }] of scopes.entries())
      await t.test(kind, async (t) => {
        const { did, buyerIds } = flows[index] as PlannedFlow;
        const { rows } = await pool.query<{ id: string }>(limit, [did, buyerIds[`first of ${kind}`]]);
        const scope = `${kind}:${rows[0]?.id}`;
        const talking = house.call(did);
        await until('the first to talk', () => talking.leg.phase === 'bridged');
        const turnedAway = await until('the second to meet the cap', async () => {
          const call = house.call(did);
          await until('it to talk or to end', () => call.leg.down || call.leg.phase === 'bridged');
          call.hangUp();
          const row = await house.calls.row(call.uuid);
          // A daemon hears of a new limit within a second.
          return row.outcome === 'refused' || row.attempts.length > 1 ? row : undefined;
        });
        if (second === 'refused') {
          t.match(turnedAway, { outcome: 'refused', refusal: 'capped', cause: 'NORMAL_CIRCUIT_CONGESTION' });
          t.equal(turnedAway.reason, `no free place in ${scope}`);
          t.same(turnedAway.attempts, []);
        } else {
          t.equal(turnedAway.outcome, 'connected', 'the next buyer took it');
          t.same(
            turnedAway.attempts.map(({ outcome, cap_decision }) => [outcome, cap_decision]),
            [
              ['capped', `refused:${scope}`],
              ['connected', 'granted'],
            ],
          );
          t.same(stepsOf(turnedAway), ['sell:hangup']);
        }
        talking.hangUp();
        t.equal((await house.calls.row(talking.uuid)).outcome, 'connected');
        await house.leaks(t);
        const third = house.call(did);
        await until('the third to talk', () => third.leg.phase === 'bridged');
        third.hangUp();
        const row = await house.calls.row(third.uuid);
        t.same(
          row.attempts.map(({ outcome, cap_decision }) => [outcome, cap_decision]),
          [['connected', 'granted']],
          'by the first buyer again',
        );
        await house.leaks(t);
      });
  },
);
