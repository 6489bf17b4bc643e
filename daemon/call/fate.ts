import { type Channel, ChannelGone } from '../channel/channel.ts';
import type { SwitchLink } from '../channel/switch-link.ts';
import type { CallRegistry, LiveSession } from './registry.ts';

/**
 * What became of an A-leg when its session ends. `over`: it ended. `moved`: another session of this daemon has it.
 * `lives`: FreeSWITCH hands it, or will hand it, to the takeover socket. `unknown`: nobody can say, because what broke
 * the one connection broke the other too; it may live as well.
 */
export type Fate = 'over' | 'moved' | 'lives' | 'unknown';

/** Asks FreeSWITCH only where the socket went without a word of the channel's end. */
export async function fateOf(
  session: LiveSession,
  channel: Pick<Channel, 'uuid' | 'hungUp'>,
  link: SwitchLink | undefined,
  registry: CallRegistry,
): Promise<Fate> {
  const { hungUp, uuid } = channel;
  const reason: unknown = hungUp.reason;
  // One that is not over here was given up: it did not end in time.
  const lost = !hungUp.aborted || (reason instanceof ChannelGone && reason.end.by === 'lost');
  if (!lost) return 'over';
  const exists = await link?.exists(uuid);
  const successor = registry.get(session.callId);
  if (successor !== undefined && successor !== session) return 'moved';
  if (exists === undefined) return 'unknown';
  return exists ? 'lives' : 'over';
}
