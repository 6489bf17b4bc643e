import fc from 'fast-check';
import t from 'tap';
import { decodeCallState } from '../../../daemon/call/call-state.ts';
import { lengthen, shorten } from '../../../daemon/call/state-text.ts';
import { newId } from '../../../daemon/telephony/ids.ts';

void t.test('whatever JSON is shortened comes back the same', async () => {
  const nasty = fc.constantFrom(
    '"callId":',
    '\u0001 ',
    '\u0002!',
    '0190a0b0-0000-7000-8000-00000000000A',
    '',
  );
  const value = fc.jsonValue();
  fc.assert(
    fc.property(
      value,
      fc.array(fc.oneof(fc.uuid(), nasty, fc.string({ unit: 'grapheme' })), { maxLength: 200 }),
      (callId, variables) => {
        const json = JSON.stringify({ callId, variables });
        return lengthen(shorten(json)) === json;
      },
    ),
  );
});

void t.test('an id costs its bytes once, a field one mark', async (t) => {
  const callId = newId<'CallId'>();
  const once = shorten(JSON.stringify({ callId }));
  const twice = shorten(JSON.stringify({ callId, lease: { callId } }));
  t.ok(once.length < 40, `${once.length} characters`);
  t.ok(twice.length - once.length < 20, `${twice.length - once.length} more characters`);
});

void t.test('text that never was a state is none', async (t) => {
  fc.assert(fc.property(fc.base64String(), (text) => decodeCallState(`c3.${text}`) === undefined));
  t.equal(decodeCallState(`c3.${shorten('{"callId":"x"}')}`), undefined);
  t.equal(decodeCallState(`c3.${Buffer.from([200, 1, 2]).toString('base64url')}`), undefined, 'cut');
});
