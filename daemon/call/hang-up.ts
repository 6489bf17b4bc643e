import type { LeaseHolder } from '../caps/cap-lease.ts';
import { RedisAway } from '../caps/redis-link.ts';
import type { SwitchLink } from '../channel/switch-link.ts';
import type { HangupCause } from '../telephony/hangup-cause.ts';
import type { CallId } from '../telephony/ids.ts';
import type { CallRegistry } from './registry.ts';

/** What became of a wish to end a call. */
export type HangUpResult =
  | { readonly result: 'asked' }
  /** Nobody runs such a call. */
  | { readonly result: 'unknown' }
  /** It may live at another daemon, but what would reach it is away: Redis, or its FreeSWITCH. */
  | { readonly result: 'unreachable'; readonly what: string };

export interface HangUpParts {
  readonly registry: Pick<CallRegistry, 'get'>;
  /** Calls of any daemon. Rejects where Redis is away. */
  readonly leased: { find(callId: CallId): Promise<LeaseHolder | undefined> };
  readonly links: readonly SwitchLink[];
}

/**
 * Ends a live call, whichever daemon runs it: a call of another daemon is found by its leases, and ended through this
 * daemon's own connection to its FreeSWITCH. Its daemon sees its caller go and writes the record.
 */
export async function hangUp(parts: HangUpParts, callId: CallId, cause: HangupCause): Promise<HangUpResult> {
  const session = parts.registry.get(callId);
  if (session !== undefined) {
    return (await session.hangup(cause))
      ? { result: 'asked' }
      : { result: 'unreachable', what: 'the FreeSWITCH of this call' };
  }
  let leg: LeaseHolder | undefined;
  try {
    leg = await parts.leased.find(callId);
  } catch (error) {
    if (!(error instanceof RedisAway)) throw error;
    return { result: 'unreachable', what: 'Redis, which knows the calls of other daemons,' };
  }
  if (leg === undefined) return { result: 'unknown' };
  const link = parts.links.find(({ switchName }) => switchName === leg.switchName);
  if (link?.connected !== true) return { result: 'unreachable', what: `FreeSWITCH ${leg.switchName}` };
  return { result: (await link.kill(leg.channelUuid, cause)) ? 'asked' : 'unknown' };
}
