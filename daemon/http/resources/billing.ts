import { Type } from 'typebox';
import { accountKinds } from '../../../orm/billing-account.ts';
import { BillingAccount, Invoice, InvoiceLine, LedgerEntry, Payout } from '../../../orm/index.ts';
import { ledgerKinds } from '../../../orm/ledger-entry.ts';
import { InstantSchema, Nullable } from '../schemas.ts';
import { defineResource } from './define-resource.ts';
import {
  Currency,
  createdAt,
  enabled,
  Flag,
  fixed,
  Id,
  id,
  MaybeId,
  Micros,
  MicrosNotNegative,
  Name,
  optional,
  required,
  shown,
  stamps,
} from './fields.ts';

const MaybeWhen = Nullable(InstantSchema);
const MaybeWhole = Nullable(Type.Integer());
const Words = Type.String();

const balance = (column: string) =>
  `coalesce((select b.${column} from balance b where b.account_id = r.id), 0)`;

/** Accounts are not removed: the ledger stands on them. */
export const billingAccounts = defineResource({
  one: 'billing account',
  note: '`prepaid`, `creditLimitMicros` and `rateCardId` are kept, not in force yet: no call is rated, reserved for or refused for want of money.',
  path: '/billing-accounts',
  entity: BillingAccount,
  of: 'tenant',
  thing: 'billing',
  verbs: ['list', 'get', 'create', 'update'],
  fields: {
    ...id,
    name: required(Name),
    kind: fixed(Type.Enum([...accountKinds])),
    currency: fixed(Currency),
    buyerId: optional(MaybeId, null),
    publisherId: optional(MaybeId, null),
    carrierId: optional(MaybeId, null),
    rateCardId: optional(MaybeId, null),
    prepaid: optional(Flag, false),
    creditLimitMicros: optional(MicrosNotNegative, '0'),
    enabled: enabled(),
    balanceMicros: shown(Micros, balance('amount_micros')),
    reservedMicros: shown(Micros, balance('reserved_micros')),
    ...stamps,
  },
  filters: { name: 'prefix', kind: 'equal', buyerId: 'equal', publisherId: 'equal', carrierId: 'equal' },
  sort: ['name'],
  constraints: {
    billing_account_holder: {
      field: '/kind',
      message: 'says who may hold the account: a buyer, a publisher or a carrier, or nobody',
    },
  },
});

/** Written by calls, deposits and documents alone. */
export const ledgerEntries = defineResource({
  one: 'ledger entry',
  path: '/ledger-entries',
  entity: LedgerEntry,
  of: 'tenant',
  thing: 'billing',
  verbs: ['list', 'get'],
  csv: 'out',
  period: 'createdAt',
  fields: {
    ...id,
    transactionId: shown(Id),
    accountId: shown(Id),
    callId: shown(MaybeId),
    kind: shown(Type.Enum([...ledgerKinds])),
    version: shown(Type.Integer()),
    amountMicros: shown(Micros),
    currency: shown(Currency),
    reversesId: shown(MaybeId),
    note: shown(Nullable(Words)),
    ...createdAt,
  },
  filters: { accountId: 'equal', callId: 'equal', transactionId: 'equal', kind: 'equal' },
});

export const invoices = defineResource({
  one: 'invoice',
  path: '/invoices',
  entity: Invoice,
  of: 'tenant',
  thing: 'invoices',
  verbs: ['list', 'get'],
  // A draft is the tenant's own business until it is issued.
  views: {
    buyer:
      "r.status <> 'draft' and r.account_id in (select a.id from billing_account a where a.buyer_id = ?)",
  },
  csv: 'out',
  fields: {
    ...id,
    accountId: shown(Id),
    kind: shown(Type.Enum(['invoice', 'credit_note'])),
    number: shown(MaybeWhole),
    status: shown(Type.Enum(['draft', 'issued', 'paid', 'void'])),
    creditsId: shown(MaybeId),
    periodFrom: shown(InstantSchema),
    periodUntil: shown(InstantSchema),
    currency: shown(Currency),
    totalMicros: shown(Micros),
    issuedAt: shown(MaybeWhen),
    dueAt: shown(MaybeWhen),
    paidAt: shown(MaybeWhen),
    ...stamps,
  },
  filters: { accountId: 'equal', kind: 'equal', status: 'equal' },
});

export const invoiceLines = defineResource({
  one: 'line of an invoice',
  path: '/lines',
  entity: InvoiceLine,
  of: 'tenant',
  thing: 'invoices',
  verbs: ['list'],
  parent: { resource: invoices, field: 'invoiceId' },
  // Whose invoice it is, the parent says.
  views: {
    buyer:
      "exists (select 1 from invoice i join billing_account a on a.id = i.account_id where i.id = r.invoice_id and i.status <> 'draft' and a.buyer_id = ?)",
  },
  fields: {
    ...id,
    invoiceId: shown(Id),
    number: shown(Type.Integer()),
    description: shown(Words),
    calls: shown(MaybeWhole),
    billSeconds: shown(MaybeWhole),
    amountMicros: shown(Micros),
  },
});

export const payouts = defineResource({
  one: 'payout',
  path: '/payouts',
  entity: Payout,
  of: 'tenant',
  thing: 'payouts',
  verbs: ['list', 'get'],
  views: {
    publisher:
      "r.status <> 'draft' and r.account_id in (select a.id from billing_account a where a.publisher_id = ?)",
  },
  csv: 'out',
  fields: {
    ...id,
    accountId: shown(Id),
    number: shown(MaybeWhole),
    status: shown(Type.Enum(['draft', 'approved', 'paid', 'void'])),
    periodFrom: shown(InstantSchema),
    periodUntil: shown(InstantSchema),
    currency: shown(Currency),
    amountMicros: shown(Micros),
    issuedAt: shown(MaybeWhen),
    paidAt: shown(MaybeWhen),
    reference: shown(Nullable(Words)),
    ...stamps,
  },
  filters: { accountId: 'equal', status: 'equal' },
});
