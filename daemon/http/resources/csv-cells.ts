import type { TSchema } from 'typebox';
import { validatorOf } from '../../flow/schema-faults.ts';
import { type CountryCode, toE164 } from '../../telephony/e164.ts';
import { E164, presentOf } from './fields.ts';

/**
 * What a spreadsheet would take for a formula (also in its full-width forms), any number of our own marks before it. A
 * plain number is none, whatever its sign: an E.164 number stays as it is, and can be imported again.
 */
const formula = /^'*[=+\-@\t\r\n＝＋－＠]/;
const plainNumber = /^[+-]?\d+(\.\d+)?$/;

/** A value as a cell: lists with `;` between, formulas made harmless by a leading `'`. */
export function cellOf(value: unknown): string {
  const text = textOf(value);
  return formula.test(text) && !plainNumber.test(text) ? `'${text}` : text;
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (Array.isArray(value)) return value.map(textOf).join(';');
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean);
}

const yesNo = new Map([
  ['true', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['0', false],
]);

/** Reads a cell of a field into what its schema checks; undefined: the cell is empty. What does not fit stays text. */
export function cellReader(schema: TSchema, country: CountryCode | undefined): (cell: string) => unknown {
  const present = presentOf(schema);
  const isNumber = (present as { pattern?: string }).pattern === (E164 as { pattern?: string }).pattern;
  const read = (text: string): unknown => {
    if (isNumber) return numberOf(text, country);
    const { type = 'string' } = present;
    switch (type) {
      case 'boolean':
        return yesNo.get(text.toLowerCase()) ?? text;
      case 'integer':
        return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
      case 'array':
        return text
          .split(';')
          .map((part) => part.trim())
          .filter((part) => part !== '');
      default:
        return text;
    }
  };
  return (cell) => {
    const bare = formula.test(cell) && cell.startsWith("'") ? cell.slice(1) : cell;
    const text = bare.trim();
    return text === '' ? undefined : read(text);
  };
}

/** Spreadsheets drop the `+`: digits enough for an international number get it back. */
function numberOf(text: string, country: CountryCode | undefined): string {
  if (country !== undefined) return toE164(text, country) ?? text;
  const international = `+${text}`;
  return text.length >= 11 && validatorOf(E164).Check(international) ? international : text;
}
