import t from 'tap';
import { LegBook } from '../../../daemon/call/leg-book.ts';
import type { LegEnd, LegFact } from '../../../daemon/channel/leg-fact.ts';
import type { SwitchLink } from '../../../daemon/channel/switch-link.ts';
import { type ChannelUuid, newId } from '../../../daemon/telephony/ids.ts';
import { legEnd } from './leg-end.ts';

/** A book and the link it listens to. */
function scene() {
  const listeners = new Map<ChannelUuid, (fact: LegFact) => void>();
  const facts: LegFact[] = [];
  const link: Pick<SwitchLink, 'onLeg'> = {
    onLeg: (uuid, listener) => {
      listeners.set(uuid, listener);
      return { off: () => listeners.delete(uuid) };
    },
  };
  const book = new LegBook(link as SwitchLink, (fact) => facts.push(fact));
  const [a, b] = [newId<'ChannelUuid'>(), newId<'ChannelUuid'>()];
  book.expect(a, 'A');
  book.expect(b, 'B');
  const end = (uuid: ChannelUuid): void => {
    const leg: LegEnd = legEnd(uuid === a ? 'A' : 'B', {}, { channelUuid: uuid });
    listeners.get(uuid)?.({ kind: 'ended', channelUuid: uuid, atUs: 0, leg });
  };
  return { book, a, b, end, listeners, facts };
}

void t.test('a leg in doubt is waited for no longer than the doubt lasts', async (t) => {
  const { book, a, b, end } = scene();
  book.doubt(b, 10);
  const all = book.allEnded(60_000);
  end(a);
  t.equal(await all, true, 'long before the deadline');
  t.equal(book.get(b)?.end, undefined);
});

void t.test('a doubt does not end the wait for a leg that is known to be', async (t) => {
  const { book, a, b, end, listeners } = scene();
  listeners.get(b)?.({ kind: 'answered', channelUuid: b, atUs: 5 });
  book.doubt(b, 0);
  end(a);
  t.equal(await book.allEnded(20), false);
  const all = book.allEnded(60_000);
  end(b);
  t.equal(await all, true);
});

void t.test('an end that comes after the record is told once, then nobody listens', async (t) => {
  const { book, a, b, end, listeners, facts } = scene();
  end(a);
  const late: ChannelUuid[] = [];
  book.close(({ channelUuid }) => late.push(channelUuid));
  t.same([...listeners.keys()], [b], 'only what is still to come');
  end(b);
  t.same(late, [b]);
  t.equal(facts.length, 1, 'the session itself is told no more');
  book.close();
  t.equal(listeners.size, 0);
});
