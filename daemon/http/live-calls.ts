import type { CallSoFar } from '../call/call-so-far.ts';
import type { LiveCall } from '../call/registry.ts';
import type { LeasedCall } from '../caps/leased-calls.ts';
import type { DaemonId } from '../telephony/ids.ts';
import type { CallSummary, CallView } from './call-schemas.ts';
import { instantOfMs, instantOfUs } from './schemas.ts';

/** What is known of a call only when it is over. */
const notYet = {
  endedAt: null,
  outcome: null,
  refusal: null,
  reason: null,
  cause: null,
  hungUpBy: null,
  source: null,
} as const;

/** A live call in the shape of the ended ones. `soFar` tells when it was answered and joined with a buyer. */
export function summaryOfLive(live: LiveCall, daemonId: DaemonId, soFar?: CallSoFar): CallSummary {
  const at = (us: number | undefined): string | null => (us === undefined ? null : instantOfUs(us));
  return {
    ...notYet,
    id: live.callId,
    state: 'live',
    daemonId,
    tenantId: live.tenantId ?? null,
    campaignId: live.campaignId ?? null,
    publisherId: live.publisherId ?? null,
    buyerId: live.buyerId ?? null,
    phoneNumberId: live.phoneNumberId ?? null,
    flowVersionId: live.flowVersionId ?? null,
    switchName: live.switchName,
    caller: live.caller,
    callerName: live.callerName,
    did: live.did,
    startedAt: instantOfMs(live.startedAtMs),
    answeredAt: at(soFar?.answeredAtUs),
    connectedAt: at(soFar?.connectedAtUs),
    stage: live.state,
    nodeId: live.nodeId ?? null,
    buyer: live.buyerName ?? null,
    takeovers: live.takeovers,
    tags: [...live.tags],
  };
}

/** The same of one call by itself. The flow of its version stands in PostgreSQL, which a live call does not wait for. */
export function viewOfLive(live: LiveCall, daemonId: DaemonId, soFar: CallSoFar | undefined): CallView {
  const variables = soFar === undefined ? null : { ...soFar.variables };
  return { ...summaryOfLive(live, daemonId, soFar), flowId: null, flowNumber: null, variables };
}

/** A live call of another daemon: what its leases tell. */
export function summaryOfLeased({ callId, daemonId, sinceMs, switchName, scopes }: LeasedCall): CallSummary {
  return {
    ...notYet,
    id: callId,
    state: 'live',
    daemonId,
    tenantId: scopes.tenant ?? null,
    campaignId: scopes.campaign ?? null,
    publisherId: scopes.publisher ?? null,
    buyerId: scopes.buyer ?? null,
    phoneNumberId: scopes.number ?? null,
    flowVersionId: null,
    switchName,
    caller: null,
    callerName: null,
    did: null,
    startedAt: instantOfMs(sinceMs),
    answeredAt: null,
    connectedAt: null,
    stage: null,
    nodeId: null,
    buyer: scopes.buyer ?? null,
    takeovers: null,
    tags: [],
  };
}

/** The same of one call by itself. */
export function viewOfLeased(leased: LeasedCall): CallView {
  return { ...summaryOfLeased(leased), flowId: null, flowNumber: null, variables: null };
}
