import { decodeHeader, encodeHeader } from './header-encoding.ts';

const prefix = 'variable_';

/**
 * A leg's channel variables. Most are rendered once from a template and never looked at again, so they stay text
 * (blocks); those that change are kept apart. A block is opened only when one of its variables is set.
 */
export class VariableTable {
  #blocks: string[] = [];
  readonly #own = new Map<string, { readonly value: string; readonly line: string }>();
  #rendered: string | undefined;

  /** Encoded `variable_name: value` lines, each ended by a line feed. */
  addBlock(text: string): void {
    this.#blocks.push(text);
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
    for (const block of this.#blocks) {
      const at = startOf(block, name);
      if (at < 0) continue;
      const from = at + prefix.length + name.length + 2;
      return decodeHeader(block.slice(from, block.indexOf('\n', from)));
    }
    return undefined;
  }

  /** All of them as header lines. */
  render(): string {
    if (this.#rendered === undefined) {
      let text = '';
      for (const block of this.#blocks) text += block;
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
    const index = this.#blocks.findIndex((block) => startOf(block, name) >= 0);
    if (index < 0) return;
    const [block = ''] = this.#blocks.splice(index, 1);
    for (const line of block.split('\n')) {
      const colon = line.indexOf(': ');
      if (colon < 0) continue;
      const key = line.slice(prefix.length, colon);
      this.#own.set(key, { value: decodeHeader(line.slice(colon + 2)), line: `${line}\n` });
    }
  }
}

function startOf(block: string, name: string): number {
  const header = `${prefix}${name}: `;
  if (block.startsWith(header)) return 0;
  const at = block.indexOf(`\n${header}`);
  return at < 0 ? -1 : at + 1;
}
