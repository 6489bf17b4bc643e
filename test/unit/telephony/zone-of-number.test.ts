import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { zoneOfNumber } from '../../../daemon/telephony/zone-of-number.ts';

void t.test('a number tells its zone by area code or country', async (t) => {
  t.equal(zoneOfNumber('+12125550100'), 'America/New_York');
  t.equal(zoneOfNumber('+13125550100'), 'America/Chicago');
  t.equal(zoneOfNumber('+16025550100'), 'America/Phoenix');
  t.equal(zoneOfNumber('+14165550100'), 'America/Toronto');
  t.equal(zoneOfNumber('+442071234567'), 'Europe/London');
  t.equal(zoneOfNumber('+35312345678'), 'Europe/Dublin');
  t.equal(zoneOfNumber('+18005550100'), undefined, 'toll free is nowhere');
  t.equal(zoneOfNumber('anonymous'), undefined);
});

void t.test('no area code is in two zones, and every zone exists', async (t) => {
  const file = join(import.meta.dirname, '../../../daemon/telephony/zone-of-number.ts');
  const source = readFileSync(file, 'utf8');
  const codes = [...source.matchAll(/(?<![+\d])[2-9]\d{2}\b/g)].map(([code]) => code);
  t.same(
    codes.filter((code, index) => codes.indexOf(code) !== index),
    [],
  );
  for (const [, zone] of source.matchAll(/'([A-Z][a-z]+\/\w+)'/g))
    t.doesNotThrow(() => new Intl.DateTimeFormat('en', { timeZone: zone }), `${zone}`);
});
