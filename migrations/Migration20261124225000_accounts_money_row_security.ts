import { Migration } from '@mikro-orm/migrations';

/** What must be there before the tables. Two databases of one server may do this at the same moment: roles are the server's. */
const needs = [
  `do $$
declare
  name text;
  has boolean;
begin
  foreach name in array array['callfabric_daemon', 'callfabric_api'] loop
    begin
      if not exists (select 1 from pg_roles where rolname = name) then
        execute format('create role %I nologin', name);
      end if;
    exception when duplicate_object or unique_violation then
      null; -- another database's migration made it in between
    end;
    -- To take a role on (SET ROLE) is a right of its own since PostgreSQL 16.
    has := case when current_setting('server_version_num')::int >= 160000 then pg_has_role(name, 'SET')
      else pg_has_role(name, 'MEMBER') end and pg_has_role(name, 'USAGE');
    if not has then
      execute format('grant %I to current_user', name);
    end if;
  end loop;
exception when insufficient_privilege then
  raise exception 'The role "%" may not make or take on the database roles that row-level security needs. As an administrator run: CREATE ROLE callfabric_daemon NOLOGIN; CREATE ROLE callfabric_api NOLOGIN; GRANT callfabric_daemon, callfabric_api TO "%"; (leave out what is there already), then migrate again.', current_user, current_user
    using errcode = 'CF001';
end $$;`,
  // Everybody may use the schema public by default; not where an administrator took that away.
  `do $$
begin
  if not (has_schema_privilege('callfabric_daemon', current_schema, 'usage') and has_schema_privilege('callfabric_api', current_schema, 'usage')) then
    execute format('grant usage on schema %I to callfabric_daemon, callfabric_api', current_schema);
  end if;
end $$;`,
  `do $$
begin
  create extension if not exists btree_gist;
exception when insufficient_privilege or undefined_file then
  raise exception 'The role "%" cannot add the extension btree_gist, which keeps rates from overlapping (%). As an administrator run in this database: CREATE EXTENSION btree_gist; (Debian has it in postgresql-contrib or postgresql-<version>), then migrate again.', current_user, sqlerrm
    using errcode = 'CF001';
end $$;`,
  // Null where none is set: equal to no tenant.
  `create function current_tenant_id() returns uuid language sql stable parallel safe as $$ select nullif(current_setting('app.tenant_id', true), '')::uuid $$;`,
];

/** What the API may do with whole tables, row-level security beside it. What is not here it cannot touch. */
const grants = [
  `do $$ begin execute format('grant select, insert, update, delete on all tables in schema %I to callfabric_daemon', current_schema); end $$;`,
  `revoke insert, update, delete on mikro_orm_migrations from callfabric_daemon;`,
  `grant select, insert, update, delete on
    role, membership, publisher, rate_card, rate, buyer_group, buyer, buyer_endpoint, flow, flow_version, node, edge, schedule,
    campaign, campaign_buyer, campaign_publisher, phone_number, carrier, trunk, caller_id_pool, caller_id_number, tag,
    billing_account, dnc_list, dnc_entry, consent_token, idempotency_key
    to callfabric_api;`,
  `grant select on
    call, call_leg, call_attempt, cdr, call_trace, recording, transcription, balance, balance_reservation, ledger_entry,
    invoice, invoice_line, payout, webhook_delivery, feature_flag, stir_shaken_verification, tenant
    to callfabric_api;`,
  // Appended to, never changed.
  `grant select, insert on event, audit_log, conversion to callfabric_api;`,
  `grant update (name, updated_at) on tenant to callfabric_api;`,
  `grant update (status, paid_at, due_at, updated_at) on invoice to callfabric_api;`,
  `grant update (status, paid_at, reference, updated_at) on payout to callfabric_api;`,
  // To send one again.
  `grant update (status, next_try_at) on webhook_delivery to callfabric_api;`,
  // Secrets are written and never read back; who signs in is looked up by the daemon's role.
  `grant select (id, email, name, operator, enabled, last_sign_in_at, created_at, updated_at) on user_account to callfabric_api;`,
  `grant select (id, tenant_id, name, prefix, scopes, created_by_id, created_at, updated_at, last_used_at, expires_at, revoked_at), insert, update (name, scopes, expires_at, revoked_at, updated_at), delete on api_key to callfabric_api;`,
  `grant select (id, tenant_id, name, url, events, enabled, paused_reason, created_at, updated_at), insert, update, delete on webhook to callfabric_api;`,
];

/** Who uses the system, money, compliance, events; and row-level security on every table. */
export class Migration20261124225000_accounts_money_row_security extends Migration {
  override name = 'Migration20261124225000_accounts_money_row_security';

