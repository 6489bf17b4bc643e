import { utf8FromLatin1 } from './decode-value.ts';
import type { EslEvent } from './esl-event.ts';

/** An event in FreeSWITCH's JSON form (`text/event-json`). What is no JSON object has no headers and its text as body. */
export class JsonEvent implements EslEvent {
  readonly #text: string;
  #values: ReadonlyMap<string, string> | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  get name(): string {
    return this.header('Event-Name') ?? '';
  }

  header(name: string): string | undefined {
    return this.#parsed().get(name);
  }

  variable(name: string): string | undefined {
    return this.header(`variable_${name}`);
  }

  *headers(): IterableIterator<[name: string, value: string]> {
    for (const entry of this.#parsed()) if (entry[0] !== '_body') yield entry;
  }

  get body(): string {
    return this.#parsed().get('_body') ?? '';
  }

  #parsed(): ReadonlyMap<string, string> {
    this.#values ??= valuesOf(utf8FromLatin1(this.#text));
    return this.#values;
  }
}

function valuesOf(text: string): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return values.set('_body', text);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return values.set('_body', text);
  for (const [name, value] of Object.entries(parsed)) {
    // FreeSWITCH's own text form of a header with several values, so that both formats read alike.
    values.set(name, Array.isArray(value) ? `ARRAY::${value.join('|:')}` : String(value));
  }
  return values;
}
