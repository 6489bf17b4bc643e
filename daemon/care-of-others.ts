import { OrphanCare, type OrphanCareParts } from './call/orphan-care.ts';
import { SignsOfLife } from './call/signs-of-life.ts';
import type { DaemonPresence } from './caps/daemon-presence.ts';
import type { SwitchConnections } from './switch-connections.ts';

export interface CareOfOthersParts
  extends Pick<OrphanCareParts, 'caps' | 'log' | 'draining' | 'daemonId' | 'hasSession'> {
  readonly presence: DaemonPresence;
  readonly switches: Pick<SwitchConnections, 'links'>;
  /** How often leases are renewed, and with them the word that a daemon lives, ms. */
  readonly renewMs: number;
}

/** What daemons do for each other: the calls of one that died are looked after, one that only lost Redis says so. */
export function careOfOthers(parts: CareOfOthersParts): {
  readonly orphans: OrphanCare;
  readonly signs: SignsOfLife;
} {
  const { presence, switches, renewMs, ...rest } = parts;
  const now = () => performance.now();
  const signs = new SignsOfLife({
    posts: switches.links,
    unheardMs: () => presence.unheardMs,
    giveAfterMs: renewMs * 1.3,
    now,
  });
  const links = switches.links;
  return { signs, orphans: new OrphanCare({ ...rest, presence, signs, links, checkEveryMs: renewMs, now }) };
}
