import { decodeValue, utf8FromLatin1 } from './decode-value.ts';
import type { EslEvent } from './esl-event.ts';

const nameLine = 'Event-Name: ';

/**
 * Where the headers of a serialised event end. An event has a body only where it says `Content-Length` (its last
 * header), so that nothing in a body is ever taken for a header. Source: switch_event_serialize, src/switch_event.c.
 */
export function endOfHeaders(text: string): number {
  // FreeSWITCH gives none of these a body, and they are nearly all that come: spares a search through the event.
  if (text.startsWith('Event-Name: CHANNEL_')) return text.length;
  const at = text.indexOf('\nContent-Length: ');
  if (at < 0) return text.length;
  const end = text.indexOf('\n\n', at);
  return end < 0 ? text.length : end + 1;
}

const lineFeed = 10;

/** The raw value of a header in `Name: value\n` lines, or undefined. The first one counts where a name comes twice. */
export function rawHeader(text: string, name: string, end: number = text.length): string | undefined {
  // Without the line feed in front the search is twice as fast (V8 looks for the first character, then for the rest).
  const line = `${name}: `;
  let at = text.indexOf(line);
  while (at > 0 && text.charCodeAt(at - 1) !== lineFeed) at = text.indexOf(line, at + 1);
  if (at < 0 || at >= end) return undefined;
  const start = at + line.length;
  const stop = text.indexOf('\n', start);
  return text.slice(start, stop < 0 || stop > end ? end : stop);
}

/** FreeSWITCH writes `_undef_` for a header without a value. */
function headerValue(raw: string): string {
  return raw === '_undef_' ? '' : decodeValue(raw);
}

/**
 * An event in FreeSWITCH's plain form, kept as the text that came (each byte one character) and searched when a header
 * is asked for: of the 200 headers of a real event hardly five are ever read.
 */
export class PlainEvent implements EslEvent {
  readonly #text: string;
  #end = -1;

  constructor(text: string) {
    this.#text = text;
  }

  get name(): string {
    const text = this.#text;
    if (text.startsWith(nameLine)) return text.slice(nameLine.length, text.indexOf('\n'));
    return this.header('Event-Name') ?? '';
  }

  header(name: string): string | undefined {
    const raw = rawHeader(this.#text, name, this.#headersEnd());
    return raw === undefined ? undefined : headerValue(raw);
  }

  variable(name: string): string | undefined {
    return this.header(`variable_${name}`);
  }

  *headers(): IterableIterator<[name: string, value: string]> {
    const text = this.#text;
    const end = this.#headersEnd();
    let start = 0;
    while (start < end) {
      const newline = text.indexOf('\n', start);
      const stop = newline < 0 || newline > end ? end : newline;
      const colon = text.indexOf(': ', start);
      if (colon > start && colon < stop)
        yield [text.slice(start, colon), headerValue(text.slice(colon + 2, stop))];
      start = stop + 1;
    }
  }

  get body(): string {
    const end = this.#headersEnd();
    return end >= this.#text.length ? '' : utf8FromLatin1(this.#text.slice(end + 1));
  }

  #headersEnd(): number {
    if (this.#end < 0) this.#end = endOfHeaders(this.#text);
    return this.#end;
  }
}
