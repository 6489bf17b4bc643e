import { Migration } from '@mikro-orm/migrations';

export class Migration20261124030000_first_call extends Migration {
  override name = 'Migration20261124030000_first_call';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "tenant" ("id" uuid not null, "slug" text not null, "name" text not null, "enabled" boolean not null default true, "max_calls" int null, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(`alter table "tenant" add constraint "tenant_slug_unique" unique ("slug");`);
    this.addSql(
      `alter table "tenant" add constraint "tenant_slug_check" check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$');`,
    );
    this.addSql(`alter table "tenant" add constraint "tenant_max_calls_check" check (max_calls >= 0);`);
    this.addSql(
      `create or replace function "tenant_notify_changed_fn"() returns trigger as $$ begin if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.id::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.id::text); end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "notify_changed" AFTER INSERT OR UPDATE OR DELETE on "tenant" for each ROW execute function "tenant_notify_changed_fn"();`,
    );

    this.addSql(
      `create table "publisher" ("id" uuid not null, "tenant_id" uuid not null, "name" text not null, "enabled" boolean not null default true, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `alter table "publisher" add constraint "publisher_tenant_id_name_unique" unique ("tenant_id", "name");`,
    );
    this.addSql(
      `create or replace function "publisher_notify_changed_fn"() returns trigger as $$ begin if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.tenant_id::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.tenant_id::text); end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "notify_changed" AFTER INSERT OR UPDATE OR DELETE on "publisher" for each ROW execute function "publisher_notify_changed_fn"();`,
    );

    this.addSql(
      `create table "flow" ("id" uuid not null, "tenant_id" uuid not null, "name" text not null, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `alter table "flow" add constraint "flow_tenant_id_name_unique" unique ("tenant_id", "name");`,
    );
    this.addSql(
      `create or replace function "flow_notify_changed_fn"() returns trigger as $$ begin if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.tenant_id::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.tenant_id::text); end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "notify_changed" AFTER INSERT OR UPDATE OR DELETE on "flow" for each ROW execute function "flow_notify_changed_fn"();`,
    );

    this.addSql(
      `create table "flow_version" ("id" uuid not null, "tenant_id" uuid not null, "flow_id" uuid not null, "number" int not null, "status" text not null default 'draft', "entry" text not null, "variables" jsonb null, "fallback" jsonb null, "created_at" timestamptz(6) not null default now(), "published_at" timestamptz(6) null, primary key ("id"));`,
    );
    this.addSql(
      `create index "flow_version_tenant_id_flow_id_index" on "flow_version" ("tenant_id", "flow_id");`,
    );
    this.addSql(
      `alter table "flow_version" add constraint "flow_version_flow_id_number_unique" unique ("flow_id", "number");`,
    );
    this.addSql(
      `create unique index "flow_version_one_published" on "flow_version" ("flow_id") where status = 'published';`,
    );
    this.addSql(`alter table "flow_version" add constraint "flow_version_number_check" check (number >= 1);`);
    this.addSql(
      `alter table "flow_version" add constraint "flow_version_status_check" check ("status" in ('draft', 'published', 'retired'));`,
    );
    this.addSql(
      `create or replace function "flow_version_notify_changed_fn"() returns trigger as $$ begin if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.tenant_id::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.tenant_id::text); end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "notify_changed" AFTER INSERT OR UPDATE OR DELETE on "flow_version" for each ROW execute function "flow_version_notify_changed_fn"();`,
    );
    this.addSql(
      `create or replace function "flow_version_keep_published_fn"() returns trigger as $$ begin if old.status = 'draft' then return coalesce(new, old); end if; if tg_op = 'DELETE' then if exists (select 1 from flow join tenant on tenant.id = flow.tenant_id where flow.id = old.flow_id) then raise exception 'flow version % was published and cannot be deleted', old.id using errcode = 'restrict_violation'; end if; return old; end if; if new.status = 'draft' or (to_jsonb(new) - 'status' - 'published_at') is distinct from (to_jsonb(old) - 'status' - 'published_at') then raise exception 'flow version % was published and cannot be changed: make a new version', old.id using errcode = 'restrict_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "keep_published" BEFORE UPDATE OR DELETE on "flow_version" for each ROW execute function "flow_version_keep_published_fn"();`,
    );

    this.addSql(
      `create table "node" ("id" uuid not null, "tenant_id" uuid not null, "flow_version_id" uuid not null, "key" text not null, "type" text not null, "label" text null, "params" jsonb not null, "position" int not null, primary key ("id"));`,
    );
    this.addSql(
      `create index "node_tenant_id_flow_version_id_index" on "node" ("tenant_id", "flow_version_id");`,
    );
    this.addSql(
      `alter table "node" add constraint "node_flow_version_id_key_unique" unique ("flow_version_id", "key");`,
    );
    this.addSql(
      `create or replace function "node_draft_only_fn"() returns trigger as $$ begin if exists (select 1 from flow_version join tenant on tenant.id = flow_version.tenant_id where flow_version.id = coalesce(new.flow_version_id, old.flow_version_id) and flow_version.status <> 'draft') then raise exception 'flow version % was published and cannot be changed: make a new version', coalesce(new.flow_version_id, old.flow_version_id) using errcode = 'restrict_violation'; end if; return coalesce(new, old); end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "draft_only" BEFORE INSERT OR UPDATE OR DELETE on "node" for each ROW execute function "node_draft_only_fn"();`,
    );

    this.addSql(
      `create table "edge" ("id" uuid not null, "tenant_id" uuid not null, "flow_version_id" uuid not null, "from_key" text not null, "exit" text not null, "to_key" text not null, "sort" int null, "condition" jsonb null, "position" int not null, primary key ("id"));`,
    );
    this.addSql(
      `create index "edge_tenant_id_flow_version_id_index" on "edge" ("tenant_id", "flow_version_id");`,
    );
    this.addSql(`create index "edge_flow_version_id_index" on "edge" ("flow_version_id");`);
    this.addSql(
      `create or replace function "edge_draft_only_fn"() returns trigger as $$ begin if exists (select 1 from flow_version join tenant on tenant.id = flow_version.tenant_id where flow_version.id = coalesce(new.flow_version_id, old.flow_version_id) and flow_version.status <> 'draft') then raise exception 'flow version % was published and cannot be changed: make a new version', coalesce(new.flow_version_id, old.flow_version_id) using errcode = 'restrict_violation'; end if; return coalesce(new, old); end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "draft_only" BEFORE INSERT OR UPDATE OR DELETE on "edge" for each ROW execute function "edge_draft_only_fn"();`,
    );

    this.addSql(
      `create table "carrier" ("id" uuid not null, "tenant_id" uuid not null, "name" text not null, "enabled" boolean not null default true, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `alter table "carrier" add constraint "carrier_tenant_id_name_unique" unique ("tenant_id", "name");`,
    );
    this.addSql(
      `create or replace function "carrier_notify_changed_fn"() returns trigger as $$ begin if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.tenant_id::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.tenant_id::text); end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "notify_changed" AFTER INSERT OR UPDATE OR DELETE on "carrier" for each ROW execute function "carrier_notify_changed_fn"();`,
    );

    this.addSql(
      `create table "campaign" ("id" uuid not null, "tenant_id" uuid not null, "name" text not null, "flow_id" uuid null, "enabled" boolean not null default true, "max_calls" int null, "ring_timeout_ms" int not null default 20000, "record" text null, "recording_retention_days" int null, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(`create index "campaign_flow_id_index" on "campaign" ("flow_id");`);
    this.addSql(
      `alter table "campaign" add constraint "campaign_tenant_id_name_unique" unique ("tenant_id", "name");`,
    );
    this.addSql(`alter table "campaign" add constraint "campaign_max_calls_check" check (max_calls >= 0);`);
    this.addSql(
      `alter table "campaign" add constraint "campaign_ring_timeout_ms_check" check (ring_timeout_ms >= 1000 and ring_timeout_ms <= 600000);`,
    );
    this.addSql(
      `alter table "campaign" add constraint "campaign_recording_retention_days_check" check (recording_retention_days > 0);`,
    );
    this.addSql(
      `alter table "campaign" add constraint "campaign_record_check" check ("record" in ('mono', 'stereo'));`,
    );
    this.addSql(
      `create or replace function "campaign_notify_changed_fn"() returns trigger as $$ begin if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.tenant_id::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.tenant_id::text); end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "notify_changed" AFTER INSERT OR UPDATE OR DELETE on "campaign" for each ROW execute function "campaign_notify_changed_fn"();`,
    );

    this.addSql(
      `create table "phone_number" ("id" uuid not null, "tenant_id" uuid not null, "e164" text not null, "campaign_id" uuid null, "publisher_id" uuid null, "enabled" boolean not null default true, "max_calls" int null, "tags" text[] not null default '{}', "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(`alter table "phone_number" add constraint "phone_number_e164_unique" unique ("e164");`);
    this.addSql(
      `create index "phone_number_tenant_id_campaign_id_index" on "phone_number" ("tenant_id", "campaign_id");`,
    );
    this.addSql(`create index "phone_number_campaign_id_index" on "phone_number" ("campaign_id");`);
    this.addSql(`create index "phone_number_publisher_id_index" on "phone_number" ("publisher_id");`);
    this.addSql(
      `alter table "phone_number" add constraint "phone_number_e164_check" check (e164 ~ '^\\+[1-9][0-9]{6,14}$');`,
    );
    this.addSql(
      `alter table "phone_number" add constraint "phone_number_max_calls_check" check (max_calls >= 0);`,
    );
    this.addSql(
      `create or replace function "phone_number_notify_changed_fn"() returns trigger as $$ begin if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.tenant_id::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.tenant_id::text); end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "notify_changed" AFTER INSERT OR UPDATE OR DELETE on "phone_number" for each ROW execute function "phone_number_notify_changed_fn"();`,
    );

    this.addSql(
      `create table "call" ("id" uuid not null, "tenant_id" uuid not null, "campaign_id" uuid null, "phone_number_id" uuid null, "publisher_id" uuid null, "flow_version_id" uuid null, "buyer_id" uuid null, "switch_name" text not null, "daemon_id" text not null, "caller" text not null, "caller_name" text not null, "did" text not null, "started_at" timestamptz(6) not null, "answered_at" timestamptz(6) null, "connected_at" timestamptz(6) null, "ended_at" timestamptz(6) not null, "outcome" text not null, "refusal" text null, "reason" text null, "cause" text not null, "hung_up_by" text not null, "variables" jsonb not null, "tags" text[] not null, "takeovers" int not null, "source" text not null, "written_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(`create index "call_tenant_id_started_at_index" on "call" ("tenant_id", "started_at");`);
    this.addSql(
      `create index "call_tenant_id_campaign_id_started_at_index" on "call" ("tenant_id", "campaign_id", "started_at");`,
    );
    this.addSql(`alter table "call" add constraint "call_ends_after_start" check (ended_at >= started_at);`);
    this.addSql(`alter table "call" add constraint "call_takeovers_check" check (takeovers >= 0);`);
    this.addSql(
      `alter table "call" add constraint "call_outcome_check" check ("outcome" in ('connected', 'abandoned', 'abandoned_in_queue', 'abandoned_ringing', 'no_answer', 'busy', 'rejected', 'not_accepted', 'failed', 'capped', 'queue_timeout', 'finished', 'refused', 'transferred', 'interrupted', 'error'));`,
    );
    this.addSql(
      `alter table "call" add constraint "call_refusal_check" check ("refusal" in ('unknown_number', 'number_disabled', 'tenant_suspended', 'no_published_flow', 'capped', 'caps_unavailable', 'draining', 'overloaded', 'database_unavailable', 'blocked_caller', 'invalid_caller'));`,
    );
    this.addSql(
      `alter table "call" add constraint "call_hung_up_by_check" check ("hung_up_by" in ('caller', 'callee', 'callfabric', 'network'));`,
    );
    this.addSql(
      `alter table "call" add constraint "call_source_check" check ("source" in ('session', 'switch'));`,
    );

    this.addSql(
      `create table "recording" ("id" uuid not null, "tenant_id" uuid not null, "call_id" uuid not null, "path" text not null, "channels" text not null, "started_at" timestamptz(6) not null, "stopped_at" timestamptz(6) null, "status" text not null default 'pending', "location" text null, "bytes" bigint null, "duration_ms" int null, "sha256" text null, "reason" text null, "retention_days" int null, "tries" int not null default 0, "verified_at" timestamptz(6) null, "written_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(`create index "recording_call_id_index" on "recording" ("call_id");`);
    this.addSql(
      `create index "recording_pending" on "recording" ("tenant_id", "written_at") where status = 'pending';`,
    );
    this.addSql(
      `alter table "recording" add constraint "recording_stored_is_verified" check (status <> 'stored' or (location is not null and bytes is not null and duration_ms is not null and sha256 is not null));`,
    );
    this.addSql(`alter table "recording" add constraint "recording_bytes_check" check (bytes >= 0);`);
    this.addSql(
      `alter table "recording" add constraint "recording_duration_ms_check" check (duration_ms >= 0);`,
    );
    this.addSql(
      `alter table "recording" add constraint "recording_sha256_check" check (sha256 ~ '^[0-9a-f]{64}$');`,
    );
    this.addSql(
      `alter table "recording" add constraint "recording_channels_check" check ("channels" in ('mono', 'stereo'));`,
    );
    this.addSql(
      `alter table "recording" add constraint "recording_status_check" check ("status" in ('pending', 'stored', 'failed', 'empty'));`,
    );

    this.addSql(
      `create table "cdr" ("id" uuid not null, "tenant_id" uuid not null, "call_id" uuid not null, "channel_uuid" text not null, "side" text not null, "started_at" timestamptz(6) not null, "progress_at" timestamptz(6) null, "progress_media_at" timestamptz(6) null, "answered_at" timestamptz(6) null, "bridged_at" timestamptz(6) null, "ended_at" timestamptz(6) not null, "bill_ms" bigint not null, "cause" text not null, "q850" int not null, "sip_code" int null, "hung_up_by" text not null, "caller_number" text not null, "called_number" text not null, "codec" text null, "mos" real null, "sip_call_id" text null, "remote_address" text null, "source" text not null, "written_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(`create index "cdr_call_id_index" on "cdr" ("call_id");`);
    this.addSql(`alter table "cdr" add constraint "cdr_channel_uuid_unique" unique ("channel_uuid");`);
    this.addSql(`create index "cdr_tenant_id_started_at_index" on "cdr" ("tenant_id", "started_at");`);
    this.addSql(`alter table "cdr" add constraint "cdr_bill_ms_check" check (bill_ms >= 0);`);
    this.addSql(`alter table "cdr" add constraint "cdr_side_check" check ("side" in ('A', 'B'));`);
    this.addSql(
      `alter table "cdr" add constraint "cdr_hung_up_by_check" check ("hung_up_by" in ('caller', 'callee', 'callfabric', 'network'));`,
    );
    this.addSql(
      `alter table "cdr" add constraint "cdr_source_check" check ("source" in ('event', 'json_cdr', 'estimated'));`,
    );

    this.addSql(
      `create table "call_trace" ("call_id" uuid not null, "step" int not null, "tenant_id" uuid not null, "node_id" text not null, "node_type" text not null, "exit" text not null, "entered_at" timestamptz(6) not null, "duration_ms" double precision not null, "reason" text null, primary key ("call_id", "step"));`,
    );

    this.addSql(
      `create table "call_leg" ("id" uuid not null, "tenant_id" uuid not null, "call_id" uuid not null, "side" text not null, "channel_uuid" text not null, "attempt_id" uuid null, primary key ("id"));`,
    );
    this.addSql(`create index "call_leg_call_id_index" on "call_leg" ("call_id");`);
    this.addSql(
      `alter table "call_leg" add constraint "call_leg_channel_uuid_unique" unique ("channel_uuid");`,
    );
    this.addSql(`alter table "call_leg" add constraint "call_leg_side_check" check ("side" in ('A', 'B'));`);

    this.addSql(
      `create table "call_attempt" ("id" uuid not null, "tenant_id" uuid not null, "call_id" uuid not null, "number" int not null, "buyer_id" uuid null, "endpoint_id" uuid null, "trunk_id" uuid null, "destination" text not null, "channel_uuid" text not null, "dialled_at" timestamptz(6) not null, "ringing_at" timestamptz(6) null, "answered_at" timestamptz(6) null, "ended_at" timestamptz(6) not null, "outcome" text not null, "cause" text not null, "sip_code" int null, "cap_decision" text not null, primary key ("id"));`,
    );
    this.addSql(`create index "call_attempt_call_id_index" on "call_attempt" ("call_id");`);
    this.addSql(`alter table "call_attempt" add constraint "call_attempt_number_check" check (number >= 1);`);
    this.addSql(
      `alter table "call_attempt" add constraint "call_attempt_outcome_check" check ("outcome" in ('connected', 'max_duration', 'not_accepted', 'no_answer', 'busy', 'rejected', 'failed', 'capped', 'cancelled'));`,
    );

    this.addSql(
      `create table "buyer" ("id" uuid not null, "tenant_id" uuid not null, "name" text not null, "enabled" boolean not null default true, "max_calls" int null, "ring_timeout_ms" int null, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `alter table "buyer" add constraint "buyer_tenant_id_name_unique" unique ("tenant_id", "name");`,
    );
    this.addSql(`alter table "buyer" add constraint "buyer_max_calls_check" check (max_calls >= 0);`);
    this.addSql(
      `alter table "buyer" add constraint "buyer_ring_timeout_ms_check" check (ring_timeout_ms >= 1000 and ring_timeout_ms <= 600000);`,
    );
    this.addSql(
      `create or replace function "buyer_notify_changed_fn"() returns trigger as $$ begin if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.tenant_id::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.tenant_id::text); end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "notify_changed" AFTER INSERT OR UPDATE OR DELETE on "buyer" for each ROW execute function "buyer_notify_changed_fn"();`,
    );

    this.addSql(
      `create table "campaign_buyer" ("id" uuid not null, "tenant_id" uuid not null, "campaign_id" uuid not null, "buyer_id" uuid not null, "enabled" boolean not null default true, "priority" int not null default 0, "weight" int not null default 1, primary key ("id"));`,
    );
    this.addSql(
      `create index "campaign_buyer_tenant_id_campaign_id_index" on "campaign_buyer" ("tenant_id", "campaign_id");`,
    );
    this.addSql(`create index "campaign_buyer_buyer_id_index" on "campaign_buyer" ("buyer_id");`);
    this.addSql(
      `alter table "campaign_buyer" add constraint "campaign_buyer_campaign_id_buyer_id_unique" unique ("campaign_id", "buyer_id");`,
    );
    this.addSql(
      `alter table "campaign_buyer" add constraint "campaign_buyer_priority_check" check (priority >= 0);`,
    );
    this.addSql(
      `alter table "campaign_buyer" add constraint "campaign_buyer_weight_check" check (weight >= 0);`,
    );
    this.addSql(
      `create or replace function "campaign_buyer_notify_changed_fn"() returns trigger as $$ begin if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.tenant_id::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.tenant_id::text); end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "notify_changed" AFTER INSERT OR UPDATE OR DELETE on "campaign_buyer" for each ROW execute function "campaign_buyer_notify_changed_fn"();`,
    );

    this.addSql(
      `create table "buyer_endpoint" ("id" uuid not null, "tenant_id" uuid not null, "buyer_id" uuid not null, "label" text not null, "kind" text not null, "destination" text not null, "enabled" boolean not null default true, "max_calls" int null, "priority" int not null default 0, "weight" int not null default 1, "ring_timeout_ms" int null, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(
      `create index "buyer_endpoint_tenant_id_buyer_id_index" on "buyer_endpoint" ("tenant_id", "buyer_id");`,
    );
    this.addSql(`create index "buyer_endpoint_buyer_id_index" on "buyer_endpoint" ("buyer_id");`);
    this.addSql(
      `alter table "buyer_endpoint" add constraint "buyer_endpoint_destination_form" check (case kind when 'pstn' then destination ~ '^\\+[1-9][0-9]{6,14}$' else destination ~ '^sips?:[^[:space:]]+$' end);`,
    );
    this.addSql(
      `alter table "buyer_endpoint" add constraint "buyer_endpoint_max_calls_check" check (max_calls >= 0);`,
    );
    this.addSql(
      `alter table "buyer_endpoint" add constraint "buyer_endpoint_priority_check" check (priority >= 0);`,
    );
    this.addSql(
      `alter table "buyer_endpoint" add constraint "buyer_endpoint_weight_check" check (weight >= 0);`,
    );
    this.addSql(
      `alter table "buyer_endpoint" add constraint "buyer_endpoint_ring_timeout_ms_check" check (ring_timeout_ms >= 1000 and ring_timeout_ms <= 600000);`,
    );
    this.addSql(
      `alter table "buyer_endpoint" add constraint "buyer_endpoint_kind_check" check ("kind" in ('sip', 'pstn'));`,
    );
    this.addSql(
      `create or replace function "buyer_endpoint_notify_changed_fn"() returns trigger as $$ begin if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.tenant_id::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.tenant_id::text); end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "notify_changed" AFTER INSERT OR UPDATE OR DELETE on "buyer_endpoint" for each ROW execute function "buyer_endpoint_notify_changed_fn"();`,
    );

    this.addSql(
      `create table "trunk" ("id" uuid not null, "tenant_id" uuid not null, "carrier_id" uuid not null, "name" text not null, "gateway" text not null, "enabled" boolean not null default true, "max_calls" int null, "priority" int not null default 0, "weight" int not null default 1, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(`create index "trunk_carrier_id_index" on "trunk" ("carrier_id");`);
    this.addSql(
      `alter table "trunk" add constraint "trunk_tenant_id_name_unique" unique ("tenant_id", "name");`,
    );
    this.addSql(
      `alter table "trunk" add constraint "trunk_gateway_check" check (gateway ~ '^[A-Za-z0-9_.-]{1,64}$');`,
    );
    this.addSql(`alter table "trunk" add constraint "trunk_max_calls_check" check (max_calls >= 0);`);
    this.addSql(`alter table "trunk" add constraint "trunk_priority_check" check (priority >= 0);`);
    this.addSql(`alter table "trunk" add constraint "trunk_weight_check" check (weight >= 0);`);
    this.addSql(
      `create or replace function "trunk_notify_changed_fn"() returns trigger as $$ begin if tg_op <> 'INSERT' then perform pg_notify('callfabric_changed', old.tenant_id::text); end if; if tg_op <> 'DELETE' then perform pg_notify('callfabric_changed', new.tenant_id::text); end if; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "notify_changed" AFTER INSERT OR UPDATE OR DELETE on "trunk" for each ROW execute function "trunk_notify_changed_fn"();`,
    );

    this.addSql(
      `alter table "publisher" add constraint "publisher_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "flow" add constraint "flow_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "flow_version" add constraint "flow_version_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "flow_version" add constraint "flow_version_flow_id_foreign" foreign key ("flow_id") references "flow" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "node" add constraint "node_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "node" add constraint "node_flow_version_id_foreign" foreign key ("flow_version_id") references "flow_version" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "edge" add constraint "edge_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "edge" add constraint "edge_flow_version_id_foreign" foreign key ("flow_version_id") references "flow_version" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "carrier" add constraint "carrier_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "campaign" add constraint "campaign_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "campaign" add constraint "campaign_flow_id_foreign" foreign key ("flow_id") references "flow" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "phone_number" add constraint "phone_number_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "phone_number" add constraint "phone_number_campaign_id_foreign" foreign key ("campaign_id") references "campaign" ("id") on delete set null;`,
    );
    this.addSql(
      `alter table "phone_number" add constraint "phone_number_publisher_id_foreign" foreign key ("publisher_id") references "publisher" ("id") on delete set null;`,
    );

    this.addSql(
      `alter table "call" add constraint "call_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "recording" add constraint "recording_call_id_foreign" foreign key ("call_id") references "call" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "cdr" add constraint "cdr_call_id_foreign" foreign key ("call_id") references "call" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "call_trace" add constraint "call_trace_call_id_foreign" foreign key ("call_id") references "call" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "call_leg" add constraint "call_leg_call_id_foreign" foreign key ("call_id") references "call" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "call_attempt" add constraint "call_attempt_call_id_foreign" foreign key ("call_id") references "call" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "buyer" add constraint "buyer_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "campaign_buyer" add constraint "campaign_buyer_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "campaign_buyer" add constraint "campaign_buyer_campaign_id_foreign" foreign key ("campaign_id") references "campaign" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "campaign_buyer" add constraint "campaign_buyer_buyer_id_foreign" foreign key ("buyer_id") references "buyer" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "buyer_endpoint" add constraint "buyer_endpoint_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "buyer_endpoint" add constraint "buyer_endpoint_buyer_id_foreign" foreign key ("buyer_id") references "buyer" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "trunk" add constraint "trunk_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "trunk" add constraint "trunk_carrier_id_foreign" foreign key ("carrier_id") references "carrier" ("id") on delete cascade;`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(
      `drop table "tenant", "publisher", "flow", "flow_version", "node", "edge", "carrier", "campaign", "phone_number", "call", "recording", "cdr", "call_trace", "call_leg", "call_attempt", "buyer", "campaign_buyer", "buyer_endpoint", "trunk" cascade;`,
    );
    this.addSql(`drop function "tenant_notify_changed_fn"();`);
    this.addSql(`drop function "publisher_notify_changed_fn"();`);
    this.addSql(`drop function "flow_notify_changed_fn"();`);
    this.addSql(`drop function "flow_version_notify_changed_fn"();`);
    this.addSql(`drop function "flow_version_keep_published_fn"();`);
    this.addSql(`drop function "node_draft_only_fn"();`);
    this.addSql(`drop function "edge_draft_only_fn"();`);
    this.addSql(`drop function "carrier_notify_changed_fn"();`);
    this.addSql(`drop function "campaign_notify_changed_fn"();`);
    this.addSql(`drop function "phone_number_notify_changed_fn"();`);
    this.addSql(`drop function "buyer_notify_changed_fn"();`);
    this.addSql(`drop function "campaign_buyer_notify_changed_fn"();`);
    this.addSql(`drop function "buyer_endpoint_notify_changed_fn"();`);
    this.addSql(`drop function "trunk_notify_changed_fn"();`);
  }
}
