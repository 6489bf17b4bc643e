import { readFileSync } from 'node:fs';
import { type VariableBlock, variableNames } from './variable-table.ts';

/** Text with `{name}` places, cut once so that filling it is a row of joins. Values come encoded. */
export class Template {
  readonly #texts: readonly string[];
  readonly #places: readonly string[];
  readonly #variables: ReadonlySet<string>;

  constructor(text: string) {
    const pieces = text.split(/\{(\w+)\}/);
    this.#texts = pieces.filter((_, index) => index % 2 === 0);
    this.#places = pieces.filter((_, index) => index % 2 === 1);
    this.#variables = variableNames(text);
  }

  fill(values: Readonly<Record<string, string>>): VariableBlock {
    const pieces = [this.#texts[0] ?? ''];
    for (let index = 0; index < this.#places.length; index++)
      pieces.push(values[this.#places[index] ?? ''] ?? '', this.#texts[index + 1] ?? '');
    return { text: pieces.join(''), names: this.#variables };
  }
}

function read(name: string): string {
  return readFileSync(new URL(`./templates/${name}`, import.meta.url), 'utf8');
}

/** What the two kinds of leg say of themselves, taken from recordings of FreeSWITCH 1.11.2-dev (test/fixtures). */
export const templates = {
  aLeg: new Template(read('a-leg.txt')),
  aLegAnswered: new Template(read('a-leg-answered.txt')),
  bLeg: new Template(read('b-leg.txt')),
  bLegRinging: new Template(read('b-leg-ringing.txt')),
  bLegAnswered: new Template(read('b-leg-answered.txt')),
  audioStatistics: new Template(read('audio-statistics.txt')),
} as const;

/** The parts of mod_json_cdr's record that are the same for every call. */
export const cdrSkeleton = JSON.parse(read('json-cdr.json')) as Record<
  'a' | 'b',
  { readonly channel_data: Record<string, string>; readonly callStats: Record<string, unknown> }
>;
