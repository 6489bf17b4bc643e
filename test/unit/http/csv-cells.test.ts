import fc from 'fast-check';
import t from 'tap';
import { Type } from 'typebox';
import { cellOf, cellReader } from '../../../daemon/http/resources/csv-cells.ts';
import { E164 } from '../../../daemon/http/resources/fields.ts';

void t.test('what a spreadsheet would run gets a mark, what is a plain number stays', async (t) => {
  for (const [value, cell] of [
    ['=1+1', "'=1+1"],
    ['+cmd|x', "'+cmd|x"],
    ['-2+3', "'-2+3"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['\t=1', "'\t=1"],
    ['＝1+1', "'＝1+1"],
    ["'=1", "''=1"],
    ['+15551234567', '+15551234567'],
    ['-1500000', '-1500000'],
    ['plain', 'plain'],
    [null, ''],
    [true, 'true'],
    [['a', '=b'], 'a;=b'],
    [['=a', 'b'], "'=a;b"],
    [{ a: 1 }, '{"a":1}'],
  ])
    t.equal(cellOf(value), cell);
});

void t.test('a text comes back as it was, whatever it begins with', async (t) => {
  const read = cellReader(Type.String(), undefined);
  const texts = fc
    .tuple(fc.constantFrom('', "'", "''", '=', "'=", '+', '-1', '@', '＋'), fc.string())
    .map(([a, b]) => (a + b).trim())
    .filter((text) => text !== '');
  fc.assert(fc.property(texts, (text) => read(cellOf(text)) === text));
  t.pass('every text');
});

void t.test('numbers are read as people and spreadsheets write them', async (t) => {
  const plain = cellReader(E164, undefined);
  t.equal(plain('15551234567'), '+15551234567', 'a spreadsheet took the + away');
  t.equal(plain("'+15551234567"), '+15551234567');
  t.equal(plain('5551234567'), '5551234567', 'without country code it stays what it is, and is refused');
  t.equal(cellReader(E164, 'US')('(555) 123-4567'), '+15551234567');
  t.equal(plain(' '), undefined);
  t.equal(cellReader(Type.Integer(), undefined)('1e9'), '1e9', 'no integer as people write it');
  t.equal(cellReader(Type.Boolean(), undefined)('No'), false);
});
