import fc from 'fast-check';
import t from 'tap';
import { encodeRecord } from '../../../daemon/records/record-line.ts';
import { writeFault } from '../../../daemon/records/write-fault.ts';
import { sampleRecord } from './sample-record.ts';

void t.test('no text of a caller makes JSON that PostgreSQL refuses or that breaks the line', async (t) => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary-ascii' }), (callerName, caller) => {
      const { text } = encodeRecord(
        sampleRecord('t', { callerName: `${callerName}\ud83d`, caller: `${caller}\0` }),
      );
      const back = JSON.parse(text) as { callerName: string; caller: string };
      return (
        !text.includes('\n') &&
        back.callerName.isWellFormed() &&
        !back.caller.includes('\0') &&
        back.callerName === `${callerName}\ud83d`.replaceAll('\0', '\uFFFD').toWellFormed()
      );
    }),
  );
  t.pass();
});

void t.test('a backslash before u0000 is text, not a NUL', async (t) => {
  const { text } = encodeRecord(sampleRecord('t', { callerName: '\\u0000' }));
  t.equal((JSON.parse(text) as { callerName: string }).callerName, '\\u0000');
});

void t.test('what fails for want of a database is tried again, what is refused is not', async (t) => {
  const coded = (code: string): Error => Object.assign(new Error(code), { code });
  for (const code of [
    'ECONNREFUSED',
    'ECONNRESET',
    '57P01',
    '53100',
    '25006',
    '26000',
    '08006',
    '42P01',
    '40P01',
    'XX001',
  ])
    t.equal(writeFault(coded(code)), 'database', code);
  t.equal(writeFault(new Error('Query read timeout')), 'database');
  t.equal(writeFault(new Error('wrapped', { cause: coded('57P03') })), 'database');
  for (const code of ['23514', '23503', '23502', '22P02', '22P05', '54000'])
    t.equal(writeFault(coded(code)), 'record', code);
});
