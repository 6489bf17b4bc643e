import { Migration } from '@mikro-orm/migrations';

/** What every installation begins with. Who changed a flag, or made one of that name, keeps theirs. */
const rows = [
  `insert into role (id, name, view, scopes, description) values
    ('01a2287d-cae2-7015-81b6-0c10051044fb', 'admin', 'tenant', '{*}', 'Everything in its tenant.'),
    ('01a2287d-cae5-7201-90b7-46a01ded0b2d', 'publisher', 'publisher', '{calls:read,numbers:read,reports:read,payouts:read}', 'A publisher''s own calls, numbers and payouts.'),
    ('01a2287d-cae5-72b3-a633-25d1194eda54', 'buyer', 'buyer', '{calls:read,reports:read,invoices:read,endpoints:write}', 'A buyer''s own calls, endpoints and invoices.')
    on conflict do nothing;`,
  `insert into feature_flag (id, name, enabled, description) values
    ('01a2287d-cae5-74ee-b3bf-0f040abb6d7c', 'analytics', true, 'Reports of calls and money.'),
    ('01a2287d-cae5-7546-8049-e376b4745db8', 'transcription', false, 'Recordings are transcribed; needs an engine.'),
    ('01a2287d-cae5-764a-87fc-99974a8ba795', 'stir_shaken', false, 'Identity headers are verified; needs a carrier that passes them on.')
    on conflict do nothing;`,
];

/**
 * The platform's roles and flags come with the schema: without a role nobody can be let in. Whether publishers and buyers
 * see whole numbers is the tenant's own to say.
 */
export class Migration20261129180707_platform_rows_and_whole_numbers extends Migration {
  override name = 'Migration20261129180707_platform_rows_and_whole_numbers';

  override up(): void {
    this.addSql(`alter table "tenant" add "whole_numbers" boolean not null default false;`);
    this.addSql('grant update (whole_numbers) on tenant to callfabric_api;');
    for (const sql of rows) this.addSql(sql);
  }

  override down(): void {
    // The rows stay: people have these roles.
    this.addSql(`alter table "tenant" drop column "whole_numbers";`);
  }
}