  override up(): void | Promise<void> {
    for (const sql of needs) this.addSql(sql);
    this.addSql(
      `create table "freeswitch_node" ("id" uuid not null, "name" text not null, "host" text not null, "port" int not null, "enabled" boolean not null default true, "version" text null, "core_uuid" text null, "last_seen_at" timestamptz(6) null, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `alter table "freeswitch_node" add constraint "freeswitch_node_name_unique" unique ("name");`,
    );

    this.addSql(
      `create table "tag" ("id" uuid not null, "tenant_id" uuid not null, "name" text not null, "description" text null, "color" text null, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(`alter table "tag" add constraint "tag_tenant_id_name_unique" unique ("tenant_id", "name");`);

    this.addSql(
      `create table "stir_shaken_verification" ("id" uuid not null, "tenant_id" uuid not null, "call_id" uuid not null, "result" text not null, "attestation" text null, "orig_id" text null, "certificate_url" text null, "verified_by" text not null, "reason" text null, "created_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `alter table "stir_shaken_verification" add constraint "stir_shaken_verification_call_id_unique" unique ("call_id");`,
    );
    this.addSql(
      `create index "stir_shaken_verification_tenant_id_created_at_index" on "stir_shaken_verification" ("tenant_id", "created_at");`,
    );

    this.addSql(
      `create table "schedule" ("id" uuid not null, "tenant_id" uuid not null, "name" text not null, "zone" text not null, "calendar" jsonb not null, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `alter table "schedule" add constraint "schedule_tenant_id_name_unique" unique ("tenant_id", "name");`,
    );

    this.addSql(
      `create table "role" ("id" uuid not null, "tenant_id" uuid null, "name" text not null, "description" text not null, "view" text not null, "scopes" text[] not null, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `alter table "role" add constraint "role_tenant_id_name_unique" unique ("tenant_id", "name");`,
    );
    this.addSql(`create unique index "role_platform_name" on "role" ("name") where tenant_id is null;`);

    this.addSql(
      `create table "rate_card" ("id" uuid not null, "tenant_id" uuid not null, "name" text not null, "kind" text not null, "currency" text not null, "zone" text not null default 'UTC', "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `alter table "rate_card" add constraint "rate_card_tenant_id_name_unique" unique ("tenant_id", "name");`,
    );

    this.addSql(
      `create table "rate" ("id" uuid not null, "tenant_id" uuid not null, "rate_card_id" uuid not null, "prefix" text not null default '', "connect_fee_micros" bigint not null default '0', "price_per_minute_micros" bigint not null, "first_increment_seconds" int not null default 60, "next_increment_seconds" int not null default 60, "minimum_seconds" int not null default 0, "grace_seconds" int not null default 0, "rounding" text not null default 'up', "decimals" int not null default 4, "valid_from" timestamptz(6) not null, "valid_until" timestamptz(6) null, "week_from" int not null default 0, "week_until" int not null default 10080, "created_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(`create index "rate_tenant_id_rate_card_id_index" on "rate" ("tenant_id", "rate_card_id");`);
    this.addSql(`create index "rate_rate_card_id_prefix_index" on "rate" ("rate_card_id", "prefix");`);

    this.addSql(
      `create table "idempotency_key" ("id" uuid not null, "tenant_id" uuid not null, "key" text not null, "method" text not null, "path" text not null, "request_hash" text not null, "response_status" int null, "response_body" jsonb null, "created_at" timestamptz(6) not null default now(), "expires_at" timestamptz(6) not null, primary key ("id"));`,
    );
    this.addSql(`create index "idempotency_key_expires_at_index" on "idempotency_key" ("expires_at");`);
    this.addSql(
      `alter table "idempotency_key" add constraint "idempotency_key_tenant_id_key_unique" unique ("tenant_id", "key");`,
    );

    this.addSql(
      `create table "feature_flag" ("id" uuid not null, "tenant_id" uuid null, "name" text not null, "description" text null, "enabled" boolean not null default false, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `alter table "feature_flag" add constraint "feature_flag_tenant_id_name_unique" unique ("tenant_id", "name");`,
    );
    this.addSql(
      `create unique index "feature_flag_platform_name" on "feature_flag" ("name") where tenant_id is null;`,
    );

    this.addSql(
      `create table "event" ("id" uuid not null, "tenant_id" uuid not null, "kind" text not null, "call_id" uuid null, "sequence" int null, "payload" jsonb not null, "occurred_at" timestamptz(6) not null, "written_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(`create index "event_tenant_id_id_index" on "event" ("tenant_id", "id");`);
    this.addSql(`create index "event_call_id_index" on "event" ("call_id");`);

    this.addSql(
      `create table "dnc_list" ("id" uuid not null, "tenant_id" uuid null, "name" text not null, "enabled" boolean not null default true, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `alter table "dnc_list" add constraint "dnc_list_tenant_id_name_unique" unique ("tenant_id", "name");`,
    );
    this.addSql(
      `create unique index "dnc_list_platform_name" on "dnc_list" ("name") where tenant_id is null;`,
    );

    this.addSql(
      `create table "dnc_entry" ("id" uuid not null, "tenant_id" uuid null, "list_id" uuid not null, "e164" text not null, "reason" text null, "created_at" timestamptz(6) not null default now(), "expires_at" timestamptz(6) null, primary key ("id"));`,
    );
    this.addSql(`create index "dnc_entry_tenant_id_list_id_index" on "dnc_entry" ("tenant_id", "list_id");`);
    this.addSql(`create index "dnc_entry_e164_index" on "dnc_entry" ("e164");`);
    this.addSql(
      `alter table "dnc_entry" add constraint "dnc_entry_list_id_e164_unique" unique ("list_id", "e164");`,
    );

    this.addSql(
      `create table "conversion" ("id" uuid not null, "tenant_id" uuid not null, "call_id" uuid not null, "version" int not null, "campaign_id" uuid null, "buyer_id" uuid null, "publisher_id" uuid null, "rule" text not null, "status" text not null, "currency" text not null, "price_micros" bigint not null, "payout_micros" bigint not null, "external_id" text null, "reason" text null, "created_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `create index "conversion_tenant_id_created_at_index" on "conversion" ("tenant_id", "created_at");`,
    );
    this.addSql(
      `create index "conversion_tenant_id_buyer_id_created_at_index" on "conversion" ("tenant_id", "buyer_id", "created_at");`,
    );
    this.addSql(
      `create index "conversion_tenant_id_publisher_id_created_at_index" on "conversion" ("tenant_id", "publisher_id", "created_at");`,
    );
    this.addSql(
      `alter table "conversion" add constraint "conversion_call_id_version_unique" unique ("call_id", "version");`,
    );
    this.addSql(
      `create unique index "conversion_external_once" on "conversion" ("tenant_id", "external_id") where external_id is not null;`,
    );

    this.addSql(
      `create table "consent_token" ("id" uuid not null, "tenant_id" uuid not null, "provider" text not null, "token" text not null, "e164" text null, "call_id" uuid null, "status" text not null default 'unchecked', "given_at" timestamptz(6) null, "expires_at" timestamptz(6) null, "evidence" jsonb null, "created_at" timestamptz(6) not null default now(), "checked_at" timestamptz(6) null, primary key ("id"));`,
    );
    this.addSql(
      `create index "consent_token_tenant_id_e164_index" on "consent_token" ("tenant_id", "e164");`,
    );
    this.addSql(`create index "consent_token_call_id_index" on "consent_token" ("call_id");`);
    this.addSql(
      `alter table "consent_token" add constraint "consent_token_tenant_id_provider_token_unique" unique ("tenant_id", "provider", "token");`,
    );

    this.addSql(
      `create table "campaign_publisher" ("id" uuid not null, "tenant_id" uuid not null, "campaign_id" uuid not null, "publisher_id" uuid not null, "rate_card_id" uuid null, "enabled" boolean not null default true, "max_calls" int null, primary key ("id"));`,
    );
    this.addSql(
      `create index "campaign_publisher_rate_card_id_index" on "campaign_publisher" ("rate_card_id");`,
    );
    this.addSql(
      `create index "campaign_publisher_tenant_id_campaign_id_index" on "campaign_publisher" ("tenant_id", "campaign_id");`,
    );
    this.addSql(
      `create index "campaign_publisher_publisher_id_index" on "campaign_publisher" ("publisher_id");`,
    );
    this.addSql(
      `alter table "campaign_publisher" add constraint "campaign_publisher_campaign_id_publisher_id_unique" unique ("campaign_id", "publisher_id");`,
    );

    this.addSql(
      `create table "caller_id_pool" ("id" uuid not null, "tenant_id" uuid not null, "name" text not null, "strategy" text not null default 'least_used', "enabled" boolean not null default true, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `alter table "caller_id_pool" add constraint "caller_id_pool_tenant_id_name_unique" unique ("tenant_id", "name");`,
    );

    this.addSql(
      `create table "caller_id_number" ("id" uuid not null, "tenant_id" uuid not null, "pool_id" uuid not null, "e164" text not null, "enabled" boolean not null default true, "weight" int not null default 1, "uses" bigint not null default '0', "last_used_at" timestamptz(6) null, "created_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `create index "caller_id_number_tenant_id_pool_id_index" on "caller_id_number" ("tenant_id", "pool_id");`,
    );
    this.addSql(
      `alter table "caller_id_number" add constraint "caller_id_number_pool_id_e164_unique" unique ("pool_id", "e164");`,
    );

    this.addSql(
      `create table "buyer_group" ("id" uuid not null, "tenant_id" uuid not null, "name" text not null, "max_calls" int null, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `alter table "buyer_group" add constraint "buyer_group_tenant_id_name_unique" unique ("tenant_id", "name");`,
    );

    this.addSql(
      `create table "billing_account" ("id" uuid not null, "tenant_id" uuid not null, "name" text not null, "kind" text not null, "currency" text not null, "buyer_id" uuid null, "publisher_id" uuid null, "carrier_id" uuid null, "rate_card_id" uuid null, "prepaid" boolean not null default false, "credit_limit_micros" bigint not null default '0', "enabled" boolean not null default true, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(`create index "billing_account_buyer_id_index" on "billing_account" ("buyer_id");`);
    this.addSql(`create index "billing_account_publisher_id_index" on "billing_account" ("publisher_id");`);
    this.addSql(`create index "billing_account_carrier_id_index" on "billing_account" ("carrier_id");`);
    this.addSql(`create index "billing_account_rate_card_id_index" on "billing_account" ("rate_card_id");`);
    this.addSql(
      `alter table "billing_account" add constraint "billing_account_tenant_id_name_unique" unique ("tenant_id", "name");`,
    );

    this.addSql(
      `create table "payout" ("id" uuid not null, "tenant_id" uuid not null, "account_id" uuid not null, "number" int null, "status" text not null default 'draft', "period_from" timestamptz(6) not null, "period_until" timestamptz(6) not null, "currency" text not null, "amount_micros" bigint not null, "issued_at" timestamptz(6) null, "paid_at" timestamptz(6) null, "reference" text null, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(`create index "payout_account_id_index" on "payout" ("account_id");`);
    this.addSql(`create index "payout_tenant_id_created_at_index" on "payout" ("tenant_id", "created_at");`);
    this.addSql(
      `alter table "payout" add constraint "payout_tenant_id_number_unique" unique ("tenant_id", "number");`,
    );

    this.addSql(
      `create table "ledger_entry" ("id" uuid not null, "tenant_id" uuid not null, "transaction_id" uuid not null, "account_id" uuid not null, "call_id" uuid null, "kind" text not null, "version" int not null default 1, "amount_micros" bigint not null, "currency" text not null, "reverses_id" uuid null, "note" text null, "created_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `create index "ledger_entry_tenant_id_created_at_index" on "ledger_entry" ("tenant_id", "created_at");`,
    );
    this.addSql(
      `create index "ledger_entry_account_id_created_at_index" on "ledger_entry" ("account_id", "created_at");`,
    );
    this.addSql(
      `alter table "ledger_entry" add constraint "ledger_entry_once_a_call" unique ("call_id", "kind", "version", "account_id");`,
    );
    this.addSql(
      `alter table "ledger_entry" add constraint "ledger_entry_transaction_id_account_id_unique" unique ("transaction_id", "account_id");`,
    );

    this.addSql(
      `create table "invoice" ("id" uuid not null, "tenant_id" uuid not null, "account_id" uuid not null, "kind" text not null default 'invoice', "number" int null, "status" text not null default 'draft', "credits_id" uuid null, "period_from" timestamptz(6) not null, "period_until" timestamptz(6) not null, "currency" text not null, "total_micros" bigint not null default '0', "issued_at" timestamptz(6) null, "due_at" timestamptz(6) null, "paid_at" timestamptz(6) null, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(`create index "invoice_account_id_index" on "invoice" ("account_id");`);
    this.addSql(
      `create index "invoice_tenant_id_created_at_index" on "invoice" ("tenant_id", "created_at");`,
    );
    this.addSql(
      `alter table "invoice" add constraint "invoice_tenant_id_number_unique" unique ("tenant_id", "number");`,
    );

    this.addSql(
      `create table "invoice_line" ("id" uuid not null, "tenant_id" uuid not null, "invoice_id" uuid not null, "number" int not null, "description" text not null, "calls" int null, "bill_seconds" bigint null, "amount_micros" bigint not null, primary key ("id"));`,
    );
    this.addSql(`create index "invoice_line_tenant_id_index" on "invoice_line" ("tenant_id");`);
    this.addSql(
      `alter table "invoice_line" add constraint "invoice_line_invoice_id_number_unique" unique ("invoice_id", "number");`,
    );

    this.addSql(
      `create table "balance_reservation" ("id" uuid not null, "tenant_id" uuid not null, "account_id" uuid not null, "call_id" uuid not null, "amount_micros" bigint not null, "status" text not null default 'held', "created_at" timestamptz(6) not null default now(), "expires_at" timestamptz(6) not null, "ended_at" timestamptz(6) null, primary key ("id"));`,
    );
    this.addSql(
      `create index "balance_reservation_account_id_index" on "balance_reservation" ("account_id");`,
    );
    this.addSql(
      `create index "balance_reservation_tenant_id_created_at_index" on "balance_reservation" ("tenant_id", "created_at");`,
    );
    this.addSql(
      `create index "balance_reservation_held" on "balance_reservation" ("expires_at") where status = 'held';`,
    );
    this.addSql(
      `alter table "balance_reservation" add constraint "balance_reservation_call_id_account_id_unique" unique ("call_id", "account_id");`,
    );

    this.addSql(
      `create table "balance" ("account_id" uuid not null, "tenant_id" uuid not null, "amount_micros" bigint not null default '0', "reserved_micros" bigint not null default '0', "updated_at" timestamptz(6) not null default now(), primary key ("account_id"));`,
    );
    this.addSql(`create index "balance_tenant_id_index" on "balance" ("tenant_id");`);

    this.addSql(
      `create table "audit_log" ("id" uuid not null, "tenant_id" uuid null, "actor_kind" text not null, "actor_id" uuid null, "action" text not null, "subject" text not null, "subject_id" uuid null, "before" jsonb null, "after" jsonb null, "remote_address" text null, "request_id" text null, "at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(`create index "audit_log_tenant_id_id_index" on "audit_log" ("tenant_id", "id");`);
    this.addSql(
      `create index "audit_log_tenant_id_subject_subject_id_index" on "audit_log" ("tenant_id", "subject", "subject_id");`,
    );

    this.addSql(
      `create table "transcription" ("id" uuid not null, "tenant_id" uuid not null, "recording_id" uuid not null, "call_id" uuid not null, "status" text not null default 'pending', "engine" text not null, "language" text null, "text" text null, "segments" jsonb null, "reason" text null, "created_at" timestamptz(6) not null default now(), "finished_at" timestamptz(6) null, primary key ("id"));`,
    );
    this.addSql(
      `create index "transcription_tenant_id_created_at_index" on "transcription" ("tenant_id", "created_at");`,
    );
    this.addSql(`create index "transcription_call_id_index" on "transcription" ("call_id");`);
    this.addSql(
      `alter table "transcription" add constraint "transcription_recording_id_engine_unique" unique ("recording_id", "engine");`,
    );

    this.addSql(
      `create table "user_account" ("id" uuid not null, "email" text not null, "name" text not null, "password_hash" text not null, "operator" boolean not null default false, "enabled" boolean not null default true, "last_sign_in_at" timestamptz(6) null, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(`alter table "user_account" add constraint "user_account_email_unique" unique ("email");`);

    this.addSql(
      `create table "session" ("id" uuid not null, "user_id" uuid not null, "token_hash" text not null, "remote_address" text null, "user_agent" text null, "created_at" timestamptz(6) not null default now(), "last_used_at" timestamptz(6) null, "expires_at" timestamptz(6) not null, "revoked_at" timestamptz(6) null, primary key ("id"));`,
    );
    this.addSql(`create index "session_user_id_index" on "session" ("user_id");`);
    this.addSql(`alter table "session" add constraint "session_token_hash_unique" unique ("token_hash");`);
    this.addSql(`create index "session_expires_at_index" on "session" ("expires_at");`);

    this.addSql(
      `create table "membership" ("id" uuid not null, "tenant_id" uuid not null, "user_id" uuid not null, "role_id" uuid not null, "publisher_id" uuid null, "buyer_id" uuid null, "created_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(`create index "membership_user_id_index" on "membership" ("user_id");`);
    this.addSql(`create index "membership_role_id_index" on "membership" ("role_id");`);
    this.addSql(`create index "membership_publisher_id_index" on "membership" ("publisher_id");`);
    this.addSql(`create index "membership_buyer_id_index" on "membership" ("buyer_id");`);
    this.addSql(
      `alter table "membership" add constraint "membership_tenant_id_user_id_unique" unique ("tenant_id", "user_id");`,
    );

    this.addSql(
      `create table "api_key" ("id" uuid not null, "tenant_id" uuid not null, "name" text not null, "prefix" text not null, "secret_hash" text not null, "scopes" text[] not null, "created_by_id" uuid null, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), "last_used_at" timestamptz(6) null, "expires_at" timestamptz(6) null, "revoked_at" timestamptz(6) null, primary key ("id"));`,
    );
    this.addSql(`alter table "api_key" add constraint "api_key_prefix_unique" unique ("prefix");`);
    this.addSql(`create index "api_key_created_by_id_index" on "api_key" ("created_by_id");`);
    this.addSql(
      `alter table "api_key" add constraint "api_key_tenant_id_name_unique" unique ("tenant_id", "name");`,
    );

    this.addSql(
      `create table "webhook" ("id" uuid not null, "tenant_id" uuid not null, "name" text not null, "url" text not null, "secret" text not null, "events" text[] not null default '{}', "enabled" boolean not null default true, "paused_reason" text null, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `alter table "webhook" add constraint "webhook_tenant_id_name_unique" unique ("tenant_id", "name");`,
    );

    this.addSql(
      `create table "webhook_delivery" ("id" uuid not null, "tenant_id" uuid not null, "webhook_id" uuid not null, "event_id" uuid not null, "call_id" uuid null, "status" text not null default 'pending', "tries" int not null default 0, "next_try_at" timestamptz(6) null, "response_status" int null, "response" text null, "duration_ms" int null, "created_at" timestamptz(6) not null default now(), "delivered_at" timestamptz(6) null, primary key ("id"));`,
    );
    this.addSql(
      `create index "webhook_delivery_tenant_id_created_at_index" on "webhook_delivery" ("tenant_id", "created_at");`,
    );
    this.addSql(
      `create index "webhook_delivery_pending" on "webhook_delivery" ("next_try_at") where status = 'pending';`,
    );
    this.addSql(
      `alter table "webhook_delivery" add constraint "webhook_delivery_webhook_id_event_id_unique" unique ("webhook_id", "event_id");`,
    );

    this.addSql(`alter table "tenant" add "deleting_since" timestamptz(6) null;`);
    this.addSql(`alter table "tenant" enable row level security;`);
    this.addSql(`alter table "tenant" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "tenant" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "tenant" to "callfabric_api" using (id = current_tenant_id()) with check (id = current_tenant_id());`,
    );

    this.addSql(`alter table "publisher" enable row level security;`);
    this.addSql(`alter table "publisher" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "publisher" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "publisher" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(`alter table "held_call" enable row level security;`);
    this.addSql(`alter table "held_call" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "held_call" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "held_call" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(`alter table "flow" enable row level security;`);
    this.addSql(`alter table "flow" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "flow" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "flow" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(`drop trigger if exists "keep_published" on "flow_version";`);
    this.addSql(`drop function if exists "flow_version_keep_published_fn"();`);
    this.addSql(
      `create or replace function "flow_version_one_tenant_fn"() returns trigger as $$ begin if new.flow_id is not null and new.flow_id is distinct from old.flow_id and not exists (select 1 from flow where id = new.flow_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'flow_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "flow_version" for each ROW execute function "flow_version_one_tenant_fn"();`,
    );
    this.addSql(
      `create or replace function "flow_version_keep_published_fn"() returns trigger as $$ begin if old.status = 'draft' then return coalesce(new, old); end if; if tg_op = 'DELETE' then if exists (select 1 from flow join tenant on tenant.id = flow.tenant_id and tenant.deleting_since is null where flow.id = old.flow_id) then raise exception 'flow version % was published and cannot be deleted', old.id using errcode = 'restrict_violation'; end if; return old; end if; if new.status = 'draft' or (to_jsonb(new) - 'status' - 'published_at') is distinct from (to_jsonb(old) - 'status' - 'published_at') then raise exception 'flow version % was published and cannot be changed: make a new version', old.id using errcode = 'restrict_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "keep_published" BEFORE UPDATE OR DELETE on "flow_version" for each ROW execute function "flow_version_keep_published_fn"();`,
    );
    this.addSql(`alter table "flow_version" enable row level security;`);
    this.addSql(`alter table "flow_version" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "flow_version" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "flow_version" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(`drop trigger if exists "draft_only" on "node";`);
    this.addSql(`drop function if exists "node_draft_only_fn"();`);
    this.addSql(
      `create or replace function "node_one_tenant_fn"() returns trigger as $$ begin if new.flow_version_id is not null and new.flow_version_id is distinct from old.flow_version_id and not exists (select 1 from flow_version where id = new.flow_version_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'flow_version_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "node" for each ROW execute function "node_one_tenant_fn"();`,
    );
    this.addSql(
      `create or replace function "node_draft_only_fn"() returns trigger as $$ begin if exists (select 1 from flow_version join tenant on tenant.id = flow_version.tenant_id and tenant.deleting_since is null where flow_version.id = coalesce(new.flow_version_id, old.flow_version_id) and flow_version.status <> 'draft') then raise exception 'flow version % was published and cannot be changed: make a new version', coalesce(new.flow_version_id, old.flow_version_id) using errcode = 'restrict_violation'; end if; return coalesce(new, old); end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "draft_only" BEFORE INSERT OR UPDATE OR DELETE on "node" for each ROW execute function "node_draft_only_fn"();`,
    );
    this.addSql(`alter table "node" enable row level security;`);
    this.addSql(`alter table "node" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "node" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "node" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(`drop trigger if exists "draft_only" on "edge";`);
    this.addSql(`drop function if exists "edge_draft_only_fn"();`);
    this.addSql(
      `create or replace function "edge_one_tenant_fn"() returns trigger as $$ begin if new.flow_version_id is not null and new.flow_version_id is distinct from old.flow_version_id and not exists (select 1 from flow_version where id = new.flow_version_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'flow_version_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "edge" for each ROW execute function "edge_one_tenant_fn"();`,
    );
    this.addSql(
      `create or replace function "edge_draft_only_fn"() returns trigger as $$ begin if exists (select 1 from flow_version join tenant on tenant.id = flow_version.tenant_id and tenant.deleting_since is null where flow_version.id = coalesce(new.flow_version_id, old.flow_version_id) and flow_version.status <> 'draft') then raise exception 'flow version % was published and cannot be changed: make a new version', coalesce(new.flow_version_id, old.flow_version_id) using errcode = 'restrict_violation'; end if; return coalesce(new, old); end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "draft_only" BEFORE INSERT OR UPDATE OR DELETE on "edge" for each ROW execute function "edge_draft_only_fn"();`,
    );
    this.addSql(`alter table "edge" enable row level security;`);
    this.addSql(`alter table "edge" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "edge" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "edge" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(`alter table "cdr" enable row level security;`);
    this.addSql(`alter table "cdr" force row level security;`);
    this.addSql(`create policy "daemon_all" on "cdr" to "callfabric_daemon" using (true) with check (true);`);
    this.addSql(
      `create policy "tenant_own" on "cdr" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(`alter table "carrier" enable row level security;`);
    this.addSql(`alter table "carrier" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "carrier" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "carrier" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(`alter table "campaign" add "price_card_id" uuid null, add "payout_card_id" uuid null;`);
    this.addSql(
      `alter table "campaign" add constraint "campaign_price_card_id_foreign" foreign key ("price_card_id") references "rate_card" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "campaign" add constraint "campaign_payout_card_id_foreign" foreign key ("payout_card_id") references "rate_card" ("id") on delete set null;`,
    );
    this.addSql(`create index "campaign_price_card_id_index" on "campaign" ("price_card_id");`);
    this.addSql(`create index "campaign_payout_card_id_index" on "campaign" ("payout_card_id");`);
    this.addSql(
      `create or replace function "campaign_one_tenant_fn"() returns trigger as $$ begin if new.flow_id is not null and new.flow_id is distinct from old.flow_id and not exists (select 1 from flow where id = new.flow_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'flow_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; if new.price_card_id is not null and new.price_card_id is distinct from old.price_card_id and not exists (select 1 from rate_card where id = new.price_card_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'price_card_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; if new.payout_card_id is not null and new.payout_card_id is distinct from old.payout_card_id and not exists (select 1 from rate_card where id = new.payout_card_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'payout_card_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "campaign" for each ROW execute function "campaign_one_tenant_fn"();`,
    );
    this.addSql(`alter table "campaign" enable row level security;`);
    this.addSql(`alter table "campaign" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "campaign" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "campaign" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `create or replace function "phone_number_one_tenant_fn"() returns trigger as $$ begin if new.campaign_id is not null and new.campaign_id is distinct from old.campaign_id and not exists (select 1 from campaign where id = new.campaign_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'campaign_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; if new.publisher_id is not null and new.publisher_id is distinct from old.publisher_id and not exists (select 1 from publisher where id = new.publisher_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'publisher_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "phone_number" for each ROW execute function "phone_number_one_tenant_fn"();`,
    );
    this.addSql(`alter table "phone_number" enable row level security;`);
    this.addSql(`alter table "phone_number" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "phone_number" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "phone_number" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(`alter table "call_leg" enable row level security;`);
    this.addSql(`alter table "call_leg" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "call_leg" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "call_leg" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `create index "call_tenant_id_publisher_id_started_at_index" on "call" ("tenant_id", "publisher_id", "started_at");`,
    );
    this.addSql(
      `create index "call_tenant_id_buyer_id_started_at_index" on "call" ("tenant_id", "buyer_id", "started_at");`,
    );
    this.addSql(
      `create index "call_tenant_id_caller_started_at_index" on "call" ("tenant_id", "caller", "started_at");`,
    );
    this.addSql(
      `create index "call_tenant_id_did_started_at_index" on "call" ("tenant_id", "did", "started_at");`,
    );
    this.addSql(
      `create index "call_tenant_id_outcome_started_at_index" on "call" ("tenant_id", "outcome", "started_at");`,
    );
    this.addSql(`create index "call_tags_index" on "call" using gin ("tags");`);
    this.addSql(`alter table "call" enable row level security;`);
    this.addSql(`alter table "call" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "call" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "call" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `create index "recording_tenant_id_started_at_index" on "recording" ("tenant_id", "started_at");`,
    );
    this.addSql(`alter table "recording" enable row level security;`);
    this.addSql(`alter table "recording" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "recording" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "recording" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(`alter table "call_trace" enable row level security;`);
    this.addSql(`alter table "call_trace" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "call_trace" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "call_trace" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(`alter table "call_attempt" enable row level security;`);
    this.addSql(`alter table "call_attempt" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "call_attempt" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "call_attempt" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(`alter table "buyer" add "group_id" uuid null;`);
    this.addSql(
      `alter table "buyer" add constraint "buyer_group_id_foreign" foreign key ("group_id") references "buyer_group" ("id") on delete set null;`,
    );
    this.addSql(`create index "buyer_group_id_index" on "buyer" ("group_id");`);
    this.addSql(
      `create or replace function "buyer_one_tenant_fn"() returns trigger as $$ begin if new.group_id is not null and new.group_id is distinct from old.group_id and not exists (select 1 from buyer_group where id = new.group_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'group_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "buyer" for each ROW execute function "buyer_one_tenant_fn"();`,
    );
    this.addSql(`alter table "buyer" enable row level security;`);
    this.addSql(`alter table "buyer" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "buyer" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "buyer" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(`alter table "campaign_buyer" add "rate_card_id" uuid null;`);
    this.addSql(
      `alter table "campaign_buyer" add constraint "campaign_buyer_rate_card_id_foreign" foreign key ("rate_card_id") references "rate_card" ("id") on delete set null;`,
    );
    this.addSql(`create index "campaign_buyer_rate_card_id_index" on "campaign_buyer" ("rate_card_id");`);
    this.addSql(
      `create or replace function "campaign_buyer_one_tenant_fn"() returns trigger as $$ begin if new.campaign_id is not null and new.campaign_id is distinct from old.campaign_id and not exists (select 1 from campaign where id = new.campaign_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'campaign_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; if new.buyer_id is not null and new.buyer_id is distinct from old.buyer_id and not exists (select 1 from buyer where id = new.buyer_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'buyer_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; if new.rate_card_id is not null and new.rate_card_id is distinct from old.rate_card_id and not exists (select 1 from rate_card where id = new.rate_card_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'rate_card_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "campaign_buyer" for each ROW execute function "campaign_buyer_one_tenant_fn"();`,
    );
    this.addSql(`alter table "campaign_buyer" enable row level security;`);
    this.addSql(`alter table "campaign_buyer" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "campaign_buyer" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "campaign_buyer" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `create or replace function "buyer_endpoint_one_tenant_fn"() returns trigger as $$ begin if new.buyer_id is not null and new.buyer_id is distinct from old.buyer_id and not exists (select 1 from buyer where id = new.buyer_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'buyer_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "buyer_endpoint" for each ROW execute function "buyer_endpoint_one_tenant_fn"();`,
    );
    this.addSql(`alter table "buyer_endpoint" enable row level security;`);
    this.addSql(`alter table "buyer_endpoint" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "buyer_endpoint" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "buyer_endpoint" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(`alter table "trunk" add "rate_card_id" uuid null;`);
    this.addSql(
      `alter table "trunk" add constraint "trunk_rate_card_id_foreign" foreign key ("rate_card_id") references "rate_card" ("id") on delete set null;`,
    );
    this.addSql(`create index "trunk_rate_card_id_index" on "trunk" ("rate_card_id");`);
    this.addSql(
      `create or replace function "trunk_one_tenant_fn"() returns trigger as $$ begin if new.carrier_id is not null and new.carrier_id is distinct from old.carrier_id and not exists (select 1 from carrier where id = new.carrier_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'carrier_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; if new.rate_card_id is not null and new.rate_card_id is distinct from old.rate_card_id and not exists (select 1 from rate_card where id = new.rate_card_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'rate_card_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "trunk" for each ROW execute function "trunk_one_tenant_fn"();`,
    );
    this.addSql(`alter table "trunk" enable row level security;`);
    this.addSql(`alter table "trunk" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "trunk" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "trunk" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "freeswitch_node" add constraint "freeswitch_node_name_check" check (name ~ '^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$');`,
    );
    this.addSql(
      `alter table "freeswitch_node" add constraint "freeswitch_node_port_check" check (port >= 1 and port <= 65535);`,
    );
    this.addSql(`alter table "freeswitch_node" enable row level security;`);
    this.addSql(`alter table "freeswitch_node" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "freeswitch_node" to "callfabric_daemon" using (true) with check (true);`,
    );

    this.addSql(
      `alter table "tag" add constraint "tag_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(`alter table "tag" add constraint "tag_name_check" check (name <> '');`);
    this.addSql(`alter table "tag" add constraint "tag_color_check" check (color ~ '^#[0-9a-f]{6}$');`);
    this.addSql(`alter table "tag" enable row level security;`);
    this.addSql(`alter table "tag" force row level security;`);
    this.addSql(`create policy "daemon_all" on "tag" to "callfabric_daemon" using (true) with check (true);`);
    this.addSql(
      `create policy "tenant_own" on "tag" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "stir_shaken_verification" add constraint "stir_shaken_verification_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "stir_shaken_verification" add constraint "stir_shaken_verification_result_check" check ("result" in ('passed', 'failed', 'no_identity'));`,
    );
    this.addSql(
      `alter table "stir_shaken_verification" add constraint "stir_shaken_verification_attestation_check" check ("attestation" in ('A', 'B', 'C'));`,
    );
    this.addSql(
      `alter table "stir_shaken_verification" add constraint "stir_shaken_verification_verified_by_check" check ("verified_by" in ('carrier', 'callfabric'));`,
    );
    this.addSql(`alter table "stir_shaken_verification" enable row level security;`);
    this.addSql(`alter table "stir_shaken_verification" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "stir_shaken_verification" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "stir_shaken_verification" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "schedule" add constraint "schedule_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `create or replace function "schedule_notify_changed_fn"() returns trigger as $$ begin if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.tenant_id::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.tenant_id::text); end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "notify_changed" AFTER INSERT OR UPDATE OR DELETE on "schedule" for each ROW execute function "schedule_notify_changed_fn"();`,
    );
    this.addSql(`alter table "schedule" enable row level security;`);
    this.addSql(`alter table "schedule" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "schedule" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "schedule" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "role" add constraint "role_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "role" add constraint "role_name_check" check (name ~ '^[a-z][a-z0-9_-]{0,62}$');`,
    );
    this.addSql(
      `alter table "role" add constraint "role_view_check" check ("view" in ('tenant', 'publisher', 'buyer'));`,
    );
    this.addSql(`alter table "role" enable row level security;`);
    this.addSql(`alter table "role" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "role" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "role" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );
    this.addSql(
      `create policy "platform_rows" on "role" for select to "callfabric_api" using (tenant_id IS NULL);`,
    );

    this.addSql(
      `alter table "rate_card" add constraint "rate_card_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "rate_card" add constraint "rate_card_currency_check" check (currency ~ '^[A-Z]{3}$');`,
    );
    this.addSql(
      `alter table "rate_card" add constraint "rate_card_kind_check" check ("kind" in ('price', 'payout', 'cost'));`,
    );
    this.addSql(`alter table "rate_card" enable row level security;`);
    this.addSql(`alter table "rate_card" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "rate_card" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "rate_card" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "rate" add constraint "rate_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "rate" add constraint "rate_rate_card_id_foreign" foreign key ("rate_card_id") references "rate_card" ("id") on delete cascade;`,
    );
    this.addSql(`alter table "rate" add constraint "rate_validity" check (valid_until > valid_from);`);
    this.addSql(
      `alter table "rate" add constraint "rate_week" check (week_from >= 0 and week_until > week_from and week_until <= 10080);`,
    );
    this.addSql(
      `alter table "rate" add constraint "rate_one_at_a_time" exclude using gist (rate_card_id with =, prefix with =, tstzrange(valid_from, valid_until) with &&, int4range(week_from, week_until) with &&);`,
    );
    this.addSql(`alter table "rate" add constraint "rate_prefix_check" check (prefix ~ '^[0-9]{0,15}$');`);
    this.addSql(
      `alter table "rate" add constraint "rate_connect_fee_micros_check" check (connect_fee_micros >= 0);`,
    );
    this.addSql(
      `alter table "rate" add constraint "rate_price_per_minute_micros_check" check (price_per_minute_micros >= 0);`,
    );
    this.addSql(
      `alter table "rate" add constraint "rate_first_increment_seconds_check" check (first_increment_seconds > 0);`,
    );
    this.addSql(
      `alter table "rate" add constraint "rate_next_increment_seconds_check" check (next_increment_seconds > 0);`,
    );
    this.addSql(
      `alter table "rate" add constraint "rate_minimum_seconds_check" check (minimum_seconds >= 0);`,
    );
    this.addSql(`alter table "rate" add constraint "rate_grace_seconds_check" check (grace_seconds >= 0);`);
    this.addSql(
      `alter table "rate" add constraint "rate_decimals_check" check (decimals >= 0 and decimals <= 6);`,
    );
    this.addSql(
      `alter table "rate" add constraint "rate_rounding_check" check ("rounding" in ('up', 'half_up', 'down'));`,
    );
    this.addSql(
      `create or replace function "rate_one_tenant_fn"() returns trigger as $$ begin if new.rate_card_id is not null and new.rate_card_id is distinct from old.rate_card_id and not exists (select 1 from rate_card where id = new.rate_card_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'rate_card_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "rate" for each ROW execute function "rate_one_tenant_fn"();`,
    );
    this.addSql(`alter table "rate" enable row level security;`);
    this.addSql(`alter table "rate" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "rate" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "rate" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "idempotency_key" add constraint "idempotency_key_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "idempotency_key" add constraint "idempotency_key_key_check" check (length(key) >= 1 and length(key) <= 255);`,
    );
    this.addSql(
      `alter table "idempotency_key" add constraint "idempotency_key_request_hash_check" check (request_hash ~ '^[0-9a-f]{64}$');`,
    );
    this.addSql(`alter table "idempotency_key" enable row level security;`);
    this.addSql(`alter table "idempotency_key" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "idempotency_key" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "idempotency_key" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "feature_flag" add constraint "feature_flag_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "feature_flag" add constraint "feature_flag_name_check" check (name ~ '^[a-z][a-z0-9_]{0,62}$');`,
    );
    this.addSql(
      `create or replace function "feature_flag_notify_changed_fn"() returns trigger as $$ begin if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.tenant_id::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.tenant_id::text); end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "notify_changed" AFTER INSERT OR UPDATE OR DELETE on "feature_flag" for each ROW execute function "feature_flag_notify_changed_fn"();`,
    );
    this.addSql(`alter table "feature_flag" enable row level security;`);
    this.addSql(`alter table "feature_flag" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "feature_flag" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "feature_flag" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );
    this.addSql(
      `create policy "platform_rows" on "feature_flag" for select to "callfabric_api" using (tenant_id IS NULL);`,
    );

    this.addSql(
      `alter table "event" add constraint "event_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "event" add constraint "event_kind_check" check (kind ~ '^[a-z]+([._][a-z]+)*$');`,
    );
    this.addSql(`alter table "event" enable row level security;`);
    this.addSql(`alter table "event" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "event" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "event" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "dnc_list" add constraint "dnc_list_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(`alter table "dnc_list" enable row level security;`);
    this.addSql(`alter table "dnc_list" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "dnc_list" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "dnc_list" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );
    this.addSql(
      `create policy "platform_rows" on "dnc_list" for select to "callfabric_api" using (tenant_id IS NULL);`,
    );

    this.addSql(
      `alter table "dnc_entry" add constraint "dnc_entry_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "dnc_entry" add constraint "dnc_entry_list_id_foreign" foreign key ("list_id") references "dnc_list" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "dnc_entry" add constraint "dnc_entry_e164_check" check (e164 ~ '^\\+[1-9][0-9]{6,14}$');`,
    );
    this.addSql(
      `create or replace function "dnc_entry_one_tenant_fn"() returns trigger as $$ begin if new.list_id is not null and new.list_id is distinct from old.list_id and not exists (select 1 from dnc_list where id = new.list_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'list_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "dnc_entry" for each ROW execute function "dnc_entry_one_tenant_fn"();`,
    );
    this.addSql(`alter table "dnc_entry" enable row level security;`);
    this.addSql(`alter table "dnc_entry" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "dnc_entry" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "dnc_entry" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );
    this.addSql(
      `create policy "platform_rows" on "dnc_entry" for select to "callfabric_api" using (tenant_id IS NULL);`,
    );

    this.addSql(
      `alter table "conversion" add constraint "conversion_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(`alter table "conversion" add constraint "conversion_version_check" check (version >= 1);`);
    this.addSql(
      `alter table "conversion" add constraint "conversion_currency_check" check (currency ~ '^[A-Z]{3}$');`,
    );
    this.addSql(
      `alter table "conversion" add constraint "conversion_price_micros_check" check (price_micros >= 0);`,
    );
    this.addSql(
      `alter table "conversion" add constraint "conversion_payout_micros_check" check (payout_micros >= 0);`,
    );
    this.addSql(
      `alter table "conversion" add constraint "conversion_rule_check" check ("rule" in ('connect', 'duration', 'keypress', 'postback', 'correction'));`,
    );
    this.addSql(
      `alter table "conversion" add constraint "conversion_status_check" check ("status" in ('converted', 'duplicate', 'withdrawn'));`,
    );
    this.addSql(
      `create or replace function "conversion_immutable_fn"() returns trigger as $$ begin if tg_op = 'DELETE' and not exists (select 1 from tenant where id = old.tenant_id and deleting_since is null) then return old; end if; raise exception 'a conversion cannot be changed: write another that corrects it' using errcode = 'restrict_violation'; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "immutable" BEFORE UPDATE OR DELETE on "conversion" for each ROW execute function "conversion_immutable_fn"();`,
    );
    this.addSql(`alter table "conversion" enable row level security;`);
    this.addSql(`alter table "conversion" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "conversion" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "conversion" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "consent_token" add constraint "consent_token_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "consent_token" add constraint "consent_token_e164_check" check (e164 ~ '^\\+[1-9][0-9]{6,14}$');`,
    );
    this.addSql(
      `alter table "consent_token" add constraint "consent_token_provider_check" check ("provider" in ('trusted_form', 'jornaya', 'first_party'));`,
    );
    this.addSql(
      `alter table "consent_token" add constraint "consent_token_status_check" check ("status" in ('unchecked', 'valid', 'expired', 'mismatch', 'invalid'));`,
    );
    this.addSql(`alter table "consent_token" enable row level security;`);
    this.addSql(`alter table "consent_token" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "consent_token" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "consent_token" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "campaign_publisher" add constraint "campaign_publisher_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "campaign_publisher" add constraint "campaign_publisher_campaign_id_foreign" foreign key ("campaign_id") references "campaign" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "campaign_publisher" add constraint "campaign_publisher_publisher_id_foreign" foreign key ("publisher_id") references "publisher" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "campaign_publisher" add constraint "campaign_publisher_rate_card_id_foreign" foreign key ("rate_card_id") references "rate_card" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "campaign_publisher" add constraint "campaign_publisher_max_calls_check" check (max_calls >= 0);`,
    );
    this.addSql(
      `create or replace function "campaign_publisher_notify_changed_fn"() returns trigger as $$ begin if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.tenant_id::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.tenant_id::text); end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "notify_changed" AFTER INSERT OR UPDATE OR DELETE on "campaign_publisher" for each ROW execute function "campaign_publisher_notify_changed_fn"();`,
    );
    this.addSql(
      `create or replace function "campaign_publisher_one_tenant_fn"() returns trigger as $$ begin if new.campaign_id is not null and new.campaign_id is distinct from old.campaign_id and not exists (select 1 from campaign where id = new.campaign_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'campaign_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; if new.publisher_id is not null and new.publisher_id is distinct from old.publisher_id and not exists (select 1 from publisher where id = new.publisher_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'publisher_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; if new.rate_card_id is not null and new.rate_card_id is distinct from old.rate_card_id and not exists (select 1 from rate_card where id = new.rate_card_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'rate_card_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "campaign_publisher" for each ROW execute function "campaign_publisher_one_tenant_fn"();`,
    );
    this.addSql(`alter table "campaign_publisher" enable row level security;`);
    this.addSql(`alter table "campaign_publisher" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "campaign_publisher" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "campaign_publisher" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "caller_id_pool" add constraint "caller_id_pool_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "caller_id_pool" add constraint "caller_id_pool_strategy_check" check ("strategy" in ('local_presence', 'least_used', 'sticky'));`,
    );
    this.addSql(
      `create or replace function "caller_id_pool_notify_changed_fn"() returns trigger as $$ begin if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.tenant_id::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.tenant_id::text); end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "notify_changed" AFTER INSERT OR UPDATE OR DELETE on "caller_id_pool" for each ROW execute function "caller_id_pool_notify_changed_fn"();`,
    );
    this.addSql(`alter table "caller_id_pool" enable row level security;`);
    this.addSql(`alter table "caller_id_pool" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "caller_id_pool" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "caller_id_pool" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "caller_id_number" add constraint "caller_id_number_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "caller_id_number" add constraint "caller_id_number_pool_id_foreign" foreign key ("pool_id") references "caller_id_pool" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "caller_id_number" add constraint "caller_id_number_e164_check" check (e164 ~ '^\\+[1-9][0-9]{6,14}$');`,
    );
    this.addSql(
      `alter table "caller_id_number" add constraint "caller_id_number_weight_check" check (weight >= 0);`,
    );
    this.addSql(
      `alter table "caller_id_number" add constraint "caller_id_number_uses_check" check (uses >= 0);`,
    );
    this.addSql(
      `create or replace function "caller_id_number_notify_changed_fn"() returns trigger as $$ begin if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.tenant_id::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.tenant_id::text); end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "notify_changed" AFTER INSERT OR UPDATE OR DELETE on "caller_id_number" for each ROW execute function "caller_id_number_notify_changed_fn"();`,
    );
    this.addSql(
      `create or replace function "caller_id_number_one_tenant_fn"() returns trigger as $$ begin if new.pool_id is not null and new.pool_id is distinct from old.pool_id and not exists (select 1 from caller_id_pool where id = new.pool_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'pool_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "caller_id_number" for each ROW execute function "caller_id_number_one_tenant_fn"();`,
    );
    this.addSql(`alter table "caller_id_number" enable row level security;`);
    this.addSql(`alter table "caller_id_number" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "caller_id_number" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "caller_id_number" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "buyer_group" add constraint "buyer_group_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "buyer_group" add constraint "buyer_group_max_calls_check" check (max_calls >= 0);`,
    );
    this.addSql(
      `create or replace function "buyer_group_notify_changed_fn"() returns trigger as $$ begin if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.tenant_id::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.tenant_id::text); end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "notify_changed" AFTER INSERT OR UPDATE OR DELETE on "buyer_group" for each ROW execute function "buyer_group_notify_changed_fn"();`,
    );
    this.addSql(`alter table "buyer_group" enable row level security;`);
    this.addSql(`alter table "buyer_group" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "buyer_group" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "buyer_group" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "billing_account" add constraint "billing_account_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "billing_account" add constraint "billing_account_buyer_id_foreign" foreign key ("buyer_id") references "buyer" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "billing_account" add constraint "billing_account_publisher_id_foreign" foreign key ("publisher_id") references "publisher" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "billing_account" add constraint "billing_account_carrier_id_foreign" foreign key ("carrier_id") references "carrier" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "billing_account" add constraint "billing_account_rate_card_id_foreign" foreign key ("rate_card_id") references "rate_card" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "billing_account" add constraint "billing_account_holder" check ((buyer_id is null or kind = 'buyer') and (publisher_id is null or kind = 'publisher') and (carrier_id is null or kind = 'carrier'));`,
    );
    this.addSql(
      `alter table "billing_account" add constraint "billing_account_currency_check" check (currency ~ '^[A-Z]{3}$');`,
    );
    this.addSql(
      `alter table "billing_account" add constraint "billing_account_credit_limit_micros_check" check (credit_limit_micros >= 0);`,
    );
    this.addSql(
      `alter table "billing_account" add constraint "billing_account_kind_check" check ("kind" in ('buyer', 'publisher', 'carrier', 'revenue', 'funding', 'adjustment'));`,
    );
    this.addSql(
      `create or replace function "billing_account_one_tenant_fn"() returns trigger as $$ begin if new.buyer_id is not null and new.buyer_id is distinct from old.buyer_id and not exists (select 1 from buyer where id = new.buyer_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'buyer_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; if new.publisher_id is not null and new.publisher_id is distinct from old.publisher_id and not exists (select 1 from publisher where id = new.publisher_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'publisher_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; if new.carrier_id is not null and new.carrier_id is distinct from old.carrier_id and not exists (select 1 from carrier where id = new.carrier_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'carrier_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; if new.rate_card_id is not null and new.rate_card_id is distinct from old.rate_card_id and not exists (select 1 from rate_card where id = new.rate_card_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'rate_card_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "billing_account" for each ROW execute function "billing_account_one_tenant_fn"();`,
    );
    this.addSql(
      `create or replace function "billing_account_keep_currency_fn"() returns trigger as $$ begin if new.currency <> old.currency or new.kind <> old.kind then raise exception 'an account keeps its currency and kind: open another' using errcode = 'restrict_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "keep_currency" BEFORE UPDATE on "billing_account" for each ROW execute function "billing_account_keep_currency_fn"();`,
    );
    this.addSql(`alter table "billing_account" enable row level security;`);
    this.addSql(`alter table "billing_account" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "billing_account" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "billing_account" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "payout" add constraint "payout_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "payout" add constraint "payout_account_id_foreign" foreign key ("account_id") references "billing_account" ("id") on delete cascade;`,
    );
    this.addSql(`alter table "payout" add constraint "payout_period" check (period_until > period_from);`);
    this.addSql(
      `alter table "payout" add constraint "payout_number_once_approved" check ((status = 'draft') = (number is null));`,
    );
    this.addSql(`alter table "payout" add constraint "payout_number_check" check (number >= 1);`);
    this.addSql(
      `alter table "payout" add constraint "payout_currency_check" check (currency ~ '^[A-Z]{3}$');`,
    );
    this.addSql(
      `alter table "payout" add constraint "payout_status_check" check ("status" in ('draft', 'approved', 'paid', 'void'));`,
    );
    this.addSql(
      `create or replace function "payout_numbered_fn"() returns trigger as $$ begin if tg_op = 'DELETE' then if old.number is null or not exists (select 1 from tenant where id = old.tenant_id and deleting_since is null) then return old; end if; raise exception 'payout % has a number and cannot be deleted: correct it by another', old.number using errcode = 'restrict_violation'; end if; if tg_op = 'INSERT' and new.number is not null then raise exception 'the database gives the numbers' using errcode = 'restrict_violation'; end if; if tg_op = 'UPDATE' then if old.number is not null then if new.status = 'draft' or (to_jsonb(new) - 'status' - 'paid_at' - 'reference' - 'updated_at') is distinct from (to_jsonb(old) - 'status' - 'paid_at' - 'reference' - 'updated_at') then raise exception 'payout % has a number and cannot be changed: correct it by another', old.number using errcode = 'restrict_violation'; end if; return new; end if; if new.number is not null then raise exception 'the database gives the numbers' using errcode = 'restrict_violation'; end if; end if; if new.status <> 'draft' then perform pg_advisory_xact_lock(hashtextextended('payout ' || new.tenant_id, 0)); select coalesce(max(number), 0) + 1 into new.number from payout where tenant_id = new.tenant_id; new.issued_at := coalesce(new.issued_at, now()); end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "numbered" BEFORE INSERT OR UPDATE OR DELETE on "payout" for each ROW execute function "payout_numbered_fn"();`,
    );
    this.addSql(
      `create or replace function "payout_one_tenant_fn"() returns trigger as $$ begin if new.account_id is not null and new.account_id is distinct from old.account_id and not exists (select 1 from billing_account where id = new.account_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'account_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "payout" for each ROW execute function "payout_one_tenant_fn"();`,
    );
    this.addSql(`alter table "payout" enable row level security;`);
    this.addSql(`alter table "payout" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "payout" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "payout" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "ledger_entry" add constraint "ledger_entry_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "ledger_entry" add constraint "ledger_entry_account_id_foreign" foreign key ("account_id") references "billing_account" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "ledger_entry" add constraint "ledger_entry_version_check" check (version >= 1);`,
    );
    this.addSql(
      `alter table "ledger_entry" add constraint "ledger_entry_amount_micros_check" check (amount_micros <> 0);`,
    );
    this.addSql(
      `alter table "ledger_entry" add constraint "ledger_entry_currency_check" check (currency ~ '^[A-Z]{3}$');`,
    );
    this.addSql(
      `alter table "ledger_entry" add constraint "ledger_entry_kind_check" check ("kind" in ('deposit', 'buyer_charge', 'publisher_payout', 'carrier_cost', 'adjustment', 'payout_paid', 'invoice_paid'));`,
    );
    this.addSql(
      `create or replace function "ledger_entry_immutable_fn"() returns trigger as $$ begin if tg_op = 'DELETE' and not exists (select 1 from tenant where id = old.tenant_id and deleting_since is null) then return old; end if; raise exception 'a ledger entry cannot be changed: write another that corrects it' using errcode = 'restrict_violation'; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "immutable" BEFORE UPDATE OR DELETE on "ledger_entry" for each ROW execute function "ledger_entry_immutable_fn"();`,
    );
    this.addSql(
      `create or replace function "ledger_entry_keep_balance_fn"() returns trigger as $$ begin if exists (select 1 from written w join billing_account a on a.id = w.account_id where a.tenant_id <> w.tenant_id or a.currency <> w.currency) then raise exception 'a ledger entry has the tenant and the currency of its account' using errcode = 'check_violation'; end if; insert into balance as b (account_id, tenant_id, amount_micros, updated_at) select account_id, tenant_id, sum(amount_micros), now() from written group by account_id, tenant_id order by account_id on conflict (account_id) do update set amount_micros = b.amount_micros + excluded.amount_micros, updated_at = excluded.updated_at; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "keep_balance" AFTER INSERT on "ledger_entry" referencing new table as written for each STATEMENT execute function "ledger_entry_keep_balance_fn"();`,
    );
    this.addSql(
      `create or replace function "ledger_entry_sums_to_zero_fn"() returns trigger as $$ begin if exists (select 1 from ledger_entry where transaction_id = new.transaction_id group by currency having sum(amount_micros) <> 0) then raise exception 'ledger transaction % does not sum to zero', new.transaction_id using errcode = 'check_violation'; end if; if new.call_id is not null and exists (select 1 from ledger_entry where call_id = new.call_id and kind = new.kind and version = new.version and transaction_id <> new.transaction_id) then raise exception 'call % has a second % of version %', new.call_id, new.kind, new.version using errcode = 'unique_violation'; end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create constraint trigger "sums_to_zero" AFTER INSERT on "ledger_entry" deferrable initially deferred for each ROW execute function "ledger_entry_sums_to_zero_fn"();`,
    );
    this.addSql(`alter table "ledger_entry" enable row level security;`);
    this.addSql(`alter table "ledger_entry" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "ledger_entry" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "ledger_entry" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "invoice" add constraint "invoice_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "invoice" add constraint "invoice_account_id_foreign" foreign key ("account_id") references "billing_account" ("id") on delete cascade;`,
    );
    this.addSql(`alter table "invoice" add constraint "invoice_period" check (period_until > period_from);`);
    this.addSql(
      `alter table "invoice" add constraint "invoice_number_once_issued" check ((status = 'draft') = (number is null));`,
    );
    this.addSql(
      `alter table "invoice" add constraint "invoice_credit_note" check ((kind = 'credit_note') = (credits_id is not null));`,
    );
    this.addSql(`alter table "invoice" add constraint "invoice_number_check" check (number >= 1);`);
    this.addSql(
      `alter table "invoice" add constraint "invoice_currency_check" check (currency ~ '^[A-Z]{3}$');`,
    );
    this.addSql(
      `alter table "invoice" add constraint "invoice_kind_check" check ("kind" in ('invoice', 'credit_note'));`,
    );
    this.addSql(
      `alter table "invoice" add constraint "invoice_status_check" check ("status" in ('draft', 'issued', 'paid', 'void'));`,
    );
    this.addSql(
      `create or replace function "invoice_numbered_fn"() returns trigger as $$ begin if tg_op = 'DELETE' then if old.number is null or not exists (select 1 from tenant where id = old.tenant_id and deleting_since is null) then return old; end if; raise exception 'invoice % has a number and cannot be deleted: correct it by another', old.number using errcode = 'restrict_violation'; end if; if tg_op = 'INSERT' and new.number is not null then raise exception 'the database gives the numbers' using errcode = 'restrict_violation'; end if; if tg_op = 'UPDATE' then if old.number is not null then if new.status = 'draft' or (to_jsonb(new) - 'status' - 'paid_at' - 'due_at' - 'updated_at') is distinct from (to_jsonb(old) - 'status' - 'paid_at' - 'due_at' - 'updated_at') then raise exception 'invoice % has a number and cannot be changed: correct it by another', old.number using errcode = 'restrict_violation'; end if; return new; end if; if new.number is not null then raise exception 'the database gives the numbers' using errcode = 'restrict_violation'; end if; end if; if new.status <> 'draft' then if exists (select 1 from invoice_line where invoice_id = new.id having count(*) <> coalesce(max(number), 0) or coalesce(sum(amount_micros), 0) <> new.total_micros) then raise exception 'the lines of an invoice are numbered 1, 2, 3 … and sum to its total' using errcode = 'check_violation'; end if; perform pg_advisory_xact_lock(hashtextextended('invoice ' || new.tenant_id, 0)); select coalesce(max(number), 0) + 1 into new.number from invoice where tenant_id = new.tenant_id; new.issued_at := coalesce(new.issued_at, now()); end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "numbered" BEFORE INSERT OR UPDATE OR DELETE on "invoice" for each ROW execute function "invoice_numbered_fn"();`,
    );
    this.addSql(
      `create or replace function "invoice_one_tenant_fn"() returns trigger as $$ begin if new.account_id is not null and new.account_id is distinct from old.account_id and not exists (select 1 from billing_account where id = new.account_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'account_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; if new.credits_id is not null and new.credits_id is distinct from old.credits_id and not exists (select 1 from invoice where id = new.credits_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'credits_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "invoice" for each ROW execute function "invoice_one_tenant_fn"();`,
    );
    this.addSql(`alter table "invoice" enable row level security;`);
    this.addSql(`alter table "invoice" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "invoice" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "invoice" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "invoice_line" add constraint "invoice_line_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "invoice_line" add constraint "invoice_line_invoice_id_foreign" foreign key ("invoice_id") references "invoice" ("id") on delete cascade;`,
    );
    this.addSql(`alter table "invoice_line" add constraint "invoice_line_number_check" check (number >= 1);`);
    this.addSql(`alter table "invoice_line" add constraint "invoice_line_calls_check" check (calls >= 0);`);
    this.addSql(
      `alter table "invoice_line" add constraint "invoice_line_bill_seconds_check" check (bill_seconds >= 0);`,
    );
    this.addSql(
      `create or replace function "invoice_line_draft_only_fn"() returns trigger as $$ begin if exists (select 1 from invoice join tenant on tenant.id = invoice.tenant_id and tenant.deleting_since is null where invoice.id in (new.invoice_id, old.invoice_id) and invoice.status <> 'draft') then raise exception 'an invoice that was issued keeps its lines' using errcode = 'restrict_violation'; end if; return coalesce(new, old); end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "draft_only" BEFORE INSERT OR UPDATE OR DELETE on "invoice_line" for each ROW execute function "invoice_line_draft_only_fn"();`,
    );
    this.addSql(
      `create or replace function "invoice_line_one_tenant_fn"() returns trigger as $$ begin if new.invoice_id is not null and new.invoice_id is distinct from old.invoice_id and not exists (select 1 from invoice where id = new.invoice_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'invoice_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "invoice_line" for each ROW execute function "invoice_line_one_tenant_fn"();`,
    );
    this.addSql(`alter table "invoice_line" enable row level security;`);
    this.addSql(`alter table "invoice_line" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "invoice_line" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "invoice_line" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "balance_reservation" add constraint "balance_reservation_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "balance_reservation" add constraint "balance_reservation_account_id_foreign" foreign key ("account_id") references "billing_account" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "balance_reservation" add constraint "balance_reservation_end" check ((status = 'held') = (ended_at is null));`,
    );
    this.addSql(
      `alter table "balance_reservation" add constraint "balance_reservation_amount_micros_check" check (amount_micros > 0);`,
    );
    this.addSql(
      `alter table "balance_reservation" add constraint "balance_reservation_status_check" check ("status" in ('held', 'settled', 'released'));`,
    );
    this.addSql(
      `create or replace function "balance_reservation_one_tenant_fn"() returns trigger as $$ begin if new.account_id is not null and new.account_id is distinct from old.account_id and not exists (select 1 from billing_account where id = new.account_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'account_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "balance_reservation" for each ROW execute function "balance_reservation_one_tenant_fn"();`,
    );
    this.addSql(`alter table "balance_reservation" enable row level security;`);
    this.addSql(`alter table "balance_reservation" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "balance_reservation" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "balance_reservation" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "balance" add constraint "balance_account_id_foreign" foreign key ("account_id") references "billing_account" ("id") on update cascade on delete cascade;`,
    );
    this.addSql(
      `alter table "balance" add constraint "balance_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "balance" add constraint "balance_reserved_micros_check" check (reserved_micros >= 0);`,
    );
    this.addSql(`alter table "balance" enable row level security;`);
    this.addSql(`alter table "balance" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "balance" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "balance" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "audit_log" add constraint "audit_log_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "audit_log" add constraint "audit_log_actor_kind_check" check ("actor_kind" in ('user', 'api_key', 'operator', 'system'));`,
    );
    this.addSql(
      `create or replace function "audit_log_immutable_fn"() returns trigger as $$ begin if tg_op = 'DELETE' and not exists (select 1 from tenant where id = old.tenant_id and deleting_since is null) then return old; end if; raise exception 'what stands in the audit log cannot be changed: write another that corrects it' using errcode = 'restrict_violation'; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "immutable" BEFORE UPDATE OR DELETE on "audit_log" for each ROW execute function "audit_log_immutable_fn"();`,
    );
    this.addSql(`alter table "audit_log" enable row level security;`);
    this.addSql(`alter table "audit_log" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "audit_log" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "audit_log" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "transcription" add constraint "transcription_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "transcription" add constraint "transcription_recording_id_foreign" foreign key ("recording_id") references "recording" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "transcription" add constraint "transcription_done_has_text" check (status <> 'done' or text is not null);`,
    );
    this.addSql(
      `alter table "transcription" add constraint "transcription_status_check" check ("status" in ('pending', 'done', 'failed'));`,
    );
    this.addSql(`alter table "transcription" enable row level security;`);
    this.addSql(`alter table "transcription" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "transcription" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "transcription" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "user_account" add constraint "user_account_email_check" check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and email = lower(email));`,
    );
    this.addSql(`alter table "user_account" enable row level security;`);
    this.addSql(`alter table "user_account" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "user_account" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_sees" on "user_account" for select to "callfabric_api" using (EXISTS ( SELECT 1 FROM membership m WHERE ((m.user_id = user_account.id) AND (m.tenant_id = current_tenant_id()))));`,
    );

    this.addSql(
      `alter table "session" add constraint "session_user_id_foreign" foreign key ("user_id") references "user_account" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "session" add constraint "session_token_hash_check" check (token_hash ~ '^[0-9a-f]{64}$');`,
    );
    this.addSql(`alter table "session" enable row level security;`);
    this.addSql(`alter table "session" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "session" to "callfabric_daemon" using (true) with check (true);`,
    );

    this.addSql(
      `alter table "membership" add constraint "membership_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "membership" add constraint "membership_user_id_foreign" foreign key ("user_id") references "user_account" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "membership" add constraint "membership_role_id_foreign" foreign key ("role_id") references "role" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "membership" add constraint "membership_publisher_id_foreign" foreign key ("publisher_id") references "publisher" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "membership" add constraint "membership_buyer_id_foreign" foreign key ("buyer_id") references "buyer" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "membership" add constraint "membership_one_view" check (publisher_id is null or buyer_id is null);`,
    );
    this.addSql(
      `create or replace function "membership_one_tenant_fn"() returns trigger as $$ begin if new.role_id is not null and new.role_id is distinct from old.role_id and not exists (select 1 from role where id = new.role_id and (tenant_id is not distinct from new.tenant_id or tenant_id is null)) then raise exception 'role_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; if new.publisher_id is not null and new.publisher_id is distinct from old.publisher_id and not exists (select 1 from publisher where id = new.publisher_id and (tenant_id is not distinct from new.tenant_id or tenant_id is null)) then raise exception 'publisher_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; if new.buyer_id is not null and new.buyer_id is distinct from old.buyer_id and not exists (select 1 from buyer where id = new.buyer_id and (tenant_id is not distinct from new.tenant_id or tenant_id is null)) then raise exception 'buyer_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "membership" for each ROW execute function "membership_one_tenant_fn"();`,
    );
    this.addSql(`alter table "membership" enable row level security;`);
    this.addSql(`alter table "membership" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "membership" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "membership" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "api_key" add constraint "api_key_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "api_key" add constraint "api_key_created_by_id_foreign" foreign key ("created_by_id") references "user_account" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "api_key" add constraint "api_key_prefix_check" check (prefix ~ '^[A-Za-z0-9_-]{8,32}$');`,
    );
    this.addSql(
      `alter table "api_key" add constraint "api_key_secret_hash_check" check (secret_hash ~ '^[0-9a-f]{64}$');`,
    );
    this.addSql(`alter table "api_key" enable row level security;`);
    this.addSql(`alter table "api_key" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "api_key" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "api_key" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "webhook" add constraint "webhook_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "webhook" add constraint "webhook_url_check" check (url ~ '^https?://[^[:space:]]+$');`,
    );
    this.addSql(`alter table "webhook" add constraint "webhook_secret_check" check (length(secret) >= 16);`);
    this.addSql(`alter table "webhook" enable row level security;`);
    this.addSql(`alter table "webhook" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "webhook" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "webhook" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "webhook_delivery" add constraint "webhook_delivery_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "webhook_delivery" add constraint "webhook_delivery_webhook_id_foreign" foreign key ("webhook_id") references "webhook" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "webhook_delivery" add constraint "webhook_delivery_pending_has_time" check ((status = 'pending') = (next_try_at is not null));`,
    );
    this.addSql(
      `alter table "webhook_delivery" add constraint "webhook_delivery_tries_check" check (tries >= 0);`,
    );
    this.addSql(
      `alter table "webhook_delivery" add constraint "webhook_delivery_status_check" check ("status" in ('pending', 'delivered', 'failed'));`,
    );
    this.addSql(
      `create or replace function "webhook_delivery_one_tenant_fn"() returns trigger as $$ begin if new.webhook_id is not null and new.webhook_id is distinct from old.webhook_id and not exists (select 1 from webhook where id = new.webhook_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'webhook_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "webhook_delivery" for each ROW execute function "webhook_delivery_one_tenant_fn"();`,
    );
    this.addSql(`alter table "webhook_delivery" enable row level security;`);
    this.addSql(`alter table "webhook_delivery" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "webhook_delivery" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "webhook_delivery" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    for (const sql of grants) this.addSql(sql);
  }

  override down(): void | Promise<void> {
    // Rows of these tables have no place in the schema before. The two roles stay: they are the whole server's, and
    // other databases of it may use them. So does btree_gist.
    this.addSql(
      `do $$ begin execute format('revoke all on all tables in schema %I from callfabric_daemon, callfabric_api', current_schema); execute format('revoke usage on schema %I from callfabric_daemon, callfabric_api', current_schema); end $$;`,
    );
    this.addSql(`alter table "membership" drop constraint "membership_role_id_foreign";`);
    this.addSql(`alter table "rate" drop constraint "rate_rate_card_id_foreign";`);
    this.addSql(`alter table "campaign" drop constraint "campaign_price_card_id_foreign";`);
    this.addSql(`alter table "campaign" drop constraint "campaign_payout_card_id_foreign";`);
    this.addSql(
      `alter table "campaign_publisher" drop constraint "campaign_publisher_rate_card_id_foreign";`,
    );
    this.addSql(`alter table "campaign_buyer" drop constraint "campaign_buyer_rate_card_id_foreign";`);
    this.addSql(`alter table "billing_account" drop constraint "billing_account_rate_card_id_foreign";`);
    this.addSql(`alter table "trunk" drop constraint "trunk_rate_card_id_foreign";`);
    this.addSql(`alter table "dnc_entry" drop constraint "dnc_entry_list_id_foreign";`);
    this.addSql(`alter table "caller_id_number" drop constraint "caller_id_number_pool_id_foreign";`);
    this.addSql(`alter table "buyer" drop constraint "buyer_group_id_foreign";`);
    this.addSql(`alter table "payout" drop constraint "payout_account_id_foreign";`);
    this.addSql(`alter table "ledger_entry" drop constraint "ledger_entry_account_id_foreign";`);
    this.addSql(`alter table "invoice" drop constraint "invoice_account_id_foreign";`);
    this.addSql(
      `alter table "balance_reservation" drop constraint "balance_reservation_account_id_foreign";`,
    );
    this.addSql(`alter table "balance" drop constraint "balance_account_id_foreign";`);
    this.addSql(`alter table "invoice_line" drop constraint "invoice_line_invoice_id_foreign";`);
    this.addSql(`alter table "session" drop constraint "session_user_id_foreign";`);
    this.addSql(`alter table "membership" drop constraint "membership_user_id_foreign";`);
    this.addSql(`alter table "api_key" drop constraint "api_key_created_by_id_foreign";`);
    this.addSql(`alter table "webhook_delivery" drop constraint "webhook_delivery_webhook_id_foreign";`);

    this.addSql(`drop table if exists "freeswitch_node" cascade;`);
    this.addSql(`drop table if exists "tag" cascade;`);
    this.addSql(`drop table if exists "stir_shaken_verification" cascade;`);
    this.addSql(`drop trigger if exists "notify_changed" on "schedule";`);
    this.addSql(`drop function if exists "schedule_notify_changed_fn"();`);
    this.addSql(`drop table if exists "schedule" cascade;`);
    this.addSql(`drop table if exists "role" cascade;`);
    this.addSql(`drop table if exists "rate_card" cascade;`);
    this.addSql(`drop trigger if exists "one_tenant" on "rate";`);
    this.addSql(`drop function if exists "rate_one_tenant_fn"();`);
    this.addSql(`drop table if exists "rate" cascade;`);
    this.addSql(`drop table if exists "idempotency_key" cascade;`);
    this.addSql(`drop trigger if exists "notify_changed" on "feature_flag";`);
    this.addSql(`drop function if exists "feature_flag_notify_changed_fn"();`);
    this.addSql(`drop table if exists "feature_flag" cascade;`);
    this.addSql(`drop table if exists "event" cascade;`);
    this.addSql(`drop table if exists "dnc_list" cascade;`);
    this.addSql(`drop trigger if exists "one_tenant" on "dnc_entry";`);
    this.addSql(`drop function if exists "dnc_entry_one_tenant_fn"();`);
    this.addSql(`drop table if exists "dnc_entry" cascade;`);
    this.addSql(`drop trigger if exists "immutable" on "conversion";`);
    this.addSql(`drop function if exists "conversion_immutable_fn"();`);
    this.addSql(`drop table if exists "conversion" cascade;`);
    this.addSql(`drop table if exists "consent_token" cascade;`);
    this.addSql(`drop trigger if exists "notify_changed" on "campaign_publisher";`);
    this.addSql(`drop function if exists "campaign_publisher_notify_changed_fn"();`);
    this.addSql(`drop trigger if exists "one_tenant" on "campaign_publisher";`);
    this.addSql(`drop function if exists "campaign_publisher_one_tenant_fn"();`);
    this.addSql(`drop table if exists "campaign_publisher" cascade;`);
    this.addSql(`drop trigger if exists "notify_changed" on "caller_id_pool";`);
    this.addSql(`drop function if exists "caller_id_pool_notify_changed_fn"();`);
    this.addSql(`drop table if exists "caller_id_pool" cascade;`);
    this.addSql(`drop trigger if exists "notify_changed" on "caller_id_number";`);
    this.addSql(`drop function if exists "caller_id_number_notify_changed_fn"();`);
    this.addSql(`drop trigger if exists "one_tenant" on "caller_id_number";`);
    this.addSql(`drop function if exists "caller_id_number_one_tenant_fn"();`);
    this.addSql(`drop table if exists "caller_id_number" cascade;`);
    this.addSql(`drop trigger if exists "notify_changed" on "buyer_group";`);
    this.addSql(`drop function if exists "buyer_group_notify_changed_fn"();`);
    this.addSql(`drop table if exists "buyer_group" cascade;`);
    this.addSql(`drop trigger if exists "one_tenant" on "billing_account";`);
    this.addSql(`drop function if exists "billing_account_one_tenant_fn"();`);
    this.addSql(`drop trigger if exists "keep_currency" on "billing_account";`);
    this.addSql(`drop function if exists "billing_account_keep_currency_fn"();`);
    this.addSql(`drop table if exists "billing_account" cascade;`);
    this.addSql(`drop trigger if exists "numbered" on "payout";`);
    this.addSql(`drop function if exists "payout_numbered_fn"();`);
    this.addSql(`drop trigger if exists "one_tenant" on "payout";`);
    this.addSql(`drop function if exists "payout_one_tenant_fn"();`);
    this.addSql(`drop table if exists "payout" cascade;`);
    this.addSql(`drop trigger if exists "immutable" on "ledger_entry";`);
    this.addSql(`drop function if exists "ledger_entry_immutable_fn"();`);
    this.addSql(`drop trigger if exists "keep_balance" on "ledger_entry";`);
    this.addSql(`drop function if exists "ledger_entry_keep_balance_fn"();`);
    this.addSql(`drop trigger if exists "sums_to_zero" on "ledger_entry";`);
    this.addSql(`drop function if exists "ledger_entry_sums_to_zero_fn"();`);
    this.addSql(`drop table if exists "ledger_entry" cascade;`);
    this.addSql(`drop trigger if exists "numbered" on "invoice";`);
    this.addSql(`drop function if exists "invoice_numbered_fn"();`);
    this.addSql(`drop trigger if exists "one_tenant" on "invoice";`);
    this.addSql(`drop function if exists "invoice_one_tenant_fn"();`);
    this.addSql(`drop table if exists "invoice" cascade;`);
    this.addSql(`drop trigger if exists "draft_only" on "invoice_line";`);
    this.addSql(`drop function if exists "invoice_line_draft_only_fn"();`);
    this.addSql(`drop trigger if exists "one_tenant" on "invoice_line";`);
    this.addSql(`drop function if exists "invoice_line_one_tenant_fn"();`);
    this.addSql(`drop table if exists "invoice_line" cascade;`);
    this.addSql(`drop trigger if exists "one_tenant" on "balance_reservation";`);
    this.addSql(`drop function if exists "balance_reservation_one_tenant_fn"();`);
    this.addSql(`drop table if exists "balance_reservation" cascade;`);
    this.addSql(`drop table if exists "balance" cascade;`);
    this.addSql(`drop trigger if exists "immutable" on "audit_log";`);
    this.addSql(`drop function if exists "audit_log_immutable_fn"();`);
    this.addSql(`drop table if exists "audit_log" cascade;`);
    this.addSql(`drop table if exists "transcription" cascade;`);
    this.addSql(`drop table if exists "user_account" cascade;`);
    this.addSql(`drop table if exists "session" cascade;`);
    this.addSql(`drop trigger if exists "one_tenant" on "membership";`);
    this.addSql(`drop function if exists "membership_one_tenant_fn"();`);
    this.addSql(`drop table if exists "membership" cascade;`);
    this.addSql(`drop table if exists "api_key" cascade;`);
    this.addSql(`drop table if exists "webhook" cascade;`);
    this.addSql(`drop trigger if exists "one_tenant" on "webhook_delivery";`);
    this.addSql(`drop function if exists "webhook_delivery_one_tenant_fn"();`);
    this.addSql(`drop table if exists "webhook_delivery" cascade;`);

    this.addSql(`drop policy "daemon_all" on "buyer";`);
    this.addSql(`drop policy "tenant_own" on "buyer";`);

    this.addSql(`drop policy "daemon_all" on "buyer_endpoint";`);
    this.addSql(`drop policy "tenant_own" on "buyer_endpoint";`);

    this.addSql(`drop policy "daemon_all" on "call";`);
    this.addSql(`drop policy "tenant_own" on "call";`);

    this.addSql(`drop policy "daemon_all" on "call_attempt";`);
    this.addSql(`drop policy "tenant_own" on "call_attempt";`);

    this.addSql(`drop policy "daemon_all" on "call_leg";`);
    this.addSql(`drop policy "tenant_own" on "call_leg";`);

    this.addSql(`drop policy "daemon_all" on "call_trace";`);
    this.addSql(`drop policy "tenant_own" on "call_trace";`);

    this.addSql(`drop policy "daemon_all" on "campaign";`);
    this.addSql(`drop policy "tenant_own" on "campaign";`);

    this.addSql(`drop policy "daemon_all" on "campaign_buyer";`);
    this.addSql(`drop policy "tenant_own" on "campaign_buyer";`);

    this.addSql(`drop policy "daemon_all" on "carrier";`);
    this.addSql(`drop policy "tenant_own" on "carrier";`);

    this.addSql(`drop policy "daemon_all" on "cdr";`);
    this.addSql(`drop policy "tenant_own" on "cdr";`);

    this.addSql(`drop policy "daemon_all" on "edge";`);
    this.addSql(`drop policy "tenant_own" on "edge";`);

    this.addSql(`drop policy "daemon_all" on "flow";`);
    this.addSql(`drop policy "tenant_own" on "flow";`);

    this.addSql(`drop policy "daemon_all" on "flow_version";`);
    this.addSql(`drop policy "tenant_own" on "flow_version";`);

    this.addSql(`drop policy "daemon_all" on "held_call";`);
    this.addSql(`drop policy "tenant_own" on "held_call";`);

    this.addSql(`drop policy "daemon_all" on "node";`);
    this.addSql(`drop policy "tenant_own" on "node";`);

    this.addSql(`drop policy "daemon_all" on "phone_number";`);
    this.addSql(`drop policy "tenant_own" on "phone_number";`);

    this.addSql(`drop policy "daemon_all" on "publisher";`);
    this.addSql(`drop policy "tenant_own" on "publisher";`);

    this.addSql(`drop policy "daemon_all" on "recording";`);
    this.addSql(`drop policy "tenant_own" on "recording";`);

    this.addSql(`drop policy "daemon_all" on "tenant";`);
    this.addSql(`drop policy "tenant_own" on "tenant";`);

    this.addSql(`drop policy "daemon_all" on "trunk";`);
    this.addSql(`drop policy "tenant_own" on "trunk";`);

    this.addSql(`drop index "buyer_group_id_index";`);
    this.addSql(`drop trigger if exists "one_tenant" on "buyer";`);
    this.addSql(`drop function if exists "buyer_one_tenant_fn"();`);
    this.addSql(`alter table "buyer" drop column "group_id";`);
    this.addSql(`alter table "buyer" no force row level security;`);
    this.addSql(`alter table "buyer" disable row level security;`);

    this.addSql(`drop trigger if exists "one_tenant" on "buyer_endpoint";`);
    this.addSql(`drop function if exists "buyer_endpoint_one_tenant_fn"();`);
    this.addSql(`alter table "buyer_endpoint" no force row level security;`);
    this.addSql(`alter table "buyer_endpoint" disable row level security;`);

    this.addSql(`drop index "call_tenant_id_publisher_id_started_at_index";`);
    this.addSql(`drop index "call_tenant_id_buyer_id_started_at_index";`);
    this.addSql(`drop index "call_tenant_id_caller_started_at_index";`);
    this.addSql(`drop index "call_tenant_id_did_started_at_index";`);
    this.addSql(`drop index "call_tenant_id_outcome_started_at_index";`);
    this.addSql(`drop index "call_tags_index";`);
    this.addSql(`alter table "call" no force row level security;`);
    this.addSql(`alter table "call" disable row level security;`);

    this.addSql(`alter table "call_attempt" no force row level security;`);
    this.addSql(`alter table "call_attempt" disable row level security;`);

    this.addSql(`alter table "call_leg" no force row level security;`);
    this.addSql(`alter table "call_leg" disable row level security;`);

    this.addSql(`alter table "call_trace" no force row level security;`);
    this.addSql(`alter table "call_trace" disable row level security;`);

    this.addSql(`drop index "campaign_price_card_id_index";`);
    this.addSql(`drop index "campaign_payout_card_id_index";`);
    this.addSql(`drop trigger if exists "one_tenant" on "campaign";`);
    this.addSql(`drop function if exists "campaign_one_tenant_fn"();`);
    this.addSql(`alter table "campaign" drop column "price_card_id", drop column "payout_card_id";`);
    this.addSql(`alter table "campaign" no force row level security;`);
    this.addSql(`alter table "campaign" disable row level security;`);

    this.addSql(`drop index "campaign_buyer_rate_card_id_index";`);
    this.addSql(`drop trigger if exists "one_tenant" on "campaign_buyer";`);
    this.addSql(`drop function if exists "campaign_buyer_one_tenant_fn"();`);
    this.addSql(`alter table "campaign_buyer" drop column "rate_card_id";`);
    this.addSql(`alter table "campaign_buyer" no force row level security;`);
    this.addSql(`alter table "campaign_buyer" disable row level security;`);

    this.addSql(`alter table "carrier" no force row level security;`);
    this.addSql(`alter table "carrier" disable row level security;`);

    this.addSql(`alter table "cdr" no force row level security;`);
    this.addSql(`alter table "cdr" disable row level security;`);

    this.addSql(`drop trigger if exists "one_tenant" on "edge";`);
    this.addSql(`drop function if exists "edge_one_tenant_fn"();`);
    this.addSql(`drop trigger if exists "draft_only" on "edge";`);
    this.addSql(`drop function if exists "edge_draft_only_fn"();`);
    this.addSql(
      `create or replace function "edge_draft_only_fn"() returns trigger as $$ begin if exists (select 1 from flow_version join tenant on tenant.id = flow_version.tenant_id where flow_version.id = coalesce(new.flow_version_id, old.flow_version_id) and flow_version.status <> 'draft') then raise exception 'flow version % was published and cannot be changed: make a new version', coalesce(new.flow_version_id, old.flow_version_id) using errcode = 'restrict_violation'; end if; return coalesce(new, old); end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "draft_only" BEFORE DELETE OR INSERT OR UPDATE on "edge" for each ROW execute function "edge_draft_only_fn"();`,
    );
    this.addSql(`alter table "edge" no force row level security;`);
    this.addSql(`alter table "edge" disable row level security;`);

    this.addSql(`alter table "flow" no force row level security;`);
    this.addSql(`alter table "flow" disable row level security;`);

    this.addSql(`drop trigger if exists "one_tenant" on "flow_version";`);
    this.addSql(`drop function if exists "flow_version_one_tenant_fn"();`);
    this.addSql(`drop trigger if exists "keep_published" on "flow_version";`);
    this.addSql(`drop function if exists "flow_version_keep_published_fn"();`);
    this.addSql(
      `create or replace function "flow_version_keep_published_fn"() returns trigger as $$ begin if old.status = 'draft' then return coalesce(new, old); end if; if tg_op = 'DELETE' then if exists (select 1 from flow join tenant on tenant.id = flow.tenant_id where flow.id = old.flow_id) then raise exception 'flow version % was published and cannot be deleted', old.id using errcode = 'restrict_violation'; end if; return old; end if; if new.status = 'draft' or (to_jsonb(new) - 'status' - 'published_at') is distinct from (to_jsonb(old) - 'status' - 'published_at') then raise exception 'flow version % was published and cannot be changed: make a new version', old.id using errcode = 'restrict_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "keep_published" BEFORE DELETE OR UPDATE on "flow_version" for each ROW execute function "flow_version_keep_published_fn"();`,
    );
    this.addSql(`alter table "flow_version" no force row level security;`);
    this.addSql(`alter table "flow_version" disable row level security;`);

    this.addSql(`alter table "held_call" no force row level security;`);
    this.addSql(`alter table "held_call" disable row level security;`);

    this.addSql(`drop trigger if exists "one_tenant" on "node";`);
    this.addSql(`drop function if exists "node_one_tenant_fn"();`);
    this.addSql(`drop trigger if exists "draft_only" on "node";`);
    this.addSql(`drop function if exists "node_draft_only_fn"();`);
    this.addSql(
      `create or replace function "node_draft_only_fn"() returns trigger as $$ begin if exists (select 1 from flow_version join tenant on tenant.id = flow_version.tenant_id where flow_version.id = coalesce(new.flow_version_id, old.flow_version_id) and flow_version.status <> 'draft') then raise exception 'flow version % was published and cannot be changed: make a new version', coalesce(new.flow_version_id, old.flow_version_id) using errcode = 'restrict_violation'; end if; return coalesce(new, old); end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "draft_only" BEFORE DELETE OR INSERT OR UPDATE on "node" for each ROW execute function "node_draft_only_fn"();`,
    );
    this.addSql(`alter table "node" no force row level security;`);
    this.addSql(`alter table "node" disable row level security;`);

    this.addSql(`drop trigger if exists "one_tenant" on "phone_number";`);
    this.addSql(`drop function if exists "phone_number_one_tenant_fn"();`);
    this.addSql(`alter table "phone_number" no force row level security;`);
    this.addSql(`alter table "phone_number" disable row level security;`);

    this.addSql(`alter table "publisher" no force row level security;`);
    this.addSql(`alter table "publisher" disable row level security;`);

    this.addSql(`drop index "recording_tenant_id_started_at_index";`);
    this.addSql(`alter table "recording" no force row level security;`);
    this.addSql(`alter table "recording" disable row level security;`);

    this.addSql(`alter table "tenant" drop column "deleting_since";`);
    this.addSql(`alter table "tenant" no force row level security;`);
    this.addSql(`alter table "tenant" disable row level security;`);

    this.addSql(`drop index "trunk_rate_card_id_index";`);
    this.addSql(`drop trigger if exists "one_tenant" on "trunk";`);
    this.addSql(`drop function if exists "trunk_one_tenant_fn"();`);
    this.addSql(`alter table "trunk" drop column "rate_card_id";`);
    this.addSql(`alter table "trunk" no force row level security;`);
    this.addSql(`alter table "trunk" disable row level security;`);

    this.addSql('drop function current_tenant_id();');
  }
}
