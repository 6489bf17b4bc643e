import type { LiveCall } from '../call/registry.ts';
import type { LeasedCall } from '../caps/leased-calls.ts';
import { RedisAway } from '../caps/redis-link.ts';
import { isUuid } from '../telephony/ids.ts';
import type { Showing } from './access/number-policy.ts';
import type { Whose } from './access.ts';
import type { CallPage, CallQuery, CallSummary } from './call-schemas.ts';
import { summaryOfLeased, summaryOfLive } from './live-calls.ts';
import { isInstant, periodOf } from './period.ts';
import type { ApiPorts, CallFilter, CallPosition } from './ports.ts';
import { Problem } from './problem.ts';

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

/** Whether a live call is sought; undefined where what is known of it does not tell. */
type Wanted = boolean | undefined;

function isSame(known: string, sought: string): boolean {
  return known === sought;
}

function isNumber(number: string, sought: string): boolean {
  return lastDigits(sought) === undefined ? number === sought : number.endsWith(sought);
}

/** `elsewhere`: it runs at another daemon, and what is null of it is not known. Of one's own it is none. */
function wanted(call: CallSummary, filter: CallFilter, elsewhere: boolean): Wanted {
  // Until it ends no call has an outcome.
  if (filter.outcome !== undefined) return false;
  if (filter.tenant !== undefined && call.tenantId !== filter.tenant) return false;
  if (filter.from !== undefined && call.startedAt < filter.from) return false;
  if (filter.to !== undefined && call.startedAt >= filter.to) return false;
  const unknown = elsewhere ? undefined : false;
  const is = (known: string | null, sought: string | undefined, same = isSame): Wanted =>
    sought === undefined || (known === null ? unknown : same(known, sought));
  const answers = [
    is(call.campaignId, filter.campaign),
    is(call.publisherId, filter.publisher),
    is(call.buyerId, filter.buyer),
    is(call.caller, filter.caller, isNumber),
    is(call.did, filter.did, isNumber),
    filter.tag === undefined || call.tags.includes(filter.tag) || unknown,
  ];
  if (answers.includes(false)) return false;
  return answers.includes(undefined) ? undefined : true;
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
    .filter((call) => wanted(call, filter, false));
  try {
    const { calls: all, whole } = await leased.list();
    const known = new Set<string>(own.map(({ callId }) => callId));
    const elsewhere = all.filter((call) => !known.has(call.callId));
    const others = elsewhere.filter((call) => isLeasedOf(whose, call)).map(summaryOfLeased);
    const told = others.map((call) => wanted(call, filter, true));
    return {
      calls: [...calls, ...others.filter((_, at) => told[at])],
      // Some of its tenant's calls may be a publisher's own: their leases do not tell.
      complete:
        whole &&
        !told.includes(undefined) &&
        !(whose.view.of === 'publisher' && elsewhere.some((call) => isOfTenant(whose, call))),
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
