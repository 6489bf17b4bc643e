import { escapeIdentifier, type Pool } from 'pg';
import type { StudioColumn, StudioTable } from './catalogue.ts';

/** A value as PostgreSQL writes it; null where there is none. */
export type Cell = string | null;

/** One row: the values in the order of the table's columns, and those of its primary key, whole. */
export interface Row {
  readonly cells: readonly Cell[];
  readonly key: readonly string[];
}

/** Which rows are wanted. */
export interface RowQuery {
  /** Only those where this column is this value. */
  readonly where?: { readonly column: StudioColumn; readonly value: string } | undefined;
  /** Those after the row with this primary key. */
  readonly after?: readonly string[] | undefined;
  /** Only the row with this primary key. */
  readonly key?: readonly string[] | undefined;
  readonly limit: number;
  /** Letters of a value that are read; longer ones end with an ellipsis. */
  readonly letters: number;
}

/** What stands in place of a secret. */
export const hidden = '(hidden)';

const columnSql = ({ name, secret, type }: StudioColumn, letters: number): string => {
  const column = escapeIdentifier(name);
  if (secret) return `case when ${column} is null then null else '${hidden}' end`;
  const text = type === 'jsonb' && letters > 1000 ? `jsonb_pretty(${column})` : `${column}::text`;
  return `case when length(${text}) > ${letters} then left(${text}, ${letters}) || '…' else ${text} end`;
};

/**
 * Reads rows of `table`, newest key first, in a transaction that PostgreSQL itself keeps from writing. A value that is
 * none of the column's type (`abc` for a number) is PostgreSQL's error, class 22.
 */
export async function readRows(pool: Pool, table: StudioTable, query: RowQuery): Promise<Row[]> {
  const values: string[] = [];
  const bound = (column: StudioColumn, value: string): string => {
    values.push(value);
    return `$${values.length}::text::${column.type}`;
  };
  const key = table.primaryKey.map(({ name }) => escapeIdentifier(name));
  const keyOf = (wanted: readonly string[]): string =>
    `(${table.primaryKey.map((column, index) => bound(column, wanted[index] ?? '')).join(', ')})`;
  const conditions: string[] = [];
  if (query.where !== undefined)
    conditions.push(
      `${escapeIdentifier(query.where.column.name)} = ${bound(query.where.column, query.where.value)}`,
    );
  if (query.after !== undefined) conditions.push(`(${key.join(', ')}) < ${keyOf(query.after)}`);
  if (query.key !== undefined) conditions.push(`(${key.join(', ')}) = ${keyOf(query.key)}`);
  const sql = [
    `select array[${table.columns.map((column) => columnSql(column, query.letters)).join(', ')}]::text[] as cells,`,
    `array[${key.map((column) => `${column}::text`).join(', ')}] as key`,
    `from ${escapeIdentifier(table.name)}`,
    conditions.length > 0 ? `where ${conditions.join(' and ')}` : '',
    `order by ${key.map((column) => `${column} desc`).join(', ')}`,
    `limit ${Math.trunc(query.limit)}`,
  ].join(' ');
  const client = await pool.connect();
  try {
    await client.query("begin read only; set local timezone = 'UTC'");
    const { rows } = await client.query<{ cells: Cell[]; key: string[] }>(sql, values);
    await client.query('commit');
    client.release();
    return rows;
  } catch (error) {
    // Not given back: whatever state it is in ends with it.
    client.release(true);
    throw error;
  }
}
