import { type TObject, type TSchema, Type } from 'typebox';
import { fieldList, pickerOf } from '../resources/page-query.ts';
import { pageQuery, UuidSchema } from '../schemas.ts';

/** `?fields=` of one row. */
export const itemQuery = Type.Object({ fields: fieldList }, { additionalProperties: false });

const Word = Type.Optional(Type.String({ minLength: 1, maxLength: 200, pattern: '^[^\\u0000]*$' }));
/** Filters by name. */
export const byName = { name: Word, namePrefix: Word };

/** The cursor of a list is the last one's id. */
export function listQuery<Filters extends Record<string, TSchema>>(filters: Filters) {
  const cursor = Type.Optional(UuidSchema);
  return Type.Object(
    { ...pageQuery, cursor, fields: fieldList, ...filters },
    { additionalProperties: false },
  );
}

/** One page of rows read with one more than asked for. */
export function pageOf<Row extends { readonly id: string }>(
  found: readonly Row[],
  limit: number,
): { rows: Row[]; next: string | null } {
  const rows = found.slice(0, limit);
  return { rows, next: found.length > limit ? (rows.at(-1)?.id ?? null) : null };
}

/** The fields of `row` that were asked for. */
export function picked(row: TObject, fields: string | undefined) {
  return pickerOf(Object.keys(row.properties), fields);
}
