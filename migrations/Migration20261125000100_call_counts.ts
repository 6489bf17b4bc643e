import { Migration } from '@mikro-orm/migrations';

/** What reports count of the calls there are; from here on the triggers of `call` count. Money is counted by the job. */
const counted = `insert into call_count (tenant_id, quarter, campaign_id, publisher_id, buyer_id, did, currency, incoming, answered, connected, answered_us, connected_us)
select tenant_id, date_bin('15 minutes', started_at, '2000-01-01T00:00:00Z'), coalesce(campaign_id, '00000000-0000-0000-0000-000000000000'), coalesce(publisher_id, '00000000-0000-0000-0000-000000000000'), coalesce(buyer_id, '00000000-0000-0000-0000-000000000000'), did, '', count(*), count(answered_at), count(connected_at),
  coalesce((extract(epoch from sum(ended_at - answered_at)) * 1000000)::bigint, 0), coalesce((extract(epoch from sum(ended_at - connected_at)) * 1000000)::bigint, 0)
from call group by 1, 2, 3, 4, 5, 6;`;

/** Figures of calls for reports, kept by triggers; tags and last digits found by an index. Rewrites the table of calls. */
export class Migration20261125000100_call_counts extends Migration {
  override name = 'Migration20261125000100_call_counts';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "call_count_delta" ("tenant_id" uuid not null, "id" uuid not null default gen_random_uuid(), "quarter" timestamptz(6) not null, "campaign_id" uuid not null, "publisher_id" uuid not null, "buyer_id" uuid not null, "did" text not null, "incoming" bigint not null default '0', "answered" bigint not null default '0', "connected" bigint not null default '0', "answered_us" bigint not null default '0', "connected_us" bigint not null default '0', primary key ("tenant_id", "id"));`,
    );

    this.addSql(
      `create table "call_tag" ("tenant_id" uuid not null, "tag" text not null, "started_at" timestamptz(6) not null, "call_id" uuid not null, primary key ("tenant_id", "tag", "started_at", "call_id"));`,
    );

    this.addSql(
      `create table "call_money_mark" ("tenant_id" uuid not null, "id" uuid not null default gen_random_uuid(), "call_id" uuid not null, "marked_at" timestamptz(6) not null default now(), primary key ("tenant_id", "id"));`,
    );

    this.addSql(
      `create table "call_money" ("tenant_id" uuid not null, "call_id" uuid not null, "currency" text not null, "quarter" timestamptz(6) not null, "campaign_id" uuid not null, "publisher_id" uuid not null, "buyer_id" uuid not null, "did" text not null, "converted" bigint not null default '0', "duplicates" bigint not null default '0', "revenue_micros" bigint not null default '0', "payout_micros" bigint not null default '0', "cost_micros" bigint not null default '0', primary key ("tenant_id", "call_id", "currency"));`,
    );

    this.addSql(
      `create table "call_count" ("tenant_id" uuid not null, "quarter" timestamptz(6) not null, "campaign_id" uuid not null, "publisher_id" uuid not null, "buyer_id" uuid not null, "did" text not null, "currency" text not null, "incoming" bigint not null default '0', "answered" bigint not null default '0', "connected" bigint not null default '0', "answered_us" bigint not null default '0', "connected_us" bigint not null default '0', "converted" bigint not null default '0', "duplicates" bigint not null default '0', "revenue_micros" bigint not null default '0', "payout_micros" bigint not null default '0', "cost_micros" bigint not null default '0', primary key ("tenant_id", "quarter", "campaign_id", "publisher_id", "buyer_id", "did", "currency"));`,
    );

    this.addSql(
      `create or replace function "tenant_forget_counts_fn"() returns trigger as $$ begin delete from call_count_delta where tenant_id = old.id; delete from call_tag where tenant_id = old.id; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "forget_counts" AFTER DELETE on "tenant" for each ROW execute function "tenant_forget_counts_fn"();`,
    );

    this.addSql(
      `create or replace function "conversion_mark_call_fn"() returns trigger as $$ begin insert into call_money_mark (tenant_id, call_id) select distinct tenant_id, call_id from written where call_id is not null; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "mark_call" AFTER INSERT on "conversion" referencing new table as written for each STATEMENT execute function "conversion_mark_call_fn"();`,
    );

    this.addSql(`drop index "call_tags_index";`);
    this.addSql(`drop index "call_tenant_id_caller_started_at_index";`);
    this.addSql(`drop index "call_tenant_id_did_started_at_index";`);
    this.addSql(
      `alter table "call" add "caller_reversed" text generated always as (reverse(caller)) stored not null, add "did_reversed" text generated always as (reverse(did)) stored not null;`,
    );
    this.addSql(
      `create index "call_caller_backwards" on "call" ("tenant_id", "caller_reversed" text_pattern_ops, "started_at");`,
    );
    this.addSql(
      `create index "call_did_backwards" on "call" ("tenant_id", "did_reversed" text_pattern_ops, "started_at");`,
    );
    this.addSql(`create or replace function "call_count_written_fn"() returns trigger as $$ begin insert into call_count_delta (tenant_id, quarter, campaign_id, publisher_id, buyer_id, did, incoming, answered, connected, answered_us, connected_us)
 select r.tenant_id, date_bin('15 minutes', r.started_at, '2000-01-01T00:00:00Z'), coalesce(r.campaign_id, '00000000-0000-0000-0000-000000000000'), coalesce(r.publisher_id, '00000000-0000-0000-0000-000000000000'), coalesce(r.buyer_id, '00000000-0000-0000-0000-000000000000'), r.did, count(*), count(r.answered_at), count(r.connected_at), coalesce((extract(epoch from sum(r.ended_at - r.answered_at)) * 1000000)::bigint, 0), coalesce((extract(epoch from sum(r.ended_at - r.connected_at)) * 1000000)::bigint, 0)
 from written r group by 1, 2, 3, 4, 5, 6; insert into call_tag (tenant_id, tag, started_at, call_id) select distinct * from (select r.tenant_id, word, r.started_at, r.id from written r cross join lateral unnest(r.tags) as word) r; return null; end; $$ language plpgsql;`);
    this.addSql(
      `create trigger "count_written" AFTER INSERT on "call" referencing new table as written for each STATEMENT execute function "call_count_written_fn"();`,
    );
    this.addSql(`create or replace function "call_count_rewritten_fn"() returns trigger as $$ begin insert into call_count_delta (tenant_id, quarter, campaign_id, publisher_id, buyer_id, did, incoming, answered, connected, answered_us, connected_us)
 select * from (select r.tenant_id, date_bin('15 minutes', r.started_at, '2000-01-01T00:00:00Z'), coalesce(r.campaign_id, '00000000-0000-0000-0000-000000000000'), coalesce(r.publisher_id, '00000000-0000-0000-0000-000000000000'), coalesce(r.buyer_id, '00000000-0000-0000-0000-000000000000'), r.did, sum(r.sign), coalesce(sum(r.sign) filter (where r.answered_at is not null), 0), coalesce(sum(r.sign) filter (where r.connected_at is not null), 0),
 coalesce((extract(epoch from sum(r.sign * (r.ended_at - r.answered_at))) * 1000000)::bigint, 0), coalesce((extract(epoch from sum(r.sign * (r.ended_at - r.connected_at))) * 1000000)::bigint, 0)
 from (select *, -1 as sign from gone union all select *, 1 from written) r group by 1, 2, 3, 4, 5, 6) f (tenant_id, quarter, campaign_id, publisher_id, buyer_id, did, incoming, answered, connected, answered_us, connected_us)
 where (incoming, answered, connected, answered_us, connected_us) is distinct from (0, 0, 0, 0, 0); delete from call_tag g using (select r.tenant_id, word, r.started_at, r.id from gone r cross join lateral unnest(r.tags) as word) as r (tenant_id, tag, started_at, id) where g.tenant_id = r.tenant_id and g.tag = r.tag and g.started_at = r.started_at and g.call_id = r.id; insert into call_tag (tenant_id, tag, started_at, call_id) select distinct * from (select r.tenant_id, word, r.started_at, r.id from written r cross join lateral unnest(r.tags) as word) r; insert into call_money_mark (tenant_id, call_id) select tenant_id, id from gone union select tenant_id, id from written; return null; end; $$ language plpgsql;`);
    this.addSql(
      `create trigger "count_rewritten" AFTER UPDATE on "call" referencing old table as gone new table as written for each STATEMENT execute function "call_count_rewritten_fn"();`,
    );
    this.addSql(`create or replace function "call_count_gone_fn"() returns trigger as $$ begin insert into call_count_delta (tenant_id, quarter, campaign_id, publisher_id, buyer_id, did, incoming, answered, connected, answered_us, connected_us)
 select * from (select r.tenant_id, date_bin('15 minutes', r.started_at, '2000-01-01T00:00:00Z'), coalesce(r.campaign_id, '00000000-0000-0000-0000-000000000000'), coalesce(r.publisher_id, '00000000-0000-0000-0000-000000000000'), coalesce(r.buyer_id, '00000000-0000-0000-0000-000000000000'), r.did, sum(r.sign), coalesce(sum(r.sign) filter (where r.answered_at is not null), 0), coalesce(sum(r.sign) filter (where r.connected_at is not null), 0),
 coalesce((extract(epoch from sum(r.sign * (r.ended_at - r.answered_at))) * 1000000)::bigint, 0), coalesce((extract(epoch from sum(r.sign * (r.ended_at - r.connected_at))) * 1000000)::bigint, 0)
 from (select r.*, -1 as sign from gone r where exists (select 1 from tenant t where t.id = r.tenant_id and t.deleting_since is null)) r group by 1, 2, 3, 4, 5, 6) f (tenant_id, quarter, campaign_id, publisher_id, buyer_id, did, incoming, answered, connected, answered_us, connected_us)
 where (incoming, answered, connected, answered_us, connected_us) is distinct from (0, 0, 0, 0, 0); delete from call_tag g using (select r.tenant_id, word, r.started_at, r.id from gone r cross join lateral unnest(r.tags) as word) as r (tenant_id, tag, started_at, id) where g.tenant_id = r.tenant_id and g.tag = r.tag and g.started_at = r.started_at and g.call_id = r.id; insert into call_money_mark (tenant_id, call_id) select r.tenant_id, r.id from gone r where exists (select 1 from tenant t where t.id = r.tenant_id and t.deleting_since is null); return null; end; $$ language plpgsql;`);
    this.addSql(
      `create trigger "count_gone" AFTER DELETE on "call" referencing old table as gone for each STATEMENT execute function "call_count_gone_fn"();`,
    );

    this.addSql(
      `create or replace function "ledger_entry_mark_call_fn"() returns trigger as $$ begin insert into call_money_mark (tenant_id, call_id) select distinct tenant_id, call_id from written where call_id is not null; return null; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "mark_call" AFTER INSERT on "ledger_entry" referencing new table as written for each STATEMENT execute function "ledger_entry_mark_call_fn"();`,
    );

    this.addSql(`alter table "call_count_delta" enable row level security;`);
    this.addSql(`alter table "call_count_delta" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "call_count_delta" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "call_count_delta" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(`alter table "call_tag" enable row level security;`);
    this.addSql(`alter table "call_tag" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "call_tag" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "call_tag" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "call_money_mark" add constraint "call_money_mark_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(`alter table "call_money_mark" enable row level security;`);
    this.addSql(`alter table "call_money_mark" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "call_money_mark" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "call_money_mark" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "call_money" add constraint "call_money_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(`alter table "call_money" enable row level security;`);
    this.addSql(`alter table "call_money" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "call_money" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "call_money" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `alter table "call_count" add constraint "call_count_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(`alter table "call_count" enable row level security;`);
    this.addSql(`alter table "call_count" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "call_count" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "call_count" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql(
      `grant select, insert, update, delete on call_tag, call_count, call_count_delta, call_money, call_money_mark to callfabric_daemon;`,
    );
    // Whoever writes a conversion leaves a mark: a tenant's own may.
    this.addSql(
      `grant select on call_tag, call_count, call_count_delta, call_money, call_money_mark to callfabric_api;`,
    );
    this.addSql(`grant insert on call_money_mark to callfabric_api;`);
    this.addSql(
      `insert into call_tag (tenant_id, tag, started_at, call_id) select distinct c.tenant_id, word, c.started_at, c.id from call c cross join lateral unnest(c.tags) as word;`,
    );
    // A campaign is of one tenant: without this PostgreSQL expects a share of its calls, and reads them all to sort them.
    this.addSql(
      `create statistics call_whose (dependencies) on tenant_id, campaign_id, publisher_id, buyer_id from call;`,
    );
    this.addSql(counted);
    this.addSql(
      `insert into call_money_mark (tenant_id, call_id) select tenant_id, call_id from conversion union select tenant_id, call_id from ledger_entry where call_id is not null;`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "call_count_delta" cascade;`);
    this.addSql(`drop table if exists "call_tag" cascade;`);
    this.addSql(`drop table if exists "call_money_mark" cascade;`);
    this.addSql(`drop table if exists "call_money" cascade;`);
    this.addSql(`drop table if exists "call_count" cascade;`);

    this.addSql('drop statistics call_whose;');
    this.addSql(`drop index "call_caller_backwards";`);
    this.addSql(`drop index "call_did_backwards";`);
    this.addSql(`drop trigger if exists "count_written" on "call";`);
    this.addSql(`drop function if exists "call_count_written_fn"();`);
    this.addSql(`drop trigger if exists "count_rewritten" on "call";`);
    this.addSql(`drop function if exists "call_count_rewritten_fn"();`);
    this.addSql(`drop trigger if exists "count_gone" on "call";`);
    this.addSql(`drop function if exists "call_count_gone_fn"();`);
    this.addSql(`alter table "call" drop column "caller_reversed", drop column "did_reversed";`);
    this.addSql(`create index "call_tags_index" on "call" using gin ("tags");`);
    this.addSql(
      `create index "call_tenant_id_caller_started_at_index" on "call" ("tenant_id", "caller", "started_at");`,
    );
    this.addSql(
      `create index "call_tenant_id_did_started_at_index" on "call" ("tenant_id", "did", "started_at");`,
    );

    this.addSql(`drop trigger if exists "mark_call" on "conversion";`);
    this.addSql(`drop function if exists "conversion_mark_call_fn"();`);

    this.addSql(`drop trigger if exists "mark_call" on "ledger_entry";`);
    this.addSql(`drop function if exists "ledger_entry_mark_call_fn"();`);

    this.addSql(`drop trigger if exists "forget_counts" on "tenant";`);
    this.addSql(`drop function if exists "tenant_forget_counts_fn"();`);
  }
}
