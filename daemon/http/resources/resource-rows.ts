import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../../telephony/ids.ts';
import { instant } from '../call-columns.ts';
import type { Resource } from './define-resource.ts';
import { columnOf, type Field, renderingOf } from './fields.ts';

export type Row = Readonly<Record<string, unknown>>;

/** Part of a `where`, and its values. */
export interface Condition {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** Which rows of a resource a request is about, and what a row it makes belongs to. */
export interface Scope {
  readonly conditions: readonly Condition[];
  /** Fields that whoever asks is not shown. */
  readonly hidden: readonly string[];
  /** Columns of a new row that the client does not choose. */
  readonly owner: Row;
}

export interface Order {
  /** As it is asked for: `-name`, `newest`. */
  readonly name: string;
  /** Undefined: by id, which is by when it was made. */
  readonly field: string | undefined;
  readonly descending: boolean;
}
export interface Position {
  readonly value: string | undefined;
  readonly id: string;
}
export interface Wanted {
  readonly filters: readonly Condition[];
  readonly order: Order;
  readonly after: Position | undefined;
  readonly limit: number;
}

/*
 * SQL made of a resource's description. PostgreSQL makes the JSON and reads it: an instant keeps its microseconds, an
 * array or a bigint needs no code here. Names come from descriptions alone, whatever a client sends is a value.
 */

function expressionOf(name: string, { sql, schema }: Field): string {
  const column = sql ?? `r.${columnOf(name)}`;
  const rendering = renderingOf(schema);
  return rendering === 'instant' ? instant(column) : rendering === 'text' ? `(${column})::text` : column;
}

/** A row `r` as the API tells it. */
function rowObject({ fields }: Resource, hidden: readonly string[]): string {
  const pairs = Object.entries(fields).map(
    ([name, field]) => `'${name}', ${hidden.includes(name) ? 'null' : expressionOf(name, field)}`,
  );
  return `jsonb_build_object(${pairs.join(', ')})`;
}

function where(conditions: readonly Condition[]): string {
  return conditions.length === 0 ? '' : `where ${conditions.map(({ sql }) => `(${sql})`).join(' and ')}`;
}

const valuesOf = (conditions: readonly Condition[]): unknown[] => conditions.flatMap(({ values }) => values);

/** One page, `limit` rows at most. */
export async function listRows(
  em: EntityManager,
  resource: Resource,
  scope: Scope,
  wanted: Wanted,
): Promise<Row[]> {
  const { field, descending } = wanted.order;
  const [direction, beyond] = descending ? ['desc', '<'] : ['asc', '>'];
  const conditions = [...scope.conditions, ...wanted.filters];
  const key = field === undefined ? undefined : `r.${columnOf(field)}`;
  if (wanted.after !== undefined) {
    const { value, id } = wanted.after;
    const type =
      field !== undefined && renderingOf(resource.fields[field]?.schema ?? {}) === 'instant'
        ? 'timestamptz'
        : 'text';
    conditions.push(
      key === undefined
        ? { sql: `r.id ${beyond} ?::uuid`, values: [id] }
        : { sql: `(${key}, r.id) ${beyond} (?::${type}, ?::uuid)`, values: [value, id] },
    );
  }
  const rows = await em.execute<{ row: Row }[]>(
    `select ${rowObject(resource, scope.hidden)} as row from "${resource.table}" r ${where(conditions)}
     order by ${key === undefined ? '' : `${key} ${direction}, `}r.id ${direction} limit ?`,
    [...valuesOf(conditions), wanted.limit],
  );
  return rows.map(({ row }) => row);
}

/** `locked`: nobody else changes it until the transaction ends, and what it is then is what is told. */
export async function findRow(
  em: EntityManager,
  resource: Resource,
  scope: Scope,
  id: string,
  locked = false,
): Promise<Row | undefined> {
  const conditions = [...scope.conditions, { sql: 'r.id = ?', values: [id] }];
  const [found] = await em.execute<{ row: Row }[]>(
    `select ${rowObject(resource, scope.hidden)} as row from "${resource.table}" r ${where(conditions)} ${locked ? 'for update of r' : ''}`,
    valuesOf(conditions),
  );
  return found?.row;
}

async function written(em: EntityManager, resource: Resource, scope: Scope, id: string): Promise<Row> {
  const row = await findRow(em, resource, scope, id);
  if (row === undefined) throw new Error(`${resource.table} ${id} was written and is not seen`);
  return row;
}

/** Makes a row of what the client gave, by field, and tells it. */
export async function insertRow(
  em: EntityManager,
  resource: Resource,
  scope: Scope,
  given: Row,
): Promise<Row> {
  const id = newId<'Row'>();
  const row = { id, ...columnsOf(given), ...scope.owner };
  const columns = Object.keys(row)
    .map((column) => `"${column}"`)
    .join();
  await em.execute(
    `insert into "${resource.table}" (${columns}) select ${columns} from jsonb_populate_record(null::"${resource.table}", ?::jsonb)`,
    [JSON.stringify(row)],
  );
  return written(em, resource, scope, id);
}

/** Changes the fields that were given. The row is locked by whoever calls. */
export async function updateRow(
  em: EntityManager,
  resource: Resource,
  scope: Scope,
  id: string,
  given: Row,
): Promise<Row> {
  const row = columnsOf(given);
  const columns = Object.keys(row).map((column) => `"${column}"`);
  const stamp = resource.fields['updatedAt'] === undefined ? '' : ', updated_at = clock_timestamp()';
  await em.execute(
    `update "${resource.table}" r set ${columns.map((column) => `${column} = v.${column}`).join()}${stamp}
     from jsonb_populate_record(null::"${resource.table}", ?::jsonb) v where r.id = ?`,
    [JSON.stringify(row), id],
  );
  return written(em, resource, scope, id);
}

export async function deleteRow(em: EntityManager, resource: Resource, id: string): Promise<void> {
  await em.execute(`delete from "${resource.table}" where id = ?`, [id]);
}

/** Many at once, each with its columns; what is in the way of a constraint is left out. Returns the ids that are there. */
export async function insertRows(
  em: EntityManager,
  table: string,
  rows: readonly Row[],
): Promise<ReadonlySet<string>> {
  const [first] = rows;
  if (first === undefined) return new Set();
  const columns = Object.keys(first)
    .map((column) => `"${column}"`)
    .join();
  const made = await em.execute<{ id: string }[]>(
    `insert into "${table}" (${columns}) select ${columns} from jsonb_populate_recordset(null::"${table}", ?::jsonb) on conflict do nothing returning id`,
    [JSON.stringify(rows)],
  );
  return new Set(made.map(({ id }) => id));
}

export function columnsOf(given: Row): Row {
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [columnOf(name), value]));
}
