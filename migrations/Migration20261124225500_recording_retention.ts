import { Migration } from '@mikro-orm/migrations';

export class Migration20261124225500_recording_retention extends Migration {
  override name = 'Migration20261124225500_recording_retention';

  override up(): void | Promise<void> {
    this.addSql(`alter table "recording" drop constraint "recording_status_check";`);
    this.addSql(`alter table "recording" add "deleted_at" timestamptz(6) null;`);
    this.addSql(
      `create index "recording_kept" on "recording" ("retention_days", "started_at") where retention_days is not null and deleted_at is null;`,
    );
    this.addSql(
      `alter table "recording" add constraint "recording_deleted_when" check ((status = 'deleted') = (deleted_at is not null));`,
    );
    this.addSql(
      `alter table "recording" add constraint "recording_status_check" check ("status" in ('pending', 'stored', 'failed', 'empty', 'deleted'));`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(`alter table "recording" drop constraint "recording_deleted_when";`);
    // The schema before has no word for it; a `failed` one names no file either.
    this.addSql(
      `update "recording" set "status" = 'failed', "reason" = 'deleted: its time was over' where "status" = 'deleted';`,
    );
    this.addSql(`drop index "recording_kept";`);
    this.addSql(`alter table "recording" drop constraint "recording_status_check";`);
    this.addSql(`alter table "recording" drop column "deleted_at";`);
    this.addSql(
      `alter table "recording" add constraint "recording_status_check" check ("status" in ('pending', 'stored', 'failed', 'empty'));`,
    );
  }
}
