import fc from 'fast-check';
import t from 'tap';
import { EventRing } from '../../../../daemon/http/live/event-ring.ts';
import type { LiveEvent } from '../../../../daemon/http/live/live-event.ts';

const event: LiveEvent = { kind: 'gap', data: { at: '', reason: '' } };

void t.test('what came after an event is told while it is kept', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 100 }), (capacity, count) => {
      const ring = new EventRing(capacity);
      const ids = [ring.lastId, ...Array.from({ length: count }, () => ring.add(event).id)];
      t.equal(ring.lastId, ids.at(-1));
      for (const [index, id] of ids.entries()) {
        const after = ring.after(id)?.map((entry) => entry.id);
        if (index >= count - capacity) t.same(after, ids.slice(index + 1));
        else t.equal(after, undefined);
      }
    }),
    { numRuns: 50 },
  );
});

void t.test('ids of another ring, of the future, or of nobody are not known', async (t) => {
  const ring = new EventRing(10);
  const { id } = ring.add(event);
  t.same(ring.after(id), []);
  t.equal(new EventRing(10).after(id), undefined);
  t.equal(ring.after(id.replace(/1$/, '2')), undefined);
  for (const odd of ['', '1', 'x-1', `${id}-1`, id.replace(/1$/, '-1')])
    t.equal(ring.after(odd), undefined, odd);
});
