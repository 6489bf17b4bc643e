import { ApiKey } from './api-key.ts';
import { AuditLog } from './audit-log.ts';
import { Balance, BalanceReservation, BillingAccount } from './billing-account.ts';
import { Buyer, BuyerEndpoint, BuyerGroup } from './buyer.ts';
import { Call } from './call.ts';
import { CallAttempt, CallTrace } from './call-attempt.ts';
import { CallCount, CallCountDelta, CallMoney, CallMoneyMark, CallTag } from './call-count.ts';
import { CallLeg, Cdr } from './call-leg.ts';
import { CallerIdNumber, CallerIdPool } from './caller-id-pool.ts';
import { Campaign, CampaignBuyer, CampaignPublisher, PhoneNumber } from './campaign.ts';
import { Carrier, Trunk } from './carrier.ts';
import { ConsentToken } from './consent-token.ts';
import { Conversion } from './conversion.ts';
import { DncEntry, DncList } from './dnc-list.ts';
import { Event } from './event.ts';
import { FeatureFlag } from './feature-flag.ts';
import { Flow, FlowVersion } from './flow.ts';
import { FlowDraft } from './flow-draft.ts';
import { Edge, Node } from './flow-graph-rows.ts';
import { FreeSwitchNode } from './freeswitch-node.ts';
import { HeldCall } from './held-call.ts';
import { IdempotencyKey } from './idempotency-key.ts';
import { Invitation } from './invitation.ts';
import { Invoice, InvoiceLine, Payout } from './invoice.ts';
import { LedgerEntry } from './ledger-entry.ts';
import { Publisher } from './publisher.ts';
import { Rate, RateCard } from './rate-card.ts';
import { Recording } from './recording.ts';
import { Schedule } from './schedule.ts';
import { Session } from './session.ts';
import { StirShakenVerification } from './stir-shaken-verification.ts';
import { Tag } from './tag.ts';
import { Tenant } from './tenant.ts';
import { Transcription } from './transcription.ts';
import { Membership, Role, User } from './user.ts';
import { Webhook, WebhookDelivery } from './webhook.ts';

export {
  ApiKey,
  AuditLog,
  Balance,
  BalanceReservation,
  BillingAccount,
  Buyer,
  BuyerEndpoint,
  BuyerGroup,
  Call,
  CallAttempt,
  CallCount,
  CallCountDelta,
  CallerIdNumber,
  CallerIdPool,
  CallLeg,
  CallMoney,
  CallMoneyMark,
  CallTag,
  CallTrace,
  Campaign,
  CampaignBuyer,
  CampaignPublisher,
  Carrier,
  Cdr,
  ConsentToken,
  Conversion,
  DncEntry,
  DncList,
  Edge,
  Event,
  FeatureFlag,
  Flow,
  FlowDraft,
  FlowVersion,
  FreeSwitchNode,
  HeldCall,
  IdempotencyKey,
  Invitation,
  Invoice,
  InvoiceLine,
  LedgerEntry,
  Membership,
  Node,
  Payout,
  PhoneNumber,
  Publisher,
  Rate,
  RateCard,
  Recording,
  Role,
  Schedule,
  Session,
  StirShakenVerification,
  Tag,
  Tenant,
  Transcription,
  Trunk,
  User,
  Webhook,
  WebhookDelivery,
};

/** Every entity, in an order that satisfies foreign keys. */
export const entities = [
  Tenant,
  User,
  Role,
  Publisher,
  RateCard,
  Rate,
  BuyerGroup,
  Buyer,
  BuyerEndpoint,
  Membership,
  Invitation,
  Session,
  ApiKey,
  Flow,
  FlowVersion,
  FlowDraft,
  Node,
  Edge,
  Schedule,
  Campaign,
  CampaignBuyer,
  CampaignPublisher,
  PhoneNumber,
  Carrier,
  Trunk,
  CallerIdPool,
  CallerIdNumber,
  FreeSwitchNode,
  Tag,
  Call,
  CallLeg,
  CallAttempt,
  Cdr,
  CallTrace,
  Recording,
  Transcription,
  HeldCall,
  CallTag,
  CallCount,
  CallCountDelta,
  CallMoney,
  CallMoneyMark,
  BillingAccount,
  Balance,
  BalanceReservation,
  LedgerEntry,
  Invoice,
  InvoiceLine,
  Payout,
  Conversion,
  Webhook,
  WebhookDelivery,
  Event,
  AuditLog,
  FeatureFlag,
  IdempotencyKey,
  DncList,
  DncEntry,
  ConsentToken,
  StirShakenVerification,
] as const;
