/**
 * Header values as FreeSWITCH writes them into events (switch_utils.c switch_url_encode, SWITCH_URL_UNSAFE).
 * Text in the simulator is a byte string: one character a byte, so that invalid UTF-8 comes through unharmed.
 */
// oxlint-disable-next-line no-control-regex -- the bytes FreeSWITCH encodes
const unsafe = /[\x00-\x20#%&+:;<=>?@[\\\]^`{|}"\x7f-\xff]/;
// oxlint-disable-next-line no-control-regex -- the same
const unsafeAll = /[\x00-\x20#%&+:;<=>?@[\\\]^`{|}"\x7f-\xff]/g;
const upperHex = /^[0-9A-F]{2}$/;

const escapes: readonly string[] = Array.from(
  { length: 256 },
  (_, code) => `%${code.toString(16).toUpperCase().padStart(2, '0')}`,
);

/** `%41` that is already there stays as it is: FreeSWITCH does not encode twice. */
export function encodeHeader(value: string): string {
  if (!unsafe.test(value)) return value;
  return value.replace(unsafeAll, (char, at: number) =>
    char === '%' && upperHex.test(value.slice(at + 1, at + 3)) ? char : (escapes[char.charCodeAt(0)] ?? char),
  );
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
