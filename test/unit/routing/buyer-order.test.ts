import fc from 'fast-check';
import t from 'tap';
import type { CandidateSource } from '../../../daemon/flow/node-context.ts';
import { candidatesOf } from '../../../daemon/routing/buyer-order.ts';
import type { Route } from '../../../daemon/routing/route.ts';
import { SmoothWeights } from '../../../daemon/routing/smooth-weights.ts';
import type { BuyerGroupId } from '../../../daemon/telephony/ids.ts';
import { buyer, endpoint, pstn, route, trunk } from './fakes.ts';

const plan = (of: Route, source: CandidateSource = { from: 'campaign' }, tried: string[] = []) =>
  candidatesOf(of, source, { weights: new SmoothWeights(), sipProfile: 'external', tried });
const labels = (list: readonly { label: string }[]) => list.map(({ label }) => label);

void t.test('buyers by priority, then by weight; ties by id', async (t) => {
  const list = plan(
    route([
      buyer('late', undefined, { priority: 2 }),
      buyer('light', undefined, { weight: 1 }),
      buyer('heavy', undefined, { weight: 9 }),
      buyer('also-light', undefined, { weight: 1 }),
    ]),
  );
  t.same(labels(list), ['heavy-sip', 'also-light-sip', 'light-sip', 'late-sip']);
});

void t.test('of a buyer SIP first, then PSTN through each trunk by priority and weight', async (t) => {
  const list = plan(
    route(
      [buyer('a', [pstn('phone'), endpoint('sip2', { priority: 2 }), endpoint('sip1')])],
      [trunk('backup', { priority: 2 }), trunk('thin'), trunk('fat', { weight: 5 })],
    ),
  );
  t.same(labels(list), [
    'sip1',
    'sip2',
    'phone via Trunk fat',
    'phone via Trunk thin',
    'phone via Trunk backup',
  ]);
  t.match(list[0]?.destination, { kind: 'sip', uri: 'sip:sip1@example.com', profile: 'external' });
  t.match(list[2]?.destination, { kind: 'gateway', gateway: 'gw-fat', number: '+15125550199' });
});

void t.test('a candidate claims its buyer, its endpoint and its trunk', async (t) => {
  const list = plan(
    route([buyer('a', [pstn('phone', { maxCalls: 2 })], { maxCalls: 3 })], [trunk('t', { maxCalls: 4 })]),
  );
  t.same(list[0]?.claims, [
    { scope: 'buyer:a', limit: 3 },
    { scope: 'endpoint:phone', limit: 2 },
    { scope: 'trunk:t', limit: 4 },
  ]);
});

void t.test('buyers of a group claim its places, whether it has a limit or not', async (t) => {
  const group = (maxCalls?: number) => ({ group: { groupId: 'g' as BuyerGroupId, maxCalls } });
  const list = plan(route([buyer('a', undefined, group(5)), buyer('b', undefined, group()), buyer('c')]));
  t.same(
    list.map(({ claims }) => claims),
    [
      [
        { scope: 'buyer:a', limit: undefined },
        { scope: 'group:g', limit: 5 },
        { scope: 'endpoint:a-sip', limit: undefined },
      ],
      [
        { scope: 'buyer:b', limit: undefined },
        { scope: 'group:g', limit: undefined },
        { scope: 'endpoint:b-sip', limit: undefined },
      ],
      [
        { scope: 'buyer:c', limit: undefined },
        { scope: 'endpoint:c-sip', limit: undefined },
      ],
    ],
  );
});

void t.test("an endpoint's ring timeout goes before its buyer's", async (t) => {
  const own = endpoint('own', { ringTimeoutMs: 5000 });
  const list = plan(route([buyer('a', [own, endpoint('plain')], { ringTimeoutMs: 9000 })]));
  t.same(
    list.map(({ label, ringTimeoutMs }) => [label, ringTimeoutMs]),
    [
      ['own', 5000],
      ['plain', 9000],
    ],
  );
});

void t.test('whoever cannot be dialled stays in the list with a reason code', async (t) => {
  const reasons = (of: Route, source?: CandidateSource, tried?: string[]) =>
    plan(of, source, tried).map(({ rejected }) => rejected);
  t.same(reasons(route([buyer('a', [pstn('phone')])])), ['no_trunk']);
  t.same(reasons(route([buyer('a', [])])), ['no_endpoint']);
  t.same(reasons(route([buyer('a', [endpoint('e', { destination: 'sip:a@b|c' })])])), [
    'invalid_destination',
  ]);
  t.same(reasons(route([buyer('a', [pstn('p', { destination: '911' })])], [trunk('t')])), [
    'invalid_destination',
  ]);
  t.same(reasons(route([buyer('a')]), { from: 'campaign' }, ['a-sip']), ['tried']);
  t.same(reasons(route([buyer('a')]), { from: 'buyer', buyer: 'nobody' }), ['filtered:unknown_buyer']);
});

void t.test('one buyer is found by id and by name', async (t) => {
  const of = route([buyer('a'), buyer('b')]);
  t.same(labels(plan(of, { from: 'buyer', buyer: 'b' })), ['b-sip']);
  t.same(labels(plan(of, { from: 'buyer', buyer: 'Buyer b' })), ['b-sip']);
});

void t.test('a number goes through the named trunks, a SIP address goes directly', async (t) => {
  const of = route([], [trunk('a'), trunk('b')]);
  const number = { from: 'destination', destination: '+15125550142' } as const;
  t.same(labels(plan(of, number)), ['+15125550142 via Trunk a', '+15125550142 via Trunk b']);
  t.same(labels(plan(of, { ...number, trunks: ['Trunk b'] })), ['+15125550142 via Trunk b']);
  t.same(plan(of, { ...number, trunks: ['gone'] })[0]?.rejected, 'no_trunk');
  const address = plan(of, { from: 'destination', destination: 'sip:desk@example.com' });
  t.same(address[0]?.destination, { kind: 'sip', uri: 'sip:desk@example.com', profile: 'external' });
  t.same(address[0]?.claims, []);
});

void t.test('the plan is the same whatever the order of the rows', async () => {
  const buyers = ['a', 'b', 'c', 'd'].map((id, index) =>
    buyer(id, [endpoint(`${id}1`), endpoint(`${id}2`), pstn(`${id}3`)], {
      priority: index % 2,
      weight: index,
    }),
  );
  const trunks = [trunk('x'), trunk('y', { weight: 3 }), trunk('z', { priority: 0 })];
  const expected = labels(plan(route(buyers, trunks)));
  const shuffled = <Item>(items: Item[]) => fc.shuffledSubarray(items, { minLength: items.length });
  fc.assert(
    fc.property(shuffled(buyers), shuffled(trunks), (b, x) => {
      const rows = b.map((one) => ({ ...one, endpoints: [...one.endpoints].reverse() }));
      return labels(plan(route(rows, x))).join() === expected.join();
    }),
  );
});
