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

/** One variable set by itself. Its encoded form comes from the plain one, or the other way round, when asked for. */
class Variable {
  /** `variable_name: ` */
  readonly label: string;
  /** How many events have shown it as it is. */
  shown = 0;
  #value: string | undefined;
  #encoded: string | undefined;

  constructor(label: string, value: string | undefined, encoded: string | undefined) {
    this.label = label;
    this.#value = value;
    this.#encoded = encoded;
  }

  get value(): string {
    this.#value ??= decodeHeader(this.#encoded ?? '');
    return this.#value;
  }

  get encoded(): string {
    this.#encoded ??= encodeHeader(this.#value ?? '');
    return this.#encoded;
  }

  change(value: string | undefined, encoded: string | undefined): void {
    this.#value = value;
    this.#encoded = encoded;
    this.shown = 0;
  }
}

/** A variable that so many events have shown unchanged is not one of those that change at each. */
const settled = 2;
/** So many of them become a block of their own. */
const settledAtLeast = 12;

/**
 * A leg's channel variables. Most are rendered once from a template and never looked at again, so they stay text
 * (blocks); those that were set by themselves are kept apart. A variable that is set leaves the block it was in.
 */
export class VariableTable {
  readonly #blocks: VariableBlock[] = [];
  readonly #own = new Map<string, Variable>();
  /** How many of those have come to be settled since some last became a block. */
  #settling = 0;

  addBlock(block: VariableBlock): void {
    this.#blocks.push(block);
  }

  /** Undefined or '' takes the variable away, as FreeSWITCH does. */
  set(name: string, value: string | undefined): void {
    if (value === undefined || value === '') this.#remove(name);
    else this.#put(name, value, undefined);
  }

  /** For a value whose encoded form is at hand. */
  setEncoded(name: string, value: string | undefined, encoded: string): void {
    if (encoded === '') this.#remove(name);
    else this.#put(name, value, encoded);
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
    const encoded = this.getEncoded(name);
    return encoded === undefined ? undefined : decodeHeader(encoded);
  }

  /** The value as events have it. */
  getEncoded(name: string): string | undefined {
    const own = this.#own.get(name);
    if (own !== undefined) return own.encoded;
    for (const block of this.#blocks) {
      if (!block.names.has(name)) continue;
      const line = lineOf(block.text, name);
      if (line !== undefined)
        return block.text.slice(line.from + prefix.length + name.length + 2, line.to - 1);
    }
    return undefined;
  }

  /** Adds all of them as header lines, in pieces. */
  addTo(pieces: string[]): void {
    if (this.#settling >= settledAtLeast) this.#settle();
    for (const block of this.#blocks) pieces.push(block.text);
    for (const variable of this.#own.values()) {
      pieces.push(variable.label, variable.encoded, '\n');
      if (++variable.shown === settled) this.#settling++;
    }
  }

  /** Names and encoded values, in order. */
  *encoded(): IterableIterator<[name: string, value: string]> {
    const pieces: string[] = [];
    this.addTo(pieces);
    for (const line of pieces.join('').split('\n')) {
      const colon = line.indexOf(': ');
      if (colon > 0) yield [line.slice(prefix.length, colon), line.slice(colon + 2)];
    }
  }

  #put(name: string, value: string | undefined, encoded: string | undefined): void {
    const own = this.#own.get(name);
    if (own !== undefined) {
      own.change(value, encoded);
      return;
    }
    // What is kept apart has left its block already.
    this.#takeOutOfBlock(name);
    this.#own.set(name, new Variable(`${prefix}${name}: `, value, encoded));
  }

  #remove(name: string): void {
    if (!this.#own.delete(name)) this.#takeOutOfBlock(name);
  }

  /** Makes a block of what several events have shown unchanged, so that the next ones copy it as one piece. */
  #settle(): void {
    this.#settling = 0;
    const lines: string[] = [];
    const names = new Set<string>();
    for (const [name, variable] of this.#own) {
      // FreeSWITCH's encoding leaves a `%41` in a value as it is: that value cannot be read back from a block.
      if (variable.shown < settled || variable.value.includes('%')) continue;
      lines.push(variable.label, variable.encoded, '\n');
      names.add(name);
      this.#own.delete(name);
    }
    if (lines.length > 0) this.#blocks.push({ text: lines.join(''), names });
  }

  #takeOutOfBlock(name: string): void {
    for (let index = 0; index < this.#blocks.length; index++) {
      const block = this.#blocks[index];
      if (block === undefined || !block.names.has(name)) continue;
      const line = lineOf(block.text, name);
      if (line === undefined) continue;
      // The names stay shared with every block of this template; a name whose line is gone is found to be gone.
      const text = block.text.slice(0, line.from) + block.text.slice(line.to);
      this.#blocks[index] = { text, names: block.names };
      return;
    }
  }
}

/** Where a variable's line begins and where the next one does. */
function lineOf(text: string, name: string): { readonly from: number; readonly to: number } | undefined {
  const start = `${prefix}${name}: `;
  const from = text.startsWith(start) ? 0 : text.indexOf(`\n${start}`) + 1;
  if (from === 0 && !text.startsWith(start)) return undefined;
  return { from, to: text.indexOf('\n', from) + 1 };
}
