import { flowLimits } from './flow-graph.ts';
import type { Variables } from './node-context.ts';

/**
 * Variables and tags travel on the channel at every step, so they are bounded together: what they come to as JSON,
 * in bytes of UTF-8. See walk-state.ts for the sum.
 */
export const carriedLimits = { variablesBytes: 4000, tagsBytes: 900, tagLength: 64 } as const;

/** A variable or tag that would not fit: its name, value, number or the sum is over the bound. Nothing was changed. */
export class CarriedLimitError extends RangeError {
  override readonly name = 'CarriedLimitError';
  readonly code = 'CARRIED_LIMIT';
}

const jsonBytes = (text: string): number => Buffer.byteLength(JSON.stringify(text));
const entryBytes = (name: string, value: string): number => jsonBytes(name) + jsonBytes(value) + 2;

/** What is wrong with a set of variables before a call begins: the sentence for the flow's author, or undefined. */
export function variablesFault(variables: Readonly<Record<string, string>>): string | undefined {
  try {
    const tried = new CallVariables();
    for (const [name, value] of Object.entries(variables)) tried.set(name, value);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** One call's variables: at most 100, names of 64 and values of 2,000 characters, 4,000 bytes together. */
export class CallVariables implements Variables {
  readonly #values = new Map<string, string>();
  #bytes = 0;

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** Throws CarriedLimitError where a bound would be passed. */
  set(name: string, value: string): void {
    if (name.length === 0 || name.length > flowLimits.idLength)
      throw new CarriedLimitError(`a variable's name has 1 to ${flowLimits.idLength} characters`);
    if (value.length > flowLimits.textLength)
      throw new CarriedLimitError(
        `variable ${name} would have ${value.length} characters, ${flowLimits.textLength} are allowed`,
      );
    const before = this.#values.get(name);
    if (before === undefined && this.#values.size >= flowLimits.variables)
      throw new CarriedLimitError(
        `variable ${name} would be one more than the ${flowLimits.variables} allowed`,
      );
    const bytes =
      this.#bytes + entryBytes(name, value) - (before === undefined ? 0 : entryBytes(name, before));
    if (bytes > carriedLimits.variablesBytes)
      throw new CarriedLimitError(
        `with variable ${name} the call's variables would be ${bytes} bytes, ${carriedLimits.variablesBytes} are allowed`,
      );
    this.#values.set(name, value);
    this.#bytes = bytes;
  }

  entries(): IterableIterator<[string, string]> {
    return this.#values.entries();
  }
}

/** One call's tags: texts of 1 to 64 characters, 900 bytes together. `add` throws CarriedLimitError beyond. */
export class CallTags extends Set<string> {
  override add(tag: string): this {
    if (this.has(tag)) return this;
    if (tag.length === 0 || tag.length > carriedLimits.tagLength)
      throw new CarriedLimitError(`a tag has 1 to ${carriedLimits.tagLength} characters`);
    let bytes = jsonBytes(tag) + 1;
    for (const other of this) bytes += jsonBytes(other) + 1;
    if (bytes > carriedLimits.tagsBytes)
      throw new CarriedLimitError(
        `with tag ${tag} the call's tags would be ${bytes} bytes, ${carriedLimits.tagsBytes} are allowed`,
      );
    return super.add(tag);
  }
}
