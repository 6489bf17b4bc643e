import { defineEntity, type InferEntity, p } from '@mikro-orm/postgresql';
import { BillingAccount } from './billing-account.ts';
import { changed, currency, endsAfterStart, key, micros, moment, written } from './columns.ts';
import { oneTenant, tenantIsLeaving, tenantRows } from './row-security.ts';
import { Tenant } from './tenant.ts';

/**
 * Numbers documents of a tenant 1, 2, 3 … when they leave being drafts, without gaps: two at once wait for each other,
 * one that fails takes no number, and what has a number is neither deleted nor changed but in `mayChange`.
 */
function numbered(table: 'invoice' | 'payout', mayChange: readonly string[], onIssue = '') {
  const kept = [...mayChange, 'updated_at'].map((column) => ` - '${column}'`).join('');
  return {
    name: 'numbered',
    timing: 'before' as const,
    events: ['insert' as const, 'update' as const, 'delete' as const],
    body: `if tg_op = 'DELETE' then if old.number is null or ${tenantIsLeaving} then return old; end if; raise exception '${table} % has a number and cannot be deleted: correct it by another', old.number using errcode = 'restrict_violation'; end if; if tg_op = 'INSERT' and new.number is not null then raise exception 'the database gives the numbers' using errcode = 'restrict_violation'; end if; if tg_op = 'UPDATE' then if old.number is not null then if new.status = 'draft' or (to_jsonb(new)${kept}) is distinct from (to_jsonb(old)${kept}) then raise exception '${table} % has a number and cannot be changed: correct it by another', old.number using errcode = 'restrict_violation'; end if; return new; end if; if new.number is not null then raise exception 'the database gives the numbers' using errcode = 'restrict_violation'; end if; end if; if new.status <> 'draft' then ${onIssue}perform pg_advisory_xact_lock(hashtextextended('${table} ' || new.tenant_id, 0)); select coalesce(max(number), 0) + 1 into new.number from ${table} where tenant_id = new.tenant_id; new.issued_at := coalesce(new.issued_at, now()); end if; return new`,
  };
}

const linesAddUp = `if exists (select 1 from invoice_line where invoice_id = new.id having count(*) <> coalesce(max(number), 0) or coalesce(sum(amount_micros), 0) <> new.total_micros) then raise exception 'the lines of an invoice are numbered 1, 2, 3 … and sum to its total' using errcode = 'check_violation'; end if; `;

/** What a buyer owes for a period, or the credit note that voids such a bill. */
export const Invoice = defineEntity({
  name: 'Invoice',
  tableName: 'invoice',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    account: () => p.manyToOne(BillingAccount).deleteRule('cascade').index(),
    kind: p.enum(['invoice', 'credit_note'] as const).default('invoice'),
    /** Given by the database when it is issued. */
    number: p.integer().nullable().check('number >= 1'),
    status: p.enum(['draft', 'issued', 'paid', 'void'] as const).default('draft'),
    /** Of a credit note: the invoice it voids. */
    creditsId: p.uuid().nullable(),
    periodFrom: moment(),
    periodUntil: moment(),
    currency: currency(),
    totalMicros: micros().default(0),
    issuedAt: moment().nullable(),
    dueAt: moment().nullable(),
    paidAt: moment().nullable(),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [{ properties: ['tenant', 'number'] }],
  indexes: [{ properties: ['tenant', 'id'] }],
  checks: [
    { name: 'invoice_period', expression: endsAfterStart('period_from', 'period_until') },
    { name: 'invoice_number_once_issued', expression: "(status = 'draft') = (number is null)" },
    { name: 'invoice_credit_note', expression: "(kind = 'credit_note') = (credits_id is not null)" },
  ],
  triggers: [
    numbered('invoice', ['status', 'paid_at', 'due_at'], linesAddUp),
    oneTenant({ account_id: 'billing_account', credits_id: 'invoice' }),
  ],
  ...tenantRows,
});
export type Invoice = InferEntity<typeof Invoice>;

/** One line of an invoice: 1, 2, 3 …; fixed once the invoice is no draft. */
export const InvoiceLine = defineEntity({
  name: 'InvoiceLine',
  tableName: 'invoice_line',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade').index(),
    invoice: () => p.manyToOne(Invoice).deleteRule('cascade'),
    number: p.integer().check('number >= 1'),
    description: p.text(),
    calls: p.integer().nullable().check('calls >= 0'),
    billSeconds: p.bigint('number').nullable().check('bill_seconds >= 0'),
    amountMicros: micros(),
  },
  uniques: [{ properties: ['invoice', 'number'] }],
  triggers: [
    {
      name: 'draft_only',
      timing: 'before',
      events: ['insert', 'update', 'delete'],
      body: `if exists (select 1 from invoice join tenant on tenant.id = invoice.tenant_id and tenant.deleting_since is null where invoice.id in (new.invoice_id, old.invoice_id) and invoice.status <> 'draft') then raise exception 'an invoice that was issued keeps its lines' using errcode = 'restrict_violation'; end if; return coalesce(new, old)`,
    },
    oneTenant({ invoice_id: 'invoice' }),
  ],
  ...tenantRows,
});
export type InvoiceLine = InferEntity<typeof InvoiceLine>;

/** What a publisher is paid for a period. */
export const Payout = defineEntity({
  name: 'Payout',
  tableName: 'payout',
  properties: {
    id: key(),
    tenant: () => p.manyToOne(Tenant).deleteRule('cascade'),
    account: () => p.manyToOne(BillingAccount).deleteRule('cascade').index(),
    /** Given by the database when it is approved. */
    number: p.integer().nullable().check('number >= 1'),
    status: p.enum(['draft', 'approved', 'paid', 'void'] as const).default('draft'),
    periodFrom: moment(),
    periodUntil: moment(),
    currency: currency(),
    amountMicros: micros(),
    issuedAt: moment().nullable(),
    paidAt: moment().nullable(),
    /** How it was paid, for a person. */
    reference: p.text().nullable(),
    createdAt: written(),
    updatedAt: changed(),
  },
  uniques: [{ properties: ['tenant', 'number'] }],
  indexes: [{ properties: ['tenant', 'id'] }],
  checks: [
    { name: 'payout_period', expression: endsAfterStart('period_from', 'period_until') },
    { name: 'payout_number_once_approved', expression: "(status = 'draft') = (number is null)" },
  ],
  triggers: [
    numbered('payout', ['status', 'paid_at', 'reference']),
    oneTenant({ account_id: 'billing_account' }),
  ],
  ...tenantRows,
});
export type Payout = InferEntity<typeof Payout>;
