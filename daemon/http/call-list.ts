import type { CallSoFar } from '../call/call-so-far.ts';
import type { LiveCall } from '../call/registry.ts';
import type { LeasedCall } from '../caps/leased-calls.ts';
import { RedisAway } from '../caps/redis-link.ts';
import { type DaemonId, isUuid } from '../telephony/ids.ts';
import type { Showing } from './access/number-policy.ts';
import type { Whose } from './access.ts';
import type { CallPage, CallQuery, CallSummary } from './call-schemas.ts';
import { isInstant, periodOf } from './period.ts';
import type { ApiPorts, CallFilter, CallPosition } from './ports.ts';
import { Problem } from './problem.ts';
import { instantOfMs, instantOfUs } from './schemas.ts';

/** A live call in the shape of the ended ones. `soFar` tells when it was answered and joined with a buyer. */
export function summaryOfLive(live: LiveCall, daemonId: DaemonId, soFar?: CallSoFar): CallSummary {
  const at = (us: number | undefined): string | null => (us === undefined ? null : instantOfUs(us));
  return {
    id: live.callId,
    state: 'live',
    daemonId,
    tenantId: live.tenantId ?? null,
    campaignId: null,
    caller: live.caller,
    did: live.did,
    startedAt: instantOfMs(live.startedAtMs),
    answeredAt: at(soFar?.answeredAtUs),
    connectedAt: at(soFar?.connectedAtUs),
    endedAt: null,
    stage: live.state,
    nodeId: live.nodeId ?? null,
    buyer: live.buyerName ?? null,
    outcome: null,
    refusal: null,
    reason: null,
    cause: null,
    hungUpBy: null,
    takeovers: live.takeovers,
    tags: [],
  };
}

/** A live call of another daemon: what its leases tell. */
export function summaryOfLeased({ callId, daemonId, sinceMs, scopes }: LeasedCall): CallSummary {
  return {
    id: callId,
    state: 'live',
    daemonId,
    tenantId: scopes.tenant ?? null,
    campaignId: scopes.campaign ?? null,
    caller: null,
    did: null,
    startedAt: instantOfMs(sinceMs),
    answeredAt: null,
    connectedAt: null,
    endedAt: null,
    stage: null,
    nodeId: null,
    buyer: scopes.buyer ?? null,
    outcome: null,
    refusal: null,
    reason: null,
    cause: null,
    hungUpBy: null,
    takeovers: null,
    tags: [],
  };
}

export function encodeCursor(position: CallPosition): string {
  return Buffer.from(`${position.startedAt}|${position.id}`).toString('base64url');
}

const cursorForm = /^([^|]{27})\|([0-9a-f-]{36})$/;

export function decodeCursor(text: string): CallPosition {
  const [, startedAt, id] = cursorForm.exec(Buffer.from(text, 'base64url').toString()) ?? [];
  if (startedAt === undefined || id === undefined || !isUuid(id) || !isInstant(startedAt))
    throw new Problem('invalid-parameters', 'see faults', [
      { field: '/cursor', message: 'is none of ours: take `next` from the page before, or leave it out' },
    ]);
  return { startedAt, id };
}

/** What a view is not shown it must not find out by seeking it either. */
const notSought = {
  tenant: [],
  publisher: ['buyer'],
  buyer: ['publisher', 'did', 'tag'],
} as const;

/**
 * What whoever asks seeks calls by.
 *
 * @throws Problem where it is something it does not see of them, or is no such moment.
 */
export function soughtBy(query: CallQuery, { view }: Whose, { masked }: Showing): CallFilter {
  // Who sees four digits of a number could otherwise find the others by asking.
  if (masked && query.caller !== undefined)
    throw new Problem('invalid-parameters', 'see faults', [
      { field: '/caller', message: 'numbers are masked for you: calls cannot be searched by them' },
    ]);
  for (const field of notSought[view.of])
    if (query[field] !== undefined)
      throw new Problem('forbidden', `calls by ${field} are not for the role of a ${view.of}`);
  return filterOf(query);
}

/** What was asked for, with both bounds in UTC and microseconds. */
function filterOf(query: CallQuery): CallFilter {
  return {
    tenant: query.tenant?.toLowerCase(),
    caller: query.caller,
    did: query.did,
    campaign: query.campaign?.toLowerCase(),
    publisher: query.publisher?.toLowerCase(),
    buyer: query.buyer?.toLowerCase(),
    tag: query.tag,
    outcome: query.outcome,
    ...periodOf(query),
  };
}

