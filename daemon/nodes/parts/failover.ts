import type {
  AttemptOptions,
  AttemptResult,
  Candidate,
  CandidateSource,
  NodeContext,
} from '../../flow/node-context.ts';

export interface FailoverLimits {
  readonly maxAttempts: number;
  /** From the first try on; a try that would begin later is not made, one that rings is cut there. */
  readonly maxTotalMs: number;
}

/** How a round of tries ended. `result` is undefined where nobody was dialled. */
export type FailoverEnd =
  | { readonly end: 'connected'; readonly candidate: Candidate; readonly result: AttemptResult }
  | { readonly end: 'exhausted'; readonly result: AttemptResult | undefined; readonly why: string };

/**
 * Tries the candidates one after the other until one connects and `keep` says it was a conversation, or nobody is left.
 * Rejected ones are passed over; what a cause means for the tries after it is said by the attempt's result.
 */
export async function tryInOrder(
  ctx: NodeContext,
  source: CandidateSource,
  options: AttemptOptions,
  limits: FailoverLimits,
  keep: (result: AttemptResult) => boolean = () => true,
): Promise<FailoverEnd> {
  const candidates = await ctx.dialing.candidates(source);
  const beganAtMs = ctx.now();
  const skipped: string[] = [];
  const capped: string[] = candidates.flatMap(({ rejected }) =>
    rejected?.startsWith('capped') ? [rejected.slice('capped:'.length)] : [],
  );
  let last: AttemptResult | undefined;
  let dialled = 0;
  const exhausted = (why: string): FailoverEnd => ({ end: 'exhausted', result: last, why });
  for (const candidate of candidates) {
    if (candidate.rejected !== undefined) continue;
    if (candidate.endpointId !== undefined && skipped.includes(candidate.endpointId)) continue;
    const leftMs = limits.maxTotalMs - (ctx.now() - beganAtMs);
    if (leftMs <= 0) return exhausted('the total time is over');
    if (dialled >= limits.maxAttempts) return exhausted(`${dialled} tries were made`);
    const result = await ctx.dialing.attempt(candidate, { ...options, ringAtMostMs: leftMs });
    if (result.outcome === 'capped') {
      capped.push(result.cappedBy ?? 'unknown');
      if (last === undefined || last.outcome === 'capped') last = result;
    } else {
      dialled += 1;
      last = result;
    }
    const talked = result.outcome === 'connected' || result.outcome === 'max_duration';
    if (talked && keep(result)) return { end: 'connected', candidate, result };
    if (result.next === 'stop') return exhausted(`${result.cause} is final`);
    if (result.next === 'skipEndpoint' && candidate.endpointId !== undefined)
      skipped.push(candidate.endpointId);
  }
  if (last === undefined && capped.length > 0)
    last = {
      outcome: 'capped',
      cause: 'NORMAL_CIRCUIT_CONGESTION',
      sipCode: undefined,
      cappedBy: capped[0],
      hungUpBy: undefined,
      talkedMs: 0,
    };
  return exhausted(exhaustedBecause(candidates, dialled, capped));
}

function exhaustedBecause(
  candidates: readonly Candidate[],
  dialled: number,
  capped: readonly string[],
): string {
  if (candidates.length === 0) return 'there is nobody to dial';
  const reasons = new Set(candidates.flatMap(({ rejected }) => rejected ?? []));
  const parts = [`${dialled} dialled`];
  if (capped.length > 0) parts.push(`capped by ${[...new Set(capped)].join(', ')}`);
  if (reasons.size > 0) parts.push(`rejected: ${[...reasons].join(', ')}`);
  return parts.join('; ');
}

/** The exit for the last try that was not a conversation. */
export function exitOf(result: AttemptResult | undefined) {
  switch (result?.outcome) {
    case 'no_answer':
    case 'cancelled':
      return 'noAnswer';
    case 'busy':
      return 'busy';
    case 'rejected':
      return 'rejected';
    case 'not_accepted':
      return 'notAccepted';
    case 'capped':
      return 'allCapped';
    case 'connected':
    case 'max_duration':
    case 'failed':
    case undefined:
      return 'failed';
  }
}
