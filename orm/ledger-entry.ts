import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { BillingAccount } from './billing-account.ts';
import { moneyMarked } from './call-counts-sql.ts';
import { currency, key, micros, written } from './columns.ts';
import { immutable, tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

export const ledgerKinds = [
  'deposit',
  'buyer_charge',
  'publisher_payout',
  'carrier_cost',
  'adjustment',
  'payout_paid',
  'invoice_paid',
] as const;

/** Raw SQL, for the two triggers see a statement's rows together, or only at commit. */
const onceAStatement = `create or replace function "ledger_entry_keep_balance_fn"() returns trigger as $$ begin if exists (select 1 from written w join billing_account a on a.id = w.account_id where a.tenant_id <> w.tenant_id or a.currency <> w.currency) then raise exception 'a ledger entry has the tenant and the currency of its account' using errcode = 'check_violation'; end if; insert into balance as b (account_id, tenant_id, amount_micros, updated_at) select account_id, tenant_id, sum(amount_micros), now() from written group by account_id, tenant_id order by account_id on conflict (account_id) do update set amount_micros = b.amount_micros + excluded.amount_micros, updated_at = excluded.updated_at; return null; end; $$ language plpgsql;
create trigger "keep_balance" AFTER INSERT on "ledger_entry" referencing new table as written for each STATEMENT execute function "ledger_entry_keep_balance_fn"()`;
const atCommit = `create or replace function "ledger_entry_sums_to_zero_fn"() returns trigger as $$ begin if exists (select 1 from ledger_entry where transaction_id = new.transaction_id group by currency having sum(amount_micros) <> 0) then raise exception 'ledger transaction % does not sum to zero', new.transaction_id using errcode = 'check_violation'; end if; if new.call_id is not null and exists (select 1 from ledger_entry where call_id = new.call_id and kind = new.kind and version = new.version and transaction_id <> new.transaction_id) then raise exception 'call % has a second % of version %', new.call_id, new.kind, new.version using errcode = 'unique_violation'; end if; return null; end; $$ language plpgsql;
create constraint trigger "sums_to_zero" AFTER INSERT on "ledger_entry" deferrable initially deferred for each ROW execute function "ledger_entry_sums_to_zero_fn"()`;

/**
 * One side of a transaction in double entry: never changed, never deleted (but with its tenant); a mistake is reversed.
 * The entries of a transaction sum to zero in each currency, which is checked at commit. A call has one transaction of
 * each kind and version, so that writing it again changes nothing; a correction is two more versions: one that takes
 * the last back (`reversesId`), and the new one. Balances follow by themselves.
 */
export const LedgerEntry = defineEntity({
  name: 'LedgerEntry',
  tableName: 'ledger_entry',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    transactionId: p.uuid(),
    account: () => p.manyToOne(BillingAccount).deleteRule('cascade'),
    /** No foreign key: the ledger outlives the call's row. */
    callId: p.uuid().nullable(),
    kind: p.enum(ledgerKinds),
    /** 1 as first written; a correction is 2, which takes it back, and 3. */
    version: p.integer().default(1).check('version >= 1'),
    /** Into the account where positive, out of it where negative. */
    amountMicros: micros().check('amount_micros <> 0'),
    currency: currency(),
    /** The transaction that this one takes back; null: it takes back none. */
    reversesId: p.uuid().nullable(),
    note: p.text().nullable(),
    createdAt: written(),
  },
  uniques: [
    { name: 'ledger_entry_once_a_call', properties: ['callId', 'kind', 'version', 'account'] },
    { properties: ['transactionId', 'account'] },
  ],
  indexes: [
    { properties: ['tenant', 'createdAt', 'id'] },
    { properties: ['account', 'createdAt', 'id'] },
    {
      name: 'ledger_entry_other_kinds',
      properties: ['tenant', 'kind', 'createdAt', 'id'],
      // Charges are the most: a page of them is soon together, and they are written at every call.
      where: "kind <> 'buyer_charge'",
    },
  ],
  triggers: [
    immutable('a ledger entry'),
    {
      name: 'keep_balance',
      timing: 'after',
      events: ['insert'],
      forEach: 'statement',
      expression: onceAStatement,
    },
    moneyMarked('ledger_entry'),
    { name: 'sums_to_zero', timing: 'after', events: ['insert'], expression: atCommit },
  ],
  ...tenantRows,
});
export type LedgerEntry = InferEntity<typeof LedgerEntry>;
