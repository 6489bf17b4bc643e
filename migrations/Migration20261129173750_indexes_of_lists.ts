import { Migration } from '@mikro-orm/migrations';

/**
 * Indexes for every list of the API, by each of its filters and orders; and names and numbers in the order of their code
 * points, in which an index finds a beginning whatever the database's own collation is. What no query asked is gone.
 */
export class Migration20261129173750_indexes_of_lists extends Migration {
  override name = 'Migration20261129173750_indexes_of_lists';

  override up(): void | Promise<void> {
    // First what readers go on beside: calls are routed and lists are read while indexes are made.
    this.addSql(
      `create index "recording_tenant_id_started_at_id_index" on "recording" ("tenant_id", "started_at", "id");`,
    );
    this.addSql(
      `create index "recording_not_stored" on "recording" ("status", "tenant_id", "started_at", "id") where status <> 'stored';`,
    );
    this.addSql(
      `create index "stir_shaken_verification_tenant_id_id_index" on "stir_shaken_verification" ("tenant_id", "id");`,
    );
    this.addSql(
      `create index "stir_shaken_verification_tenant_id_result_id_index" on "stir_shaken_verification" ("tenant_id", "result", "id");`,
    );
    this.addSql(
      `create index "stir_shaken_verification_tenant_id_attestation_id_index" on "stir_shaken_verification" ("tenant_id", "attestation", "id");`,
    );
    this.addSql(`create index "rate_rate_card_id_id_index" on "rate" ("rate_card_id", "id");`);
    this.addSql(
      `create index "event_tenant_id_occurred_at_id_index" on "event" ("tenant_id", "occurred_at", "id");`,
    );
    this.addSql(
      `create index "event_tenant_id_kind_occurred_at_id_index" on "event" ("tenant_id", "kind", "occurred_at", "id");`,
    );
    this.addSql(`create index "dnc_entry_list_id_id_index" on "dnc_entry" ("list_id", "id");`);
    this.addSql(
      `create index "conversion_tenant_id_created_at_id_index" on "conversion" ("tenant_id", "created_at", "id");`,
    );
    this.addSql(
      `create index "conversion_tenant_id_campaign_id_created_at_index" on "conversion" ("tenant_id", "campaign_id", "created_at");`,
    );
    this.addSql(
      `create index "conversion_not_counted" on "conversion" ("tenant_id", "status", "created_at", "id") where status <> 'converted';`,
    );
    this.addSql(`create index "consent_token_tenant_id_id_index" on "consent_token" ("tenant_id", "id");`);
    this.addSql(
      `create index "consent_token_tenant_id_status_id_index" on "consent_token" ("tenant_id", "status", "id");`,
    );
    this.addSql(`create index "phone_number_tenant_id_id_index" on "phone_number" ("tenant_id", "id");`);
    this.addSql(`create index "payout_tenant_id_id_index" on "payout" ("tenant_id", "id");`);
    this.addSql(
      `create index "ledger_entry_tenant_id_created_at_id_index" on "ledger_entry" ("tenant_id", "created_at", "id");`,
    );
    this.addSql(
      `create index "ledger_entry_account_id_created_at_id_index" on "ledger_entry" ("account_id", "created_at", "id");`,
    );
    this.addSql(
      `create index "ledger_entry_other_kinds" on "ledger_entry" ("tenant_id", "kind", "created_at", "id") where kind <> 'buyer_charge';`,
    );
    this.addSql(`create index "invoice_tenant_id_id_index" on "invoice" ("tenant_id", "id");`);
    this.addSql(
      `create index "balance_reservation_tenant_id_id_index" on "balance_reservation" ("tenant_id", "id");`,
    );
    this.addSql(
      `create index "balance_reservation_account_id_id_index" on "balance_reservation" ("account_id", "id");`,
    );
    this.addSql(
      `create index "audit_log_tenant_id_actor_id_id_index" on "audit_log" ("tenant_id", "actor_id", "id");`,
    );
    this.addSql(`create index "transcription_tenant_id_id_index" on "transcription" ("tenant_id", "id");`);
    this.addSql(
      `create index "transcription_not_done" on "transcription" ("tenant_id", "status", "id") where status <> 'done';`,
    );
    this.addSql(
      `create index "webhook_delivery_webhook_id_created_at_id_index" on "webhook_delivery" ("webhook_id", "created_at", "id");`,
    );
    this.addSql(
      `create index "webhook_delivery_webhook_id_call_id_index" on "webhook_delivery" ("webhook_id", "call_id");`,
    );
    this.addSql(
      `create index "webhook_delivery_not_delivered" on "webhook_delivery" ("webhook_id", "status", "created_at", "id") where status <> 'delivered';`,
    );

    // Then what nobody goes on beside. `recording` comes before `cdr`, as whoever writes a call takes them.
    this.addSql(`drop index "recording_pending";`);
    this.addSql(`drop index "recording_tenant_id_started_at_index";`);
    this.addSql(`drop index "stir_shaken_verification_tenant_id_created_at_index";`);
    this.addSql(`drop index "event_tenant_id_id_index";`);
    this.addSql(`drop index "conversion_tenant_id_created_at_index";`);
    this.addSql(`drop index "cdr_tenant_id_started_at_index";`);
    this.addSql(`drop index "phone_number_campaign_id_index";`);
    this.addSql(`drop index "phone_number_publisher_id_index";`);
    this.addSql(`drop index "phone_number_tenant_id_campaign_id_index";`);
    this.addSql(`drop index "payout_tenant_id_created_at_index";`);
    this.addSql(`drop index "ledger_entry_account_id_created_at_index";`);
    this.addSql(`drop index "ledger_entry_tenant_id_created_at_index";`);
    this.addSql(`drop index "invoice_tenant_id_created_at_index";`);
    this.addSql(`drop index "balance_reservation_account_id_index";`);
    this.addSql(`drop index "balance_reservation_tenant_id_created_at_index";`);
    this.addSql(`drop index "transcription_tenant_id_created_at_index";`);
    this.addSql(`drop index "webhook_delivery_tenant_id_created_at_index";`);
    this.addSql(
      `alter table "consent_token" drop constraint "consent_token_tenant_id_provider_token_unique";`,
    );
    this.addSql(
      `alter table "consent_token" add constraint "consent_token_tenant_id_token_provider_unique" unique ("tenant_id", "token", "provider");`,
    );
    this.addSql(
      `alter table "freeswitch_node" alter column "name" type text collate "C" using ("name"::text);`,
    );
    this.addSql(`alter table "tag" alter column "name" type text collate "C" using ("name"::text);`);
    this.addSql(`alter table "schedule" alter column "name" type text collate "C" using ("name"::text);`);
    this.addSql(`alter table "rate_card" alter column "name" type text collate "C" using ("name"::text);`);
    this.addSql(`alter table "rate" alter column "prefix" type text collate "C" using ("prefix"::text);`);
    this.addSql(`alter table "publisher" alter column "name" type text collate "C" using ("name"::text);`);
    this.addSql(`alter table "feature_flag" alter column "name" type text collate "C" using ("name"::text);`);
    this.addSql(`alter table "dnc_list" alter column "name" type text collate "C" using ("name"::text);`);
    this.addSql(`alter table "dnc_entry" alter column "e164" type text collate "C" using ("e164"::text);`);
    this.addSql(`alter table "carrier" alter column "name" type text collate "C" using ("name"::text);`);
    this.addSql(`alter table "campaign" alter column "name" type text collate "C" using ("name"::text);`);
    this.addSql(`alter table "phone_number" alter column "e164" type text collate "C" using ("e164"::text);`);
    this.addSql(
      `alter table "caller_id_pool" alter column "name" type text collate "C" using ("name"::text);`,
    );
    this.addSql(
      `alter table "caller_id_number" alter column "e164" type text collate "C" using ("e164"::text);`,
    );
    this.addSql(`alter table "buyer_group" alter column "name" type text collate "C" using ("name"::text);`);
    this.addSql(`alter table "buyer" alter column "name" type text collate "C" using ("name"::text);`);
    this.addSql(
      `alter table "billing_account" alter column "name" type text collate "C" using ("name"::text);`,
    );
    this.addSql(`alter table "trunk" alter column "name" type text collate "C" using ("name"::text);`);
    this.addSql(`alter table "webhook" alter column "name" type text collate "C" using ("name"::text);`);
    this.addSql(`create index "phone_number_tenant_id_e164_index" on "phone_number" ("tenant_id", "e164");`);
    this.addSql(
      `create index "phone_number_campaign_id_e164_index" on "phone_number" ("campaign_id", "e164");`,
    );
    this.addSql(
      `create index "phone_number_publisher_id_e164_index" on "phone_number" ("publisher_id", "e164");`,
    );
  }

