import { Migration } from '@mikro-orm/migrations';

/** Calls are refused where their publisher is switched off. */
export class Migration20261129190000_publisher_disabled extends Migration {
  override name = 'Migration20261129190000_publisher_disabled';

  override up(): void | Promise<void> {
    this.addSql(`alter table "call" drop constraint "call_refusal_check";`);
    this.addSql(
      `alter table "call" add constraint "call_refusal_check" check ("refusal" in ('unknown_number', 'number_disabled', 'tenant_suspended', 'publisher_disabled', 'no_published_flow', 'capped', 'caps_unavailable', 'draining', 'overloaded', 'database_unavailable', 'blocked_caller', 'invalid_caller', 'not_taken'));`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "call" drop constraint "call_refusal_check";`);
    // The nearest of the reasons there were before.
    this.addSql(`update "call" set "refusal" = 'number_disabled' where "refusal" = 'publisher_disabled';`);
    this.addSql(
      `alter table "call" add constraint "call_refusal_check" check ("refusal" in ('unknown_number', 'number_disabled', 'tenant_suspended', 'no_published_flow', 'capped', 'caps_unavailable', 'draining', 'overloaded', 'database_unavailable', 'blocked_caller', 'invalid_caller', 'not_taken'));`,
    );
  }
}
