import { type TObject, type TSchema, Type } from 'typebox';
import { isUuid } from '../../telephony/ids.ts';
import { isInstant, periodOf, periodQuery } from '../period.ts';
import { Problem } from '../problem.ts';
import type { Resource } from './define-resource.ts';
import { columnOf, presentOf, renderingOf } from './fields.ts';
import type { Condition, Order, Position, Row, Wanted } from './resource-rows.ts';

export type Query = Readonly<Record<string, unknown>>;

export const fieldList = Type.Optional(
  Type.String({ maxLength: 1000, description: 'Only these fields: their names with commas between' }),
);
export const itemQuery = Type.Object({ fields: fieldList }, { additionalProperties: false });

/** How a list may be ordered: `name`, `-name` backwards, `newest`, `oldest`. */
function ordersOf(resource: Resource): string[] {
  const named = (resource.sort ?? []).flatMap((field) => [field, `-${field}`]);
  return [...named, 'newest', 'oldest'];
}

/** Filters of a list and of an export, without paging. */
export function filterProperties(resource: Resource): Record<string, TSchema> {
  const { period } = resource;
  if (period !== undefined && resource.fields[period] === undefined)
    throw new Error(`${resource.address} has a period by ${period}, which it has not`);
  const properties: Record<string, TSchema> = period === undefined ? {} : { ...periodQuery(`${period}:`) };
  for (const [name, kind] of Object.entries(resource.filters ?? {})) {
    const { schema } = resource.fields[name] ?? {};
    if (schema === undefined) throw new Error(`${resource.address} filters by ${name}, which it has not`);
    properties[name] = Type.Optional(presentOf(schema));
    if (kind === 'prefix')
      properties[`${name}Prefix`] = Type.Optional(Type.String({ minLength: 1, maxLength: 200 }));
  }
  return properties;
}

export function listQuery(resource: Resource): TObject {
  return Type.Object(
    {
      limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200, default: 50 })),
      // A name of 200 characters and an id, coded twice.
      cursor: Type.Optional(
        Type.String({
          maxLength: 2000,
          description: '`next` of the page before, asked for with the same sort',
        }),
      ),
      sort: Type.Optional(Type.Enum(ordersOf(resource), { default: ordersOf(resource)[0] })),
      fields: fieldList,
      ...filterProperties(resource),
    },
    { additionalProperties: false },
  );
}

export function filtersOf(resource: Resource, query: Query): Condition[] {
  return [...periodFilters(resource, query), ...fieldFilters(resource, query)];
}

function periodFilters({ period }: Resource, query: Query): Condition[] {
  if (period === undefined) return [];
  const { from, to } = periodOf(query);
  const column = `r.${columnOf(period)}`;
  return [
    ...(from === undefined ? [] : [{ sql: `${column} >= ?::timestamptz`, values: [from] }]),
    ...(to === undefined ? [] : [{ sql: `${column} < ?::timestamptz`, values: [to] }]),
  ];
}

function fieldFilters(resource: Resource, query: Query): Condition[] {
  return Object.entries(resource.filters ?? {}).flatMap(([name, kind]) => {
    const column = `r.${columnOf(name)}`;
    const equal = query[name];
    const prefix = kind === 'prefix' ? query[`${name}Prefix`] : undefined;
    return [
      ...(equal === undefined ? [] : [{ sql: `${column} = ?`, values: [equal] }]),
      ...(prefix === undefined ? [] : [{ sql: `starts_with(${column}, ?)`, values: [prefix] }]),
    ];
  });
}

export function wantedOf(resource: Resource, query: Query): Wanted {
  const sort = typeof query['sort'] === 'string' ? query['sort'] : (ordersOf(resource)[0] ?? 'newest');
  const order: Order =
    sort === 'newest' || sort === 'oldest'
      ? { name: sort, field: resource.period, descending: sort === 'newest' }
      : { name: sort, field: sort.replace(/^-/, ''), descending: sort.startsWith('-') };
  const cursor = query['cursor'];
  return {
    filters: filtersOf(resource, query),
    order,
    after: typeof cursor === 'string' ? positionOf(resource, cursor, order) : undefined,
    limit: typeof query['limit'] === 'number' ? query['limit'] : 50,
  };
}

/** The cursor of a page knows its order: in another one it would skip rows silently. */
function positionOf(resource: Resource, cursor: string, { name, field }: Order): Position {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parts) && parts.length === 3) {
      const [of, value, id]: unknown[] = parts;
      const instant = field !== undefined && renderingOf(resource.fields[field]?.schema ?? {}) === 'instant';
      const fits = field === undefined ? value === null : isText(value) && (!instant || isInstant(value));
      if (of === name && fits && typeof id === 'string' && isUuid(id))
        return { value: typeof value === 'string' ? value : undefined, id };
    }
  } catch {
    // Told below.
  }
  throw new Problem('invalid-parameters', 'see faults', [
    {
      field: '/cursor',
      message: 'is none of this list: take `next` from the page before, with the same sort, or leave it out',
    },
  ]);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0');
}

export function cursorOf(wanted: Wanted, last: Row): string {
  const { name, field } = wanted.order;
  const parts = [name, field === undefined ? null : last[field], last['id']];
  return Buffer.from(JSON.stringify(parts)).toString('base64url');
}

/** Narrows rows to the fields that were asked for: `names` are those there are. */
export function pickerOf(names: readonly string[], asked: unknown): <R extends object>(row: R) => Partial<R> {
  if (typeof asked !== 'string') return (row) => row;
  const wanted = new Set(asked.split(',').map((name) => name.trim()));
  const unknown = [...wanted].filter((name) => !names.includes(name));
  if (unknown.length > 0)
    throw new Problem('invalid-parameters', 'see faults', [
      {
        field: '/fields',
        message: `has ${unknown.map((name) => `'${name.slice(0, 80)}'`).join(', ')}; there are ${names.join(', ')}`,
      },
    ]);
  return <R extends object>(row: R) =>
    Object.fromEntries(Object.entries(row).filter(([name]) => wanted.has(name))) as Partial<R>;
}

/** The same of a resource's rows. */
export function picker(resource: Resource, query: Query): (row: Row) => Row {
  return pickerOf(Object.keys(resource.fields), query['fields']);
}
