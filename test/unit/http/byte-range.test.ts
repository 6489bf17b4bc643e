import fc from 'fast-check';
import t from 'tap';
import { rangeOf } from '../../../daemon/http/byte-range.ts';

void t.test('one part of a file, as RFC 9110 has it', async (t) => {
  for (const [header, expected] of [
    [undefined, 'whole'],
    ['bytes=0-', { from: 0, to: 99 }],
    ['bytes=0-0', { from: 0, to: 0 }],
    ['bytes=10-19', { from: 10, to: 19 }],
    ['BYTES=10-19', { from: 10, to: 19 }],
    ['bytes= 10-19 ', { from: 10, to: 19 }],
    ['bytes=90-100', { from: 90, to: 99 }],
    ['bytes=99-99999999999999999999999', { from: 99, to: 99 }],
    ['bytes=-1', { from: 99, to: 99 }],
    ['bytes=-1000', { from: 0, to: 99 }],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=99999999999999999999999-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    // These a server may pass over.
    ['bytes=19-10', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=', 'whole'],
    ['bytes', 'whole'],
    ['bytes=0-1,5-6', 'whole'],
    ['bytes=a-b', 'whole'],
    ['bytes=1.5-2', 'whole'],
    ['bytes=--1', 'whole'],
    ['seconds=0-1', 'whole'],
    ['', 'whole'],
  ] as const)
    t.same(rangeOf(header, 100), expected, String(header));
  t.equal(rangeOf('bytes=0-', 0), 'unsatisfiable', 'of nothing there is no part');
});

void t.test('whatever is asked for, a part lies within the file', async () => {
  const number = fc.oneof(fc.constant(''), fc.nat(300).map(String), fc.stringMatching(/^\d{1,30}$/));
  fc.assert(
    fc.property(number, number, fc.nat(200), (first, last, size) => {
      const range = rangeOf(`bytes=${first}-${last}`, size);
      if (typeof range === 'string') return true;
      return range.from >= 0 && range.from <= range.to && range.to < size;
    }),
  );
});
