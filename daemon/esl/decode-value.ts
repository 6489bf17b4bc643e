import { isUtf8 } from 'node:buffer';

/** Every well-formed UTF-8 sequence in percent form (RFC 3629 table 3-7), so that decoding it cannot throw. */
const wellFormed =
  /(?:%[0-7][0-9a-f]|%c[2-9a-f]%[89ab][0-9a-f]|%d[0-9a-f]%[89ab][0-9a-f]|%e0%[ab][0-9a-f]%[89ab][0-9a-f]|%e[1-9abcef]%[89ab][0-9a-f]%[89ab][0-9a-f]|%ed%[89][0-9a-f]%[89ab][0-9a-f]|%f0%[9ab][0-9a-f]%[89ab][0-9a-f]%[89ab][0-9a-f]|%f[1-3]%[89ab][0-9a-f]%[89ab][0-9a-f]%[89ab][0-9a-f]|%f4%8[0-9a-f]%[89ab][0-9a-f]%[89ab][0-9a-f])+/gi;

/**
 * A header's value as FreeSWITCH wrote it (`switch_url_encode`), decoded. Never throws: what is not a well-formed
 * UTF-8 sequence (`%FF`, a lone `%`, surrogates) keeps its raw text; the rest is decoded.
 */
export function decodeValue(raw: string): string {
  if (!raw.includes('%')) return raw;
  try {
    return decodeURIComponent(raw);
  } catch {
    return raw.replace(wellFormed, (run) => decodeURIComponent(run));
  }
}

/**
 * A text of its own, for a value that is kept: V8 cuts values out of an event as views of it, and one of them keeps the
 * whole event (5 to 9 KB) in memory. Shorter ones it copies by itself.
 */
export function ownText(text: string): string {
  return text.length < 13 ? text : Buffer.from(text).toString();
}

/** Bytes held as latin1 text, read as UTF-8 where they are UTF-8; otherwise the latin1 text itself. */
export function utf8FromLatin1(bytes: string): string {
  if (!/[\u0080-\u00ff]/.test(bytes)) return bytes;
  const buffer = Buffer.from(bytes, 'latin1');
  return isUtf8(buffer) ? buffer.toString('utf8') : bytes;
}
