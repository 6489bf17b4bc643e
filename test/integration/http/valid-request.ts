import type { TSchema } from 'typebox';
import { minimalOf } from './minimal-body.ts';
import type { Ids, Route } from './whole-api.ts';

/**
 * The table whose row an address names, where that is not its last word in the singular: `/campaigns/:id` is a row of
 * campaign. A route that is not found here or by that rule fails with what to add.
 */
const tables: Readonly<Record<string, string>> = {
  '/users': 'user_account',
  '/operators': 'user_account',
  // A key has no sessions: any id is one it must not find.
  '/session/sessions': 'user_account',
  '/numbers': 'phone_number',
  '/buyers/endpoints': 'buyer_endpoint',
  '/campaigns/publishers': 'campaign_publisher',
  '/campaigns/buyers': 'campaign_buyer',
  '/campaigns/numbers': 'phone_number',
  '/caller-id-pools/numbers': 'caller_id_number',
  '/dnc-lists/entries': 'dnc_entry',
  '/rate-cards/rates': 'rate',
  '/invoices/lines': 'invoice_line',
  '/ledger-entries': 'ledger_entry',
  '/webhooks/deliveries': 'webhook_delivery',
};

/** Of which table a property is an id, where that is not its name without `Id`. */
const kinds: Readonly<Record<string, string>> = {
  groupId: 'buyer_group',
  priceCardId: 'rate_card',
  payoutCardId: 'rate_card',
  accountId: 'billing_account',
  transactionId: 'ledger_transaction',
  actorId: 'api_key',
  // Of the audit log: any row's.
  subjectId: 'campaign',
};

export function tableAt(list: string): string {
  const path = list.replace(/\/:[A-Za-z]+/g, '').replace(/\/$/, '');
  return tables[path] ?? (path.split('/').at(-1) ?? '').replace(/s$/, '').replaceAll('-', '_');
}

/** What stands for each `:param` of an address, of one tenant: for `filled`. */
export function valueIn(ids: Ids, address: string): (name: string, before: string) => string {
  return (name, before) => {
    if (name === 'version') return '1';
    if (name === 'scope') return `buyer:${ids['buyer']}`;
    const id = ids[tableAt(before)];
    if (id === undefined)
      throw new Error(
        `${address}: of which table is :${name}? add '${before}' to tables in test/integration/http/valid-request.ts (and the table's rows to fill-tenant.ts)`,
      );
    return id;
  };
}

/** Of which table's row a property holds the id. */
export function kindOf(property: string, ids: Ids): string {
  const kind =
    kinds[property] ??
    property.replace(/Ids?$/, '').replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  if (ids[kind] === undefined)
    throw new Error(
      `of which table is ${property} an id? add it to kinds in test/integration/http/valid-request.ts`,
    );
  return kind;
}

interface Shape {
  readonly anyOf?: readonly TSchema[];
  readonly items?: TSchema;
  readonly properties?: Readonly<Record<string, TSchema>>;
}
/** Where in a body something stands: names of properties, numbers of elements. */
export type Path = readonly (string | number)[];

/** Every property whose name ends in Id or Ids, however deep; of a list its first element. */
export function idsIn(schema: TSchema | undefined, at: Path = []): Path[] {
  if (schema === undefined || at.length > 10) return [];
  const { anyOf = [], items, properties = {} } = schema as unknown as Shape;
  return [
    ...anyOf.flatMap((one) => idsIn(one, at)),
    ...idsIn(items, [...at, 0]),
    ...Object.entries(properties).flatMap(([name, inner]) => {
      const below = idsIn(inner, [...at, name]);
      if (!/Ids?$/.test(name)) return below;
      return below.length > 0 ? below : [[...at, name, ...(listOf(inner) ? [0] : [])]];
    }),
  ];
}

function listOf(schema: TSchema): boolean {
  const { anyOf = [], items } = schema as unknown as Shape;
  return items !== undefined || anyOf.some(listOf);
}

/** The body with a value at a place of it; what leads there is made where it is not there. */
export function withAt(body: unknown, [first, ...rest]: Path, value: unknown): unknown {
  if (first === undefined) return value;
  if (typeof first === 'number') {
    const list = Array.isArray(body) ? [...(body as unknown[])] : [];
    list[first] = withAt(list[first], rest, value);
    return list;
  }
  const inner: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, first) : undefined;
  return { ...(body as object), [first]: withAt(inner, rest, value) };
}

const place = 'sip:a@buyer.test.example';
const graph = { entry: 'a', nodes: [{ id: 'a', type: 'hangup', params: {} }], edges: [] };
/** Where the least that a schema lets through means nothing, or not enough. */
const meant: Readonly<Record<string, object>> = {
  'POST /buyers/:buyerId/endpoints': { destination: place },
  'POST /schedules': { zone: 'UTC' },
  'POST /rate-cards/:rateCardId/rates': { prefix: '' },
  // Other than what the least body makes.
  'PATCH /buyers/:buyerId/endpoints/:id': { label: 'renamed' },
  'PATCH /freeswitch-nodes/:id': { host: 'moved.test.example' },
  'PATCH /trunks/:id': { name: 'renamed' },
  'POST /flows/:id/clone': { from: 'draft' },
  'POST /flows/import': { flow: graph },
  'PUT /flows/:id/draft': graph,
  'POST /flows/:id/versions': graph,
  'POST /flows/validate': graph,
  'POST /users': { password: 'given by an admin' },
  'POST /webhooks': { secret: 'of-the-one-who-made-it' },
};
/** Properties no two rows may share. */
const unique: Readonly<Record<string, (n: number) => string>> = {
  name: (n) => `n${n}`,
  slug: (n) => `s${n}`,
  email: (n) => `p${n}@test.example`,
  e164: (n) => `+1555${String(1_000_000 + n)}`,
  prefix: (n) => `88${n}`,
};
let made = 0;

/** What a route takes, with the ids of one tenant, and nothing that is there already. */
export function bodyOf({ name, body }: Route, ids: Ids): Record<string, unknown> | undefined {
  if (body === undefined || 'content' in body) return undefined;
  const least = minimalOf(body);
  if (least === null) return undefined;
  const whole = { ...(least as Record<string, unknown>), ...meant[name] };
  made += 1;
  return Object.fromEntries(
    Object.entries(whole).map(([property, value]) => [
      property,
      typeof value === 'string' && property.endsWith('Id')
        ? ids[kindOf(property, ids)]
        : (unique[property]?.(made) ?? value),
    ]),
  );
}

/** A file of one row for a route that imports; undefined for all others. */
export function csvOf({ body, url }: Route): string | undefined {
  if (body === undefined || !('content' in body)) return undefined;
  made += 1;
  if (url.startsWith('/rate-cards'))
    return `prefix,pricePerMinuteMicros,validFrom\n77${made},1000,2026-01-01T00:00:00Z\n`;
  return `e164\n${unique['e164']?.(made)}\n`;
}

/** What must stand in the query; nothing where nothing must. */
export function queryOf({ url, querystring }: Route): Record<string, string> {
  if (url === '/reports/calls')
    return { by: 'day', from: '2026-11-01T00:00:00Z', to: '2026-11-08T00:00:00Z' };
  return querystring === undefined ? {} : (minimalOf(querystring) as Record<string, string>);
}
