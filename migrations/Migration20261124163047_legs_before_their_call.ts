import { Migration } from '@mikro-orm/migrations';

export class Migration20261124163047_legs_before_their_call extends Migration {
  override name = 'Migration20261124163047_legs_before_their_call';

  override up(): void | Promise<void> {
    this.addSql(
      `create table "held_call" ("call_id" uuid not null, "tenant_id" uuid not null, "record" jsonb not null, "held_until" timestamptz(6) not null, primary key ("call_id"));`,
    );
    this.addSql(`create index "held_call_held_until_index" on "held_call" ("held_until");`);

    this.addSql(`alter table "cdr" drop constraint "cdr_call_id_foreign";`);

    this.addSql(`alter table "call_leg" drop constraint "call_leg_call_id_foreign";`);

    this.addSql(
      `alter table "cdr" add constraint "cdr_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "call_leg" add constraint "call_leg_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );

    this.addSql(`alter table "call" drop constraint "call_refusal_check";`);
    this.addSql(
      `alter table "call" add constraint "call_refusal_check" check ("refusal" in ('unknown_number', 'number_disabled', 'tenant_suspended', 'no_published_flow', 'capped', 'caps_unavailable', 'draining', 'overloaded', 'database_unavailable', 'blocked_caller', 'invalid_caller', 'not_taken'));`,
    );

    this.addSql(
      `alter table "held_call" add constraint "held_call_tenant_id_foreign" foreign key ("tenant_id") references "tenant" ("id") on delete cascade;`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(`drop table if exists "held_call" cascade;`);

    this.addSql(`alter table "call_leg" drop constraint "call_leg_tenant_id_foreign";`);

    this.addSql(`alter table "cdr" drop constraint "cdr_tenant_id_foreign";`);

    this.addSql(`alter table "call" drop constraint "call_refusal_check";`);
    this.addSql(
      `alter table "call" add constraint "call_refusal_check" check ("refusal" in ('unknown_number', 'number_disabled', 'tenant_suspended', 'no_published_flow', 'capped', 'caps_unavailable', 'draining', 'overloaded', 'database_unavailable', 'blocked_caller', 'invalid_caller'));`,
    );

    this.addSql(
      `alter table "call_leg" add constraint "call_leg_call_id_foreign" foreign key ("call_id") references "call" ("id") on delete cascade;`,
    );

    this.addSql(
      `alter table "cdr" add constraint "cdr_call_id_foreign" foreign key ("call_id") references "call" ("id") on delete cascade;`,
    );
  }
}