  override down(): void | Promise<void> {
    this.addSql(`drop index "audit_log_tenant_id_actor_id_id_index";`);

    this.addSql(`drop index "balance_reservation_tenant_id_id_index";`);
    this.addSql(`drop index "balance_reservation_account_id_id_index";`);
    this.addSql(
      `create index "balance_reservation_account_id_index" on "balance_reservation" ("account_id");`,
    );
    this.addSql(
      `create index "balance_reservation_tenant_id_created_at_index" on "balance_reservation" ("tenant_id", "created_at");`,
    );

    this.addSql(`alter table "billing_account" alter column "name" type text using ("name"::text);`);

    this.addSql(`alter table "buyer" alter column "name" type text using ("name"::text);`);

    this.addSql(`alter table "buyer_group" alter column "name" type text using ("name"::text);`);

    this.addSql(`alter table "caller_id_number" alter column "e164" type text using ("e164"::text);`);

    this.addSql(`alter table "caller_id_pool" alter column "name" type text using ("name"::text);`);

    this.addSql(`alter table "campaign" alter column "name" type text using ("name"::text);`);

    this.addSql(`alter table "carrier" alter column "name" type text using ("name"::text);`);

    this.addSql(`create index "cdr_tenant_id_started_at_index" on "cdr" ("tenant_id", "started_at");`);

    this.addSql(`drop index "consent_token_tenant_id_id_index";`);
    this.addSql(`drop index "consent_token_tenant_id_status_id_index";`);
    this.addSql(
      `alter table "consent_token" drop constraint "consent_token_tenant_id_token_provider_unique";`,
    );
    this.addSql(
      `alter table "consent_token" add constraint "consent_token_tenant_id_provider_token_unique" unique ("tenant_id", "provider", "token");`,
    );

    this.addSql(`drop index "conversion_tenant_id_created_at_id_index";`);
    this.addSql(`drop index "conversion_tenant_id_campaign_id_created_at_index";`);
    this.addSql(`drop index "conversion_not_counted";`);
    this.addSql(
      `create index "conversion_tenant_id_created_at_index" on "conversion" ("tenant_id", "created_at");`,
    );

    this.addSql(`drop index "dnc_entry_list_id_id_index";`);
    this.addSql(`alter table "dnc_entry" alter column "e164" type text using ("e164"::text);`);

    this.addSql(`alter table "dnc_list" alter column "name" type text using ("name"::text);`);

    this.addSql(`drop index "event_tenant_id_occurred_at_id_index";`);
    this.addSql(`drop index "event_tenant_id_kind_occurred_at_id_index";`);
    this.addSql(`create index "event_tenant_id_id_index" on "event" ("tenant_id", "id");`);

    this.addSql(`alter table "feature_flag" alter column "name" type text using ("name"::text);`);

    this.addSql(`alter table "freeswitch_node" alter column "name" type text using ("name"::text);`);

    this.addSql(`drop index "invoice_tenant_id_id_index";`);
    this.addSql(
      `create index "invoice_tenant_id_created_at_index" on "invoice" ("tenant_id", "created_at");`,
    );

    this.addSql(`drop index "ledger_entry_tenant_id_created_at_id_index";`);
    this.addSql(`drop index "ledger_entry_account_id_created_at_id_index";`);
    this.addSql(`drop index "ledger_entry_other_kinds";`);
    this.addSql(
      `create index "ledger_entry_account_id_created_at_index" on "ledger_entry" ("account_id", "created_at");`,
    );
    this.addSql(
      `create index "ledger_entry_tenant_id_created_at_index" on "ledger_entry" ("tenant_id", "created_at");`,
    );

    this.addSql(`drop index "payout_tenant_id_id_index";`);
    this.addSql(`create index "payout_tenant_id_created_at_index" on "payout" ("tenant_id", "created_at");`);

    this.addSql(`drop index "phone_number_tenant_id_e164_index";`);
    this.addSql(`drop index "phone_number_tenant_id_id_index";`);
    this.addSql(`drop index "phone_number_campaign_id_e164_index";`);
    this.addSql(`drop index "phone_number_publisher_id_e164_index";`);
    this.addSql(`alter table "phone_number" alter column "e164" type text using ("e164"::text);`);
    this.addSql(`create index "phone_number_campaign_id_index" on "phone_number" ("campaign_id");`);
    this.addSql(`create index "phone_number_publisher_id_index" on "phone_number" ("publisher_id");`);
    this.addSql(
      `create index "phone_number_tenant_id_campaign_id_index" on "phone_number" ("tenant_id", "campaign_id");`,
    );

    this.addSql(`alter table "publisher" alter column "name" type text using ("name"::text);`);

    this.addSql(`drop index "rate_rate_card_id_id_index";`);
    this.addSql(`alter table "rate" alter column "prefix" type text using ("prefix"::text);`);

    this.addSql(`alter table "rate_card" alter column "name" type text using ("name"::text);`);

    this.addSql(`drop index "recording_tenant_id_started_at_id_index";`);
    this.addSql(`drop index "recording_not_stored";`);
    this.addSql(
      `create index "recording_pending" on "recording" ("tenant_id", "written_at") where status = 'pending';`,
    );
    this.addSql(
      `create index "recording_tenant_id_started_at_index" on "recording" ("tenant_id", "started_at");`,
    );

    this.addSql(`alter table "schedule" alter column "name" type text using ("name"::text);`);

    this.addSql(`drop index "stir_shaken_verification_tenant_id_id_index";`);
    this.addSql(`drop index "stir_shaken_verification_tenant_id_result_id_index";`);
    this.addSql(`drop index "stir_shaken_verification_tenant_id_attestation_id_index";`);
    this.addSql(
      `create index "stir_shaken_verification_tenant_id_created_at_index" on "stir_shaken_verification" ("tenant_id", "created_at");`,
    );

    this.addSql(`alter table "tag" alter column "name" type text using ("name"::text);`);

    this.addSql(`drop index "transcription_tenant_id_id_index";`);
    this.addSql(`drop index "transcription_not_done";`);
    this.addSql(
      `create index "transcription_tenant_id_created_at_index" on "transcription" ("tenant_id", "created_at");`,
    );

    this.addSql(`alter table "trunk" alter column "name" type text using ("name"::text);`);

    this.addSql(`alter table "webhook" alter column "name" type text using ("name"::text);`);

    this.addSql(`drop index "webhook_delivery_webhook_id_created_at_id_index";`);
    this.addSql(`drop index "webhook_delivery_webhook_id_call_id_index";`);
    this.addSql(`drop index "webhook_delivery_not_delivered";`);
    this.addSql(
      `create index "webhook_delivery_tenant_id_created_at_index" on "webhook_delivery" ("tenant_id", "created_at");`,
    );
  }
}
