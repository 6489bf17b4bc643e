import { decodeHeader, encodeHeader } from './header-encoding.ts';

const prefix = 'variable_';

/** Variables rendered as one text: encoded `variable_name: value` lines, each ended by a line feed. */
export interface VariableBlock {
  readonly text: string;
  readonly names: ReadonlySet<string>;
}

/** The names in a text of such lines. */
export function variableNames(text: string): ReadonlySet<string> {
  return new Set([...text.matchAll(/^variable_([^:]+): /gm)].map(([, name = '']) => name));
}

/** A block whose text is made only if somebody reads it. */
export class LazyBlock implements VariableBlock {
  readonly #make: () => string;
  #text: string | undefined;
  #names: ReadonlySet<string> | undefined;

  constructor(make: () => string) {
    this.#make = make;
  }

  get text(): string {
    this.#text ??= this.#make();
    return this.#text;
  }

  get names(): ReadonlySet<string> {
    this.#names ??= variableNames(this.text);
    return this.#names;
  }
}

/**
 * A leg's channel variables. Most are rendered once from a template and never looked at again, so they stay text
 * (blocks); those that change are kept apart. A block is opened only when one of its variables is set.
 */
export class VariableTable {
  readonly #blocks: VariableBlock[] = [];
  readonly #own = new Map<string, { readonly value: string; readonly line: string }>();
  #rendered: string | undefined;

  addBlock(block: VariableBlock): void {
    this.#blocks.push(block);
    this.#rendered = undefined;
  }

  /** Undefined or '' takes the variable away, as FreeSWITCH does. */
  set(name: string, value: string | undefined): void {
    this.#openBlockWith(name);
    if (value === undefined || value === '') {
      if (!this.#own.delete(name)) return;
    } else {
      this.#own.set(name, { value, line: `${prefix}${name}: ${encodeHeader(value)}\n` });
    }
    this.#rendered = undefined;
  }

  /** A second value of the same name makes a list, in FreeSWITCH's form `ARRAY::a|:b`. */
  push(name: string, value: string): void {
    const before = this.get(name);
    if (before === undefined) this.set(name, value);
    else if (before.startsWith('ARRAY::')) this.set(name, `${before}|:${value}`);
    else this.set(name, `ARRAY::${before}|:${value}`);
  }

  get(name: string): string | undefined {
    const own = this.#own.get(name);
    if (own !== undefined) return own.value;
    const text = this.#blocks.find((block) => block.names.has(name))?.text;
    if (text === undefined) return undefined;
    const from = text.startsWith(`${prefix}${name}: `) ? 0 : text.indexOf(`\n${prefix}${name}: `) + 1;
    const valueAt = from + prefix.length + name.length + 2;
    return decodeHeader(text.slice(valueAt, text.indexOf('\n', valueAt)));
  }

  /** All of them as header lines. */
  render(): string {
    if (this.#rendered === undefined) {
      let text = '';
      for (const block of this.#blocks) text += block.text;
      for (const { line } of this.#own.values()) text += line;
      this.#rendered = text;
    }
    return this.#rendered;
  }

  /** Names and encoded values, in order. */
  *encoded(): IterableIterator<[name: string, value: string]> {
    for (const line of this.render().split('\n')) {
      const colon = line.indexOf(': ');
      if (colon > 0) yield [line.slice(prefix.length, colon), line.slice(colon + 2)];
    }
  }

  #openBlockWith(name: string): void {
    const index = this.#blocks.findIndex((block) => block.names.has(name));
    if (index < 0) return;
    const [block] = this.#blocks.splice(index, 1);
    for (const line of block?.text.split('\n') ?? []) {
      const colon = line.indexOf(': ');
      if (colon < 0) continue;
      const key = line.slice(prefix.length, colon);
      this.#own.set(key, { value: decodeHeader(line.slice(colon + 2)), line: `${line}\n` });
    }
  }
}
