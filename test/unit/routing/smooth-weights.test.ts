import fc from 'fast-check';
import t from 'tap';
import { SmoothWeights, type Weighted } from '../../../daemon/routing/smooth-weights.ts';

function firsts(items: readonly Weighted[], turns: number): string[] {
  const weights = new SmoothWeights();
  return Array.from({ length: turns }, () => {
    const first = weights.order('group', items)[0]?.id ?? '';
    weights.charge('group', items, first);
    return first;
  });
}
const count = (list: readonly string[], id: string) => list.filter((one) => one === id).length;

void t.test('weights 1 and 9 interleave: one in ten, and never two in a row', async (t) => {
  const items = [
    { id: 'small', weight: 1 },
    { id: 'big', weight: 9 },
  ];
  const seen = firsts(items, 100);
  t.equal(count(seen, 'small'), 10);
  for (let tenth = 0; tenth < 100; tenth += 10)
    t.equal(count(seen.slice(tenth, tenth + 10), 'small'), 1, `turns ${tenth} to ${tenth + 9}`);
  t.notMatch(seen.join(' '), 'small small');
});

void t.test('looking changes nothing', async (t) => {
  const weights = new SmoothWeights();
  const items = [
    { id: 'a', weight: 1 },
    { id: 'b', weight: 1 },
  ];
  const once = weights.order('group', items);
  t.same(weights.order('group', items), once);
  weights.charge('group', items, 'a');
  t.same(
    weights.order('group', items).map(({ id }) => id),
    ['b', 'a'],
  );
  t.same(weights.order('other', items), once, 'groups know nothing of each other');
});

void t.test('every share is exact after a whole round, whatever the weights', async () => {
  const weightsOf = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 });
  fc.assert(
    fc.property(weightsOf, (list) => {
      const items = list.map((weight, index) => ({ id: `id-${index}`, weight }));
      const total = list.reduce((sum, weight) => sum + weight, 0);
      const seen = firsts(items, total);
      return items.every(({ id, weight }) => count(seen, id) === weight);
    }),
  );
});

void t.test('the order never depends on the order of the rows', async () => {
  const itemsOf = fc.uniqueArray(fc.record({ id: fc.string({ minLength: 1 }), weight: fc.nat(9) }), {
    selector: ({ id }) => id,
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(
      itemsOf.chain((items) =>
        fc.tuple(fc.constant(items), fc.shuffledSubarray(items, { minLength: items.length })),
      ),
      ([items, shuffled]) => {
        const ids = (list: readonly Weighted[]) =>
          new SmoothWeights().order('group', list).map(({ id }) => id);
        return ids(items).join('\0') === ids(shuffled).join('\0');
      },
    ),
  );
});

void t.test('turns taken out of order cost their taker, but no run follows from them', async (t) => {
  const weights = new SmoothWeights();
  const items = [
    { id: 'a', weight: 1 },
    { id: 'b', weight: 1 },
  ];
  for (let turn = 0; turn < 50; turn += 1) weights.charge('group', items, 'b');
  const seen = Array.from({ length: 6 }, () => {
    const first = weights.order('group', items)[0]?.id ?? '';
    weights.charge('group', items, first);
    return first;
  });
  t.ok(count(seen, 'b') >= 2, seen.join(' '));
});

void t.test('a weight of 0 comes after all others', async (t) => {
  const items = [
    { id: 'a', weight: 0 },
    { id: 'b', weight: 1 },
  ];
  t.same(new Set(firsts(items, 5)), new Set(['b']));
});
