import type { Principal } from '../access.ts';
import type { CallRecords, CallSummary, CallView } from '../call-schemas.ts';

/** How calls are shown to somebody. */
export interface Showing {
  readonly view: Principal['view'];
  /** All but the last four digits of telephone numbers are hidden. */
  readonly masked: boolean;
}

/**
 * The policy in one place: who sees the tenant sees whole numbers; a publisher and a buyer see the last four digits,
 * unless the tenant set `wholeNumbers` (PATCH /tenant). A publisher's own DIDs are no secret from it.
 */
export function masksNumbers(view: Principal['view'], wholeNumbers: boolean): boolean {
  return view.of !== 'tenant' && !wholeNumbers;
}

/** Whether a tenant lets publishers and buyers see whole numbers. */
export interface WholeNumbers {
  wholeNumbers(tenantId: string): Promise<boolean>;
}

/** How whoever asks is shown calls and numbers. Looks nothing up for those who see the tenant. */
export async function showingTo(
  facts: WholeNumbers,
  { view, tenantId }: Pick<Principal, 'view' | 'tenantId'>,
): Promise<Showing> {
  if (view.of === 'tenant' || tenantId === undefined) return { view, masked: false };
  return { view, masked: masksNumbers(view, await facts.wholeNumbers(tenantId)) };
}

/** The two numbers of a call, where they are known, as somebody may see them. */
export function shownNumbers<Known extends string | null>(
  { caller, did }: { readonly caller: Known; readonly did: Known },
  { view, masked }: Showing,
): { readonly caller: Known; readonly did: Known } {
  if (!masked) return { caller, did };
  // What is no number stays what it is, and so does what is unknown.
  const mask = (number: Known): Known => (number === null ? number : (maskNumbersIn(number) as Known));
  return { caller: mask(caller), did: view.of === 'publisher' ? did : mask(did) };
}

/** `+15125550100` → `+*******0100`. What has no seven digits in a row is no number, and stays. */
export function maskNumbersIn(text: string): string {
  return text.replace(/\d{7,}/g, (digits) => digits.slice(-4).padStart(digits.length, '*'));
}

/** What a live call is doing, as far as the other side of it hears that anyway. */
const shownStages: ReadonlySet<string> = new Set(['ringing', 'bridged']);

/** A call of theirs in a list, as they may see it. */
export function shownSummary(call: CallSummary, showing: Showing): CallSummary {
  const { view } = showing;
  if (view.of === 'tenant') return call;
  return {
    ...call,
    ...shownNumbers(call, showing),
    callerName: null,
    publisherId: view.of === 'publisher' ? call.publisherId : null,
    // A publisher's numbers are its own to know, as a buyer's are not.
    phoneNumberId: view.of === 'publisher' ? call.phoneNumberId : null,
    buyerId: view.of === 'buyer' ? call.buyerId : null,
    // Who else buys is the tenant's own business, and so is how it routes.
    buyer: view.of === 'buyer' ? call.buyer : null,
    nodeId: null,
    flowVersionId: null,
    switchName: null,
    stage: call.stage === null || shownStages.has(call.stage) ? call.stage : 'routing',
    // Says in the tenant's own words why: a block list, an empty balance, another buyer.
    reason: null,
    tags: view.of === 'buyer' ? [] : call.tags,
  };
}

/** The same of one call by itself. */
export function shownCall(call: CallView, showing: Showing): CallView {
  if (showing.view.of === 'tenant') return call;
  // What a flow collected is the caller's own and the tenant's.
  return { ...call, ...shownSummary(call, showing), flowId: null, flowNumber: null, variables: null };
}

/** The records of a call of theirs: a publisher's end at the A-leg, a buyer's begin with the attempts at it. */
export function shownRecords(records: CallRecords, { view, masked }: Showing): CallRecords {
  if (view.of === 'tenant') return records;
  const mask = (text: string): string => (masked ? maskNumbersIn(text) : text);
  const attempts =
    view.of === 'buyer' ? records.attempts.filter(({ buyerId }) => buyerId === view.buyerId) : [];
  const own = new Set(attempts.map(({ channelUuid }) => channelUuid));
  return {
    legs: records.legs
      .filter(({ side, channelUuid }) => (view.of === 'publisher' ? side === 'A' : own.has(channelUuid)))
      .map((leg) => ({
        ...leg,
        cdr: leg.cdr && {
          ...leg.cdr,
          callerNumber: mask(leg.cdr.callerNumber),
          calledNumber: mask(leg.cdr.calledNumber),
          sipCallId: null,
          remoteAddress: null,
        },
      })),
    // Their numbers begin anew: how many others were tried before is not told.
    attempts: attempts.map((one, at) => ({
      ...one,
      number: at + 1,
      destination: mask(one.destination),
      trunkId: null,
      // That a trunk, or a group it shares with others, was full tells of what is not its own.
      capDecision: /^refused:(?!buyer:|endpoint:)/.test(one.capDecision) ? 'refused' : one.capDecision,
    })),
    trace: [],
    recordings: view.of === 'buyer' ? records.recordings : [],
  };
}
