import { Migration } from '@mikro-orm/migrations';

/**
 * A membership is offered before it counts; a password that somebody else gave is told from one that was chosen; a
 * request about the platform has an idempotency key too.
 */
export class Migration20261125020100_accounts_of_their_owners extends Migration {
  override name = 'Migration20261125020100_accounts_of_their_owners';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "invitation" ("id" uuid not null, "tenant_id" uuid not null, "email" text not null, "role_id" uuid not null, "publisher_id" uuid null, "buyer_id" uuid null, "code_hash" text not null, "created_by_id" uuid null, "created_at" timestamptz(6) not null default now(), "expires_at" timestamptz(6) not null, primary key ("id"));`,
    );
    this.addSql(
      `alter table "invitation" add constraint "invitation_code_hash_unique" unique ("code_hash");`,
    );
    this.addSql(`create index "invitation_role_id_index" on "invitation" ("role_id");`);
    this.addSql(`create index "invitation_publisher_id_index" on "invitation" ("publisher_id");`);
    this.addSql(`create index "invitation_buyer_id_index" on "invitation" ("buyer_id");`);
    this.addSql(`create index "invitation_created_by_id_index" on "invitation" ("created_by_id");`);
    this.addSql(
      `alter table "invitation" add constraint "invitation_tenant_id_email_unique" unique ("tenant_id", "email");`,
    );

    this.addSql(`alter table "idempotency_key" alter column "tenant_id" drop not null;`);
    this.addSql(
      `create unique index "idempotency_key_platform_key" on "idempotency_key" ("key") where tenant_id is null;`,
    );

    this.addSql(`alter table "user_account" add "password_chosen_at" timestamptz(6) null;`);

    this.addSql(
      `alter table "invitation" add constraint "invitation_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "invitation" add constraint "invitation_role_id_foreign" foreign key ("role_id") references "role" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "invitation" add constraint "invitation_publisher_id_foreign" foreign key ("publisher_id") references "publisher" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "invitation" add constraint "invitation_buyer_id_foreign" foreign key ("buyer_id") references "buyer" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "invitation" add constraint "invitation_created_by_id_foreign" foreign key ("created_by_id") references "user_account" ("id") on delete cascade;`,
    );
    this.addSql(
      `alter table "invitation" add constraint "invitation_one_view" check (publisher_id is null or buyer_id is null);`,
    );
    this.addSql(
      `alter table "invitation" add constraint "invitation_email_check" check (email ~ '^[^@[:space:]]+@[^@[:space:]]+$' and email = lower(email));`,
    );
    this.addSql(
      `alter table "invitation" add constraint "invitation_code_hash_check" check (code_hash ~ '^[0-9a-f]{64}$');`,
    );
    this.addSql(
      `create or replace function "invitation_one_tenant_fn"() returns trigger as $$ begin if new.role_id is not null and new.role_id is distinct from old.role_id and not exists (select 1 from role where id = new.role_id and (tenant_id is not distinct from new.tenant_id or tenant_id is null)) then raise exception 'role_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; if new.publisher_id is not null and new.publisher_id is distinct from old.publisher_id and not exists (select 1 from publisher where id = new.publisher_id and (tenant_id is not distinct from new.tenant_id or tenant_id is null)) then raise exception 'publisher_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; if new.buyer_id is not null and new.buyer_id is distinct from old.buyer_id and not exists (select 1 from buyer where id = new.buyer_id and (tenant_id is not distinct from new.tenant_id or tenant_id is null)) then raise exception 'buyer_id names no row of the same tenant' using errcode = 'foreign_key_violation'; end if; return new; end; $$ language plpgsql;`,
    );
    this.addSql(
      `create trigger "one_tenant" BEFORE INSERT OR UPDATE on "invitation" for each ROW execute function "invitation_one_tenant_fn"();`,
    );
    this.addSql(`alter table "invitation" enable row level security;`);
    this.addSql(`alter table "invitation" force row level security;`);
    this.addSql(
      `create policy "daemon_all" on "invitation" to "callfabric_daemon" using (true) with check (true);`,
    );
    this.addSql(
      `create policy "tenant_own" on "invitation" to "callfabric_api" using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());`,
    );

    this.addSql('grant select, insert, update, delete on invitation to callfabric_daemon;');
    // The code's hash is written and never read back.
    this.addSql(
      `grant select (id, tenant_id, email, role_id, publisher_id, buyer_id, created_by_id, created_at, expires_at), insert, delete on invitation to callfabric_api;`,
    );
    // Of the passwords there are, those are known to be their owners' which they changed themselves.
    this.addSql(
      `update user_account set password_chosen_at = now() where id in (select actor_id from audit_log where action = 'user.password');`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(`drop trigger if exists "one_tenant" on "invitation";`);
    this.addSql(`drop function if exists "invitation_one_tenant_fn"();`);
    this.addSql(`drop table if exists "invitation" cascade;`);

    this.addSql(`drop index "idempotency_key_platform_key";`);
    this.addSql(`delete from idempotency_key where tenant_id is null;`);
    this.addSql(`alter table "idempotency_key" alter column "tenant_id" set not null;`);

    this.addSql(`alter table "user_account" drop column "password_chosen_at";`);
  }
}
