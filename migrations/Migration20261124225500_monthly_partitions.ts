import { Migration } from '@mikro-orm/migrations';

/*
 * cdr, call_trace, event and audit_log in monthly partitions, by a UUIDv7: its first 48 bits are the milliseconds since
 * 1970, so that a month is a range of ids. That id is the call's (cdr, call_trace) or the row's own (event, audit_log).
 * Unlike a time it is the same whoever writes the row: an estimated CDR and the true one that replaces it may differ
 * in when the leg began, but not in whose leg it is, and so meet in one partition, where the primary key finds them.
 */

const functions = [
  `create function uuid_at(moment timestamptz) returns uuid language sql immutable strict parallel safe as $$
  select (lpad(to_hex((extract(epoch from moment) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid
$$;`,
  `comment on function uuid_at(timestamptz) is 'The least UUIDv7 of a moment: where ids of that moment begin.';`,
  // SECURITY DEFINER: only the owner of a table may add to it, and the daemon need not be the owner.
  `create function make_partition(parent text, month date) returns text language plpgsql security definer set search_path from current as $$
declare
  child text := parent || to_char(month, '"_"YYYY"_"MM');
  rest text := parent || '_default';
  column_name text := case parent when 'cdr' then 'call_id' when 'call_trace' then 'call_id' else 'id' end;
  since uuid := uuid_at(date_trunc('month', month)::timestamp at time zone 'UTC');
  until uuid := uuid_at((date_trunc('month', month) + interval '1 month')::timestamp at time zone 'UTC');
  strays boolean;
begin
  if parent not in ('cdr', 'call_trace', 'event', 'audit_log') then
    raise exception '% has no monthly partitions', parent using errcode = 'invalid_parameter_value';
  end if;
  if to_regclass(quote_ident(child)) is not null then
    return null;
  end if;
  execute format('create table %I (like %I including defaults including constraints including storage)', child, parent);
  -- Nobody is granted anything on a partition, and its rows are guarded as its parent's: there is no way around.
  execute format('alter table %I enable row level security', child);
  execute format('alter table %I force row level security', child);
  execute format('create policy daemon_all on %I to callfabric_daemon using (true) with check (true)', child);
  execute format('create policy tenant_own on %I to callfabric_api using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id())', child);
  -- Rows that came before their partition move into it; until then they are found in the default one like any other.
  execute format('lock table only %I in share update exclusive mode', parent);
  execute format('lock table %I in access exclusive mode', rest);
  execute format('select exists (select 1 from %I where %I >= $1 and %I < $2)', rest, column_name, column_name)
    into strays using since, until;
  if strays then
    execute format('alter table %I disable trigger user', rest);
    execute format('with gone as (delete from %I where %I >= $1 and %I < $2 returning *) insert into %I select * from gone', rest, column_name, column_name, child)
      using since, until;
    execute format('alter table %I enable trigger user', rest);
  end if;
  execute format('alter table %I attach partition %I for values from (%L) to (%L)', parent, child, since, until);
  return child;
end $$;`,
  `create function drop_partitions(parent text, before timestamptz) returns setof text language plpgsql security definer set search_path from current as $$
declare
  child text;
  rest text := parent || '_default';
  column_name text := case parent when 'cdr' then 'call_id' when 'call_trace' then 'call_id' else 'id' end;
  strays boolean;
begin
  if parent not in ('cdr', 'call_trace', 'event', 'audit_log') then
    raise exception '% has no monthly partitions', parent using errcode = 'invalid_parameter_value';
  end if;
  for child in
    select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = quote_ident(parent)::regclass and c.relname ~ ('^' || parent || '_[0-9]{4}_[0-9]{2}$')
      and (to_date(right(c.relname, 7), 'YYYY_MM') + interval '1 month')::timestamp at time zone 'UTC' <= before
    order by 1
  loop
    execute format('drop table %I', child);
    return next child;
  end loop;
  execute format('select exists (select 1 from %I where %I < $1)', rest, column_name) into strays using uuid_at(before);
  if strays then
    execute format('alter table %I disable trigger user', rest);
    execute format('delete from %I where %I < $1', rest, column_name) using uuid_at(before);
    execute format('alter table %I enable trigger user', rest);
  end if;
end $$;`,
  `revoke all on function make_partition(text, date), drop_partitions(text, timestamptz) from public;`,
  `grant execute on function make_partition(text, date), drop_partitions(text, timestamptz) to callfabric_daemon;`,
];

interface Partitioned {
  readonly table: string;
  readonly key: string;
  /** Primary key as partitioned, and as it was. */
  readonly primary: string;
  readonly primaryBefore: string;
  /** Indexes, foreign keys and triggers besides, as partitioned and as they were. */
  readonly rest: readonly string[];
  readonly restBefore: readonly string[];
  readonly api: string;
}

const ofTenant = (table: string) =>
  `alter table "${table}" add constraint "${table}_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`;