/** The digits, where what is sought are the last ones of a number; undefined where it is a whole one. */
export function lastDigits(sought: string): string | undefined {
  return /^\d{4,15}$/.test(sought) ? sought : undefined;
}

/** A number that is not known (of a call at another daemon) is none that is sought. */
function isSought(number: string | null, sought: string | undefined): boolean {
  if (sought === undefined) return true;
  if (number === null) return false;
  return lastDigits(sought) === undefined ? number === sought : number.endsWith(sought);
}

function wanted(call: CallSummary, filter: CallFilter): boolean {
  return (
    (filter.tenant === undefined || call.tenantId === filter.tenant) &&
    isSought(call.caller, filter.caller) &&
    isSought(call.did, filter.did) &&
    // What a call is counted by is known of it when it ends.
    [filter.campaign, filter.publisher, filter.buyer, filter.tag, filter.outcome].every(
      (sought) => sought === undefined,
    ) &&
    (filter.from === undefined || call.startedAt >= filter.from) &&
    (filter.to === undefined || call.startedAt < filter.to)
  );
}

/** Whether a live call is one of those somebody sees. */
export function isOf({ tenantId, view }: Whose, live: LiveCall): boolean {
  if (tenantId !== undefined && live.tenantId !== tenantId) return false;
  if (view.of === 'publisher') return live.publisherId === view.publisherId;
  return view.of === 'tenant' || live.buyerId === view.buyerId;
}

/** Likewise of one that another daemon runs. Its leases do not tell who sent it. */
export function isLeasedOf(whose: Whose, leased: LeasedCall): boolean {
  const { view } = whose;
  if (!isOfTenant(whose, leased)) return false;
  return view.of === 'tenant' || (view.of === 'buyer' && leased.scopes.buyer === view.buyerId);
}

function isOfTenant({ tenantId }: Whose, { scopes }: LeasedCall): boolean {
  return tenantId === undefined || scopes.tenant === tenantId;
}

/** Newest first: by start, then by id. */
function newestFirst(a: CallPosition, b: CallPosition): number {
  if (a.startedAt !== b.startedAt) return a.startedAt < b.startedAt ? 1 : -1;
  return a.id === b.id ? 0 : a.id < b.id ? 1 : -1;
}

/** Live calls of this daemon, and by their leases those of the others. */
async function liveCalls(
  { liveCalls, leased, daemonId }: Sources,
  whose: Whose,
  filter: CallFilter,
): Promise<{ readonly calls: CallSummary[]; readonly complete: boolean }> {
  const own = liveCalls.list();
  const calls = own
    .filter((call) => isOf(whose, call))
    .map((call) => summaryOfLive(call, daemonId))
    .filter((call) => wanted(call, filter));
  try {
    const { calls: all, whole } = await leased.list();
    const known = new Set<string>(own.map(({ callId }) => callId));
    const elsewhere = all.filter((call) => !known.has(call.callId));
    const others = elsewhere.filter((call) => isLeasedOf(whose, call)).map(summaryOfLeased);
    return {
      calls: [...calls, ...others.filter((call) => wanted(call, filter))],
      // Some of its tenant's calls may be a publisher's own: their leases do not tell.
      complete:
        whole && !(whose.view.of === 'publisher' && elsewhere.some((call) => isOfTenant(whose, call))),
    };
  } catch (error) {
    if (!(error instanceof RedisAway)) throw error;
    return { calls, complete: false };
  }
}

type Sources = Pick<ApiPorts, 'liveCalls' | 'calls' | 'leased' | 'daemonId'>;

/**
 * One page of live and ended calls together, newest first. `next` is the position of the last one where more may
 * follow. A call that just ended shows once, as ended.
 */
export async function pageOfCalls(
  sources: Sources,
  whose: Whose,
  query: CallQuery,
  filter: CallFilter,
): Promise<CallPage> {
  const limit = query.limit ?? 50;
  const after = query.cursor === undefined ? undefined : decodeCursor(query.cursor);
  const none = { calls: [], complete: true };
  const live = query.state === 'ended' ? none : await liveCalls(sources, whose, filter);
  const behind = live.calls.filter((call) => after === undefined || newestFirst(after, call) < 0);
  const ended = query.state === 'live' ? [] : await sources.calls.list(whose, filter, after, limit + 1);
  const endedIds = new Set(ended.map((call) => call.id));
  const found = [...behind.filter((call) => !endedIds.has(call.id)), ...ended].sort(newestFirst);
  const calls = found.slice(0, limit);
  const last = calls.at(-1);
  const next = found.length > limit && last !== undefined ? encodeCursor(last) : null;
  return { calls, next, complete: live.complete };
}
