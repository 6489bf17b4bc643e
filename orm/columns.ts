import { p } from '@mikro-orm/postgresql';
import { newId } from '../daemon/telephony/ids.ts';

/** Key of a business row: UUIDv7, made by us, so that a row has its name before it is written. */
export const key = () =>
  p
    .uuid()
    .primary()
    .onCreate(() => newId<'Row'>());

/** A moment with FreeSWITCH's microseconds (`timestamptz(6)`). */
export const moment = () => p.datetime(6).columnType('timestamptz(6)');

/** When PostgreSQL wrote the row. */
export const written = () =>
  moment()
    .defaultRaw('now()')
    .onCreate(() => new Date());

/** When the row was last changed through the ORM. */
export const changed = () =>
  moment()
    .defaultRaw('now()')
    .onCreate(() => new Date())
    .onUpdate(() => new Date());

/**
 * Text that lists are sorted by and that is sought by its beginning. In the order of its code points, capitals first, on
 * every server alike: only so does an index find a beginning, and a release of the C library moves no row.
 */
export const sorted = () => p.text().collation('C');

/** How many calls at once; null limits nothing. */
export const maxCalls = () => p.integer().nullable().check('max_calls >= 0');

/** Lower first. */
export const priority = () => p.integer().default(0).check('priority >= 0');

/** Share among equals in priority; 0 is tried last. */
export const weight = () => p.integer().default(1).check('weight >= 0');

/** How long a callee may ring; null: the level above says (campaign < buyer < endpoint). */
export const ringTimeoutMs = () =>
  p.integer().nullable().check('ring_timeout_ms >= 1000 and ring_timeout_ms <= 600000');

/** E.164 as a check's expression. */
export const isE164 = (column: string): string => `${column} ~ '^\\+[1-9][0-9]{6,14}$'`;

/**
 * Tells every daemon, at commit, that the configuration of a tenant changed (`callfabric_changed`, payload: tenant id);
 * PostgreSQL folds equal notices of one transaction into one.
 */
export const notifyChanged = (tenantColumn: 'tenant_id' | 'id' = 'tenant_id') => ({
  name: 'notify_changed',
  timing: 'after' as const,
  events: ['insert' as const, 'update' as const, 'delete' as const],
  // A row that moves between tenants is news to both.
  body: `if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.${tenantColumn}::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.${tenantColumn}::text); end if; return null`,
});

/** Money in millionths of a unit of its currency, exact. */
export const micros = () => p.bigint('bigint');

/** ISO 4217, three capital letters. */
export const currency = () => p.text().check("currency ~ '^[A-Z]{3}$'");

/** A half-open span [from, until); no end is for ever. */
export const endsAfterStart = (from: string, until: string): string => `${until} > ${from}`;

/** The rest of a key the holder alone knows: SHA-256 of it, hexadecimal. */
export const secretHash = () => p.text().lazy().hidden();
