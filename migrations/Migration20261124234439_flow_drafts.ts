import { Migration } from '@mikro-orm/migrations';

export class Migration20261124234439_flow_drafts extends Migration {
  override name = 'Migration20261124234439_flow_drafts';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "flow_draft" ("id" uuid not null, "tenant_id" uuid not null, "flow_id" uuid not null, "document" jsonb not null, "revision" int not null default 1, "created_at" timestamptz(6) not null default now(), "updated_at" timestamptz(6) not null default now(), primary key ("id"));`,
    );
    this.addSql(`alter table "flow_draft" add constraint "flow_draft_flow_id_unique" unique ("flow_id");`);
    this.addSql(`create index "flow_draft_tenant_id_index" on "flow_draft" ("tenant_id");`);
    this.addSql(
      `grant select, insert, update, delete on "flow_draft" to "callfabric_daemon", "callfabric_api";`,
    );

    this.addSql(
      `alter table "flow_draft" add constraint "flow_draft_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "flow_draft" add constraint "flow_draft_flow_id_foreign" foreign key ("flow_id") references "flow" ("id") on delete cascade;`,
    );
    this.addSql(`alter table "flow_draft" add constraint "flow_draft_revision_check" check (revision >= 1);`);
    this.addSql(
      `create or replace function "flow_draft_one_tenant_fn"() returns trigger as $$ begin if new.flow_id is not null and new.flow_id is distinct from old.flow_id and not exists (select 1 from flow where id = new.flow_id and (tenant_id is not distinct from new.tenant_id)) then raise exception 'flow_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "flow_draft" for each ROW execute function "flow_draft_one_tenant_fn"();`,
    );
    this.addSql(`alter table "flow_draft" enable row level security;`);
    this.addSql(`alter table "flow_draft" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "flow_draft" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "flow_draft" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(`drop trigger if exists "one_tenant" on "flow_draft";`);
    this.addSql(`drop function if exists "flow_draft_one_tenant_fn"();`);
    this.addSql(`drop table if exists "flow_draft" cascade;`);
  }
}
