/**
 * Header values as FreeSWITCH writes them into events (switch_utils.c switch_url_encode, SWITCH_URL_UNSAFE).
 * Text in the simulator is a byte string: one character a byte, so that invalid UTF-8 comes through unharmed.
 */
// oxlint-disable-next-line no-control-regex -- the bytes FreeSWITCH encodes
const unsafe = /[\x00-\x20#%&+:;<=>?@[\\\]^`{|}"\x7f-\xff]/;
const upperHex = /^[0-9A-F]{2}$/;
const percent = 0x25;

/** What each byte becomes; undefined for one that stays. */
const escapes: readonly (string | undefined)[] = Array.from({ length: 256 }, (_, code) =>
  unsafe.test(String.fromCharCode(code)) ? `%${code.toString(16).toUpperCase().padStart(2, '0')}` : undefined,
);

/** `%41` that is already there stays as it is: FreeSWITCH does not encode twice. */
export function encodeHeader(value: string): string {
  let at = value.search(unsafe);
  if (at < 0) return value;
  const parts: string[] = [];
  let from = 0;
  for (; at < value.length; at++) {
    const code = value.charCodeAt(at);
    const escaped = escapes[code];
    if (escaped === undefined) continue;
    if (code === percent && upperHex.test(value.slice(at + 1, at + 3))) continue;
    parts.push(value.slice(from, at), escaped);
    from = at + 1;
  }
  parts.push(value.slice(from));
  // Joined, not added up: the text is written many times, and a rope would be walked each time.
  return parts.join('');
}

/** The bytes behind an encoded header, a lone `%` kept as it is. */
export function decodeHeader(value: string): string {
  return value.includes('%')
    ? value.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
    : value;
}

/** UTF-8 bytes of ordinary text, or the bytes given, as a byte string. */
export function toByteString(text: string | Uint8Array): string {
  return (typeof text === 'string' ? Buffer.from(text, 'utf8') : Buffer.from(text)).toString('latin1');
}
