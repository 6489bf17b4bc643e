import type { CallRecord } from '../records/call-record.ts';
import type { HangupCause } from '../telephony/hangup-cause.ts';
import type { BuyerId, CallId, CampaignId, FlowVersionId, PublisherId, TenantId } from '../telephony/ids.ts';
import type { CallOutcome, Refusal } from '../telephony/outcome.ts';

interface OfCall {
  readonly tenantId: TenantId;
  readonly callId: CallId;
  readonly publisherId: PublisherId | undefined;
  readonly campaignId: CampaignId | undefined;
  readonly caller: string;
  readonly did: string;
}

/** What can happen to a call while it walks its flow. */
export type Happening =
  | { readonly kind: 'call.started' }
  | { readonly kind: 'node.entered'; readonly nodeId: string; readonly flowVersionId: FlowVersionId }
  | { readonly kind: 'call.bridged'; readonly buyerId: BuyerId | undefined; readonly buyer: string };

/** Something that just happened to a call, for those who watch. */
export type CallNews = OfCall &
  (
    | Happening
    | {
        readonly kind: 'call.ended';
        readonly outcome: CallOutcome;
        readonly refusal: Refusal | undefined;
        readonly cause: HangupCause;
        readonly durationMs: number;
        readonly buyerId: BuyerId | undefined;
      }
  );

/**
 * Who watches calls as they happen. Both methods are called on the hot path: neither may wait or throw, and news is
 * made only where `wants` says so, for most calls are watched by nobody. Losing news harms no call.
 */
export interface CallWatch {
  wants(tenantId: TenantId): boolean;
  tell(news: CallNews): void;
}

/** Watches nothing: for tests and tools. */
export const unwatched: CallWatch = { wants: () => false, tell: () => {} };

/** Tells the end of a call as its record has it. */
export function tellEnd(watch: CallWatch, record: CallRecord, durationMs: number): void {
  const { tenantId, callId, publisherId, campaignId, caller, did, outcome, refusal, cause, buyerId } = record;
  if (!watch.wants(tenantId)) return;
  const of = { tenantId, callId, publisherId, campaignId, caller, did };
  watch.tell({ kind: 'call.ended', ...of, outcome, refusal, cause, durationMs, buyerId });
}
