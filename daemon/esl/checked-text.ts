import { UnsafeText } from './esl-error.ts';

/**
 * One line for FreeSWITCH. CR, LF and NUL are refused: one lone CR inside an argument makes all headers of that
 * message vanish (read_packet, mod_event_socket.c), and no reply ever comes.
 */
export function oneLine(text: string, field: string, maxLength = 2000): string {
  if (/[\r\n\0]/.test(text)) throw new UnsafeText(field, 'it has a line break or a NUL');
  if (text.length > maxLength) throw new UnsafeText(field, `longer than ${maxLength} characters`);
  return text;
}

/** Text of exactly this form, else refused with `expected`. */
export function matching(text: string, field: string, form: RegExp, expected: string): string {
  oneLine(text, field);
  if (!form.test(text))
    throw new UnsafeText(field, `${JSON.stringify(text.slice(0, 60))} is not ${expected}`);
  return text;
}

/** A whole number within bounds, as text. */
export function whole(value: number, field: string, min: number, max: number): string {
  if (!Number.isSafeInteger(value) || value < min || value > max)
    throw new UnsafeText(field, `${value} is no whole number from ${min} to ${max}`);
  return String(value);
}

/** A leg's name: any text FreeSWITCH accepts as origination_uuid that needs no quoting anywhere. */
export function channelName(uuid: string, field = 'channel uuid'): string {
  return matching(uuid, field, /^[A-Za-z0-9_.:@-]{1,128}$/, 'a channel uuid');
}

/**
 * Text from outside made inert for an application's argument; what it says to a person stays the same.
 *
 * FreeSWITCH gives meaning to `${` and `$${` (also with backslashes between), to `%[` at the start, and to `\` and `'`
 * wherever it splits an argument. Escaping them cannot be made right: an argument is expanded once before the
 * application runs, `set` and `multiset` expand the value again, and each pass drops backslashes only where it finds
 * something to expand (switch_channel_expand_variables_check and cleanup_separated_string; `\'` disappears
 * altogether). So the hazardous characters become their typographic twins (`O’Brien`, `＄{…}`), which no parser of
 * FreeSWITCH looks at. Whoever needs exact bytes back encodes them (base64url) before.
 */
export function inert(text: string, field: string, maxLength = 8000): string {
  if (text.includes('\0')) throw new UnsafeText(field, 'it has a NUL');
  if (text.length > maxLength) throw new UnsafeText(field, `longer than ${maxLength} characters`);
  if (!/[$%\\']/.test(text)) return text;
  return text
    .replaceAll('\\', '＼')
    .replaceAll("'", '’')
    .replace(/\$(?=\$*\{)/g, '＄')
    .replace(/%(?=.?[[{])/gs, '％');
}

/**
 * Inert text for a variable of a dial string (`{…}`), one line: braces and brackets would end the block or open another,
 * `:_:` would make an enterprise originate of it, and a line break would forge SIP headers of the B-leg.
 */
export function inertInDialString(text: string, field: string): string {
  // Longer than one field's text, for what stands around it: an application's name, an engine, a voice.
  return inert(oneLine(text, field, 4000), field)
    .replace(/[{[]/g, '(')
    .replace(/[}\]]/g, ')')
    .replaceAll(':_:', ': :')
    .replaceAll('^^', '^ ^');
}

const separators = [';', '|', '~', '!', '#', '&', '*', '?', '\u0001', '\u0002'] as const;

/** A character that is in none of the texts, for FreeSWITCH's `^^<separator>` lists. */
export function separatorFor(texts: readonly string[]): string {
  const found = separators.find((candidate) => !texts.some((text) => text.includes(candidate)));
  if (found === undefined) throw new UnsafeText('list', 'every separator is in use in its values');
  return found;
}
