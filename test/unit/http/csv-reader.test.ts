import { Readable } from 'node:stream';
import t from 'tap';
import { readCsv } from '../../../daemon/http/resources/csv-reader.ts';
import { dncEntries } from '../../../daemon/http/resources/dnc-lists.ts';

const options = (signal: AbortSignal) => ({ maxBytes: 1000, signal });

void t.test('a file whose sender went before it was read is not waited for', async (t) => {
  const never = new Readable({ read() {} });
  const rows = readCsv(never, dncEntries, options(AbortSignal.abort(new Error('whoever asked went away'))));
  await t.rejects(rows.next(), /went away/);
});

void t.test('nor one whose sender goes while it is read', async (t) => {
  const gone = new AbortController();
  const file = new Readable({ read() {} });
  file.push('e164\n+15551110001\n+15551110002\n');
  const rows = readCsv(file, dncEntries, options(gone.signal));
  t.match(await rows.next(), { value: { line: 2, row: { e164: '+15551110001' } } });
  gone.abort(new Error('whoever asked went away'));
  await t.rejects(rows.next(), /went away/);
});
