import { type Static, Type } from 'typebox';
import { compilePattern } from '../../flow/pattern.ts';

/** What an entry of digits must be. */
export const ValidationSchema = Type.Union(
  [
    Type.Object(
      {
        kind: Type.Literal('pattern'),
        pattern: Type.String({ minLength: 1, maxLength: 200, description: 'RE2 syntax, the whole entry.' }),
      },
      { additionalProperties: false, title: 'Pattern' },
    ),
    Type.Object(
      { kind: Type.Literal('zip') },
      { additionalProperties: false, title: 'US ZIP code, 5 or 9 digits' },
    ),
    Type.Object(
      {
        kind: Type.Literal('date'),
        order: Type.Union([Type.Literal('MMDDYYYY'), Type.Literal('DDMMYYYY'), Type.Literal('YYYYMMDD')], {
          default: 'MMDDYYYY',
          description: 'How the eight digits are keyed in.',
        }),
        when: Type.Union([Type.Literal('any'), Type.Literal('past'), Type.Literal('future')], {
          default: 'any',
          description: 'A birthday is past. Today is neither.',
        }),
      },
      { additionalProperties: false, title: 'Date' },
    ),
  ],
  { description: 'What the digits must be; absent: any.' },
);
export type Validation = Static<typeof ValidationSchema>;

/** `nowMs`: the dates `past` and `future` are told from, by UTC's day. */
export function isValidEntry(digits: string, validation: Validation, nowMs: number): boolean {
  switch (validation.kind) {
    case 'pattern':
      return compilePattern(validation.pattern).matches(digits);
    case 'zip':
      // 00501 (Holtsville) is the lowest in use.
      return /^\d{5}(\d{4})?$/.test(digits) && Number(digits.slice(0, 5)) >= 501;
    case 'date': {
      const day = dayOf(digits, validation.order);
      if (day === undefined) return false;
      const today = Math.floor(nowMs / 86_400_000);
      if (validation.when === 'past') return day < today;
      return validation.when === 'any' || day > today;
    }
  }
}

/** Days since 1970, or undefined where there is no such day. */
function dayOf(digits: string, order: 'MMDDYYYY' | 'DDMMYYYY' | 'YYYYMMDD'): number | undefined {
  if (!/^\d{8}$/.test(digits)) return undefined;
  const part = (letter: string) => Number(digits.slice(order.indexOf(letter), order.lastIndexOf(letter) + 1));
  const [year, month, day] = [part('Y'), part('M'), part('D')];
  if (year < 1900) return undefined;
  const date = new Date(Date.UTC(year, month - 1, day));
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists ? date.getTime() / 86_400_000 : undefined;
}
