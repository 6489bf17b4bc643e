import { type TObject, type TSchema, Type } from 'typebox';
import type { Thing } from '../access.ts';
import { NextSchema } from '../schemas.ts';
import type { Fields } from './fields.ts';

export type Verb = 'list' | 'get' | 'create' | 'update' | 'delete';

/** What the client told us to make, and what is told back once beside the row. */
export interface Made {
  readonly columns: Readonly<Record<string, unknown>>;
  readonly once: Readonly<Record<string, unknown>>;
}

export interface ResourceDefinition {
  /** One of them, for sentences: `buyer`. */
  readonly one: string;
  /** A sentence that the description of each of its routes ends with: what nobody would guess from the fields. */
  readonly note?: string;
  /** Under the parent's item, where it has one: `/buyers`, `/endpoints`. */
  readonly path: string;
  /** An entity of orm/: its table. Fields are called as its columns, in camel case. */
  readonly entity: { readonly meta: { readonly tableName?: string } };
  /**
   * Whose its rows are. `tenant`: one tenant's. `shared`: also the platform's, which every tenant reads; an operator who
   * names no tenant works on those. `platform`: operators alone.
   */
  readonly of: 'tenant' | 'shared' | 'platform';
  readonly thing: Thing;
  /** Who may write, where it is not whoever holds `<thing>:write`. */
  readonly writers?: 'operators';
  /** Roles that see their own rows: a condition over the row `r`, its one `?` their publisher or buyer. */
  readonly views?: { readonly publisher?: string; readonly buyer?: string };
  /** Fields that read null for those roles, and that they may not filter by. Their schemas allow null. */
  readonly hidden?: { readonly publisher?: readonly string[]; readonly buyer?: readonly string[] };
  /** True: those roles may also change their own rows. None of the fields they write may be what `views` looks at. */
  readonly viewsWrite?: boolean;
  /** A resource these rows belong to one of: `column` says to which. */
  readonly parent?: { readonly resource: Resource; readonly field: string };
  readonly fields: Fields;
  readonly filters?: Readonly<Record<string, 'equal' | 'prefix'>>;
  /**
   * The field that says when a row happened: lists and exports may be narrowed to a period (`from`, `to`) and are
   * ordered by it, newest first. Never null. It wants an index (tenant_id, its column, id).
   */
  readonly period?: string;
  /** Fields lists may be ordered by beside `newest`; the first is the order where none is asked for. */
  readonly sort?: readonly string[];
  /** Default: all. */
  readonly verbs?: readonly Verb[];
  /** Which field breaks a constraint of the database whose name does not tell, and why. */
  readonly constraints?: Readonly<Record<string, { readonly field: string; readonly message: string }>>;
  /** `out`: it can be exported as CSV. `both`: and imported. */
  readonly csv?: 'out' | 'both';
  /** Makes what the client does not give (a secret). */
  readonly make?: {
    readonly fields: Readonly<Record<string, TSchema>>;
    readonly answer: Readonly<Record<string, TSchema>>;
    make(body: Readonly<Record<string, unknown>>): Made;
  };
}

export interface Resource extends ResourceDefinition {
  readonly table: string;
  /** `/buyers/:buyerId/endpoints`, and with `/:id` its items. */
  readonly address: string;
  /** Key of the list in an answer: `endpoints`. */
  readonly plural: string;
  readonly schemas: {
    readonly whole: TObject;
    /** With `?fields=` a part of it. */
    readonly part: TObject;
    readonly created: TObject;
    readonly page: TObject;
    readonly create: TObject;
    readonly update: TObject;
  };
}

const camel = (path: string): string =>
  path.replace(/^\//, '').replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** One resource of the API: a file of these lines makes its routes, their schemas and their description. */
export function defineResource(definition: ResourceDefinition): Resource {
  const { path, parent, fields, make } = definition;
  const entries = Object.entries(fields);
  const whole = Object.fromEntries(entries.map(([name, { schema }]) => [name, schema]));
  const given = entries.filter(([, field]) => field.written !== 'never');
  const create = given.map(([name, { schema, required, fallback }]): [string, TSchema] => [
    name,
    required ? schema : Type.Optional({ ...schema, default: fallback }),
  ]);
  const update = given
    .filter(([, field]) => field.written === 'always')
    .map(([name, { schema }]): [string, TSchema] => [name, Type.Optional(schema)]);
  const closed = { additionalProperties: false };
  const plural = camel(path);
  const part = Type.Partial(Type.Object(whole));
  return {
    ...definition,
    table: definition.entity.meta.tableName ?? '',
    address: parent === undefined ? path : `${parent.resource.address}/:${parent.field}${path}`,
    plural,
    schemas: {
      whole: Type.Object(whole),
      part,
      created: Type.Object({ ...whole, ...make?.answer }),
      page: Type.Object({ [plural]: Type.Array(part), next: NextSchema }),
      create: Type.Object({ ...Object.fromEntries(create), ...make?.fields }, closed),
      update: Type.Object(Object.fromEntries(update), { ...closed, minProperties: 1 }),
    },
  };
}

export function may(resource: Resource, verb: Verb): boolean {
  return resource.verbs?.includes(verb) ?? true;
}