const cdrRest = [
  `create index "cdr_tenant_id_started_at_index" on "cdr" ("tenant_id", "started_at");`,
  ofTenant('cdr'),
];
const traceRest = [
  `alter table "call_trace" add constraint "call_trace_call_id_foreign" foreign key ("call_id") references "call" ("id") on delete cascade;`,
];
const eventRest = [
  `create index "event_tenant_id_id_index" on "event" ("tenant_id", "id");`,
  `create index "event_call_id_index" on "event" ("call_id");`,
  ofTenant('event'),
];
const auditRest = [
  `create index "audit_log_tenant_id_id_index" on "audit_log" ("tenant_id", "id");`,
  `create index "audit_log_tenant_id_subject_subject_id_index" on "audit_log" ("tenant_id", "subject", "subject_id");`,
  ofTenant('audit_log'),
  `create trigger "immutable" BEFORE UPDATE OR DELETE on "audit_log" for each ROW execute function "audit_log_immutable_fn"();`,
];

const partitioned: readonly Partitioned[] = [
  {
    table: 'cdr',
    key: 'call_id',
    primary: '"call_id", "channel_uuid"',
    primaryBefore: '"id"',
    rest: cdrRest,
    restBefore: [
      ...cdrRest,
      `create index "cdr_call_id_index" on "cdr" ("call_id");`,
      `alter table "cdr" add constraint "cdr_channel_uuid_unique" unique ("channel_uuid");`,
    ],
    api: 'select',
  },
  {
    table: 'call_trace',
    key: 'call_id',
    primary: '"call_id", "step"',
    primaryBefore: '"call_id", "step"',
    rest: traceRest,
    restBefore: traceRest,
    api: 'select',
  },
  {
    table: 'event',
    key: 'id',
    primary: '"id"',
    primaryBefore: '"id"',
    rest: eventRest,
    restBefore: eventRest,
    api: 'select, insert',
  },
  {
    table: 'audit_log',
    key: 'id',
    primary: '"id"',
    primaryBefore: '"id"',
    rest: auditRest,
    restBefore: auditRest,
    api: 'select, insert',
  },
];

/** Row-level security and grants, which a new table has none of. */
const guarded = ({ table, api }: Partitioned): string[] => [
  `alter table "${table}" enable row level security;`,
  `alter table "${table}" force row level security;`,
  `create policy "daemon_all" on "${table}" to "callfabric_daemon" using (true) with check (true);`,
  `create policy "tenant_own" on "${table}" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
  `grant select, insert, update, delete on "${table}" to callfabric_daemon;`,
  `grant ${api} on "${table}" to callfabric_api;`,
];

/** Partitions of every month there are rows of, and of this one and the next two; ids that are no UUIDv7 of our days stay in the default. */
const months = ({ table, key }: Partitioned): string => `do $$
declare
  month date;
begin
  for month in
    select distinct date_trunc('month', to_timestamp(('x' || lpad(left(replace(${key}::text, '-', ''), 12), 16, '0'))::bit(64)::bigint / 1000.0) at time zone 'UTC')::date
      from "${table}_whole" where ${key} >= uuid_at('2020-01-01') and ${key} < uuid_at(now() + interval '3 months')
    union
    select (date_trunc('month', now() at time zone 'UTC') + ahead * interval '1 month')::date from generate_series(0, 2) ahead
    order by 1
  loop
    perform make_partition('${table}', month);
  end loop;
end $$;`;

/** From one table into another of the same columns: every row, then indexes and keys over all of them at once. */
const like = (table: string, by: string): string[] => [
  `alter table "${table}" rename to "${table}_whole";`,
  `create table "${table}" (like "${table}_whole" including defaults including constraints including storage)${by};`,
];
const copied = (table: string): string[] => [
  `insert into "${table}" select * from "${table}_whole";`,
  `drop table "${table}_whole";`,
];

export class Migration20261124225500_monthly_partitions extends Migration {
  override name = 'Migration20261124225500_monthly_partitions';

  override up(): void | Promise<void> {
    for (const sql of functions) this.addSql(sql);
    for (const each of partitioned) {
      const { table, key, primary, rest } = each;
      for (const sql of like(table, ` partition by range (${key})`)) this.addSql(sql);
      this.addSql(`create table "${table}_default" partition of "${table}" default;`);
      this.addSql(`alter table "${table}_default" enable row level security;`);
      this.addSql(`alter table "${table}_default" force row level security;`);
      this.addSql(
        `create policy daemon_all on "${table}_default" to callfabric_daemon using (true) with check (true);`,
      );
      this.addSql(
        `create policy tenant_own on "${table}_default" to callfabric_api using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
      );
      this.addSql(months(each));
      for (const sql of copied(table)) this.addSql(sql);
      this.addSql(`alter table "${table}" add primary key (${primary});`);
      for (const sql of [...rest, ...guarded(each)]) this.addSql(sql);
    }
  }

  override down(): void | Promise<void> {
    for (const each of partitioned) {
      const { table, primaryBefore, restBefore } = each;
      for (const sql of [...like(table, ''), ...copied(table)]) this.addSql(sql);
      this.addSql(`alter table "${table}" add primary key (${primaryBefore});`);
      for (const sql of [...restBefore, ...guarded(each)]) this.addSql(sql);
    }
    this.addSql('drop function drop_partitions(text, timestamptz);');
    this.addSql('drop function make_partition(text, date);');
    this.addSql('drop function uuid_at(timestamptz);');
  }
}
