import type { CapLease, LeaseHolder } from '../caps/cap-lease.ts';
import type { OrphanLease } from '../caps/daemon-presence.ts';
import type { LegActivity, SwitchLink } from '../channel/switch-link.ts';
import type { ChannelUuid, DaemonId, LeaseId, SwitchName } from '../telephony/ids.ts';
import type { CallLog } from './call-environment.ts';
import type { SignsOfLife } from './signs-of-life.ts';

/** What Redis tells of daemons that are gone (caps/daemon-presence.ts). Each may reject while Redis is away. */
export interface Presence {
  absent(): Promise<readonly DaemonId[]>;
  living(): Promise<ReadonlySet<DaemonId>>;
  claim(daemonId: DaemonId, switches: readonly SwitchName[]): Promise<readonly OrphanLease[]>;
  /** Renews; returns those that are not ours any more. */
  keep(leaseIds: readonly LeaseId[]): Promise<ReadonlySet<LeaseId>>;
}

export interface OrphanCareParts {
  readonly presence: Presence;
  readonly caps: { release(lease: Pick<CapLease, 'leaseId' | 'claims'>): Promise<void> };
  /** Whether one that Redis does not hear of lives all the same. */
  readonly signs: Pick<SignsOfLife, 'lives'>;
  /** The FreeSWITCH machines, connected or not. */
  readonly links: readonly SwitchLink[];
  readonly log: Pick<CallLog, 'debug' | 'info' | 'warn'>;
  /** How often a claimed lease's channel is looked at; several times within a lease. */
  readonly checkEveryMs: number;
  /** A daemon that takes no new calls looks after what it has, and leaves other orphans to others. */
  readonly draining: () => boolean;
  readonly daemonId: DaemonId;
  /** True where a session of this daemon has the channel. */
  readonly hasSession: (uuid: ChannelUuid) => boolean;
  /** Milliseconds of a clock that only goes forward. */
  now(): number;
}

/** A channel that no session has, and the leases that follow its life. */
interface Orphan {
  readonly link: SwitchLink;
  readonly uuid: ChannelUuid;
  readonly leases: Map<LeaseId, Pick<CapLease, 'leaseId' | 'claims'>>;
  breaks: number;
  /** Since when its switch has not answered. */
  unseenSinceMs: number | undefined;
  onGone: (() => void) | undefined;
}

/** A channel that does not leave its application by then never will: its leases still follow its life. */
const mostBreaks = 20;
/** Questions to one FreeSWITCH that are on their way at a time. */
const channelsAtOnce = 50;
/** A switch that is away for longer will not come back with these calls. Their leases expire long before, ms. */
const longestAwayMs = 15 * 60_000;

/**
 * What a daemon does for the calls of one that died: as long as their channels live their leases are renewed, and a
 * caller who listens to music or a prompt is woken, so that FreeSWITCH notices the dead socket and hands the call to
 * the takeover socket. A bridge is never touched: `uuid_break` would leave its mark on the channel (CF_BREAK is not
 * read by the bridge but by whatever waits after it), and its end leads to the takeover by itself. Once a living
 * daemon has the channel its session renews and releases; nothing is released here that a session may hold.
 */
export class OrphanCare {
  readonly #parts: OrphanCareParts;
  readonly #orphans = new Map<ChannelUuid, Orphan>();
  #checkedAtMs = -Infinity;
  #stopped = false;

  constructor(parts: OrphanCareParts) {
    this.#parts = parts;
  }

  /** Channels looked after just now. */
  get watched(): number {
    return this.#orphans.size;
  }

  /**
   * For a session of this daemon whose socket broke: its channel is looked after as one of a dead daemon would be.
   * While a daemon lives nobody else asks what became of its calls. `onGone` is called once, where the channel is found
   * gone or nobody can look any more.
   */
  adopt(leases: readonly CapLease[], holder: LeaseHolder, onGone?: () => void): void {
    const link = this.#parts.links.find(({ switchName }) => switchName === holder.switchName);
    // Nobody to ask, or to wait: the leases expire.
    if (link === undefined || this.#stopped) {
      onGone?.();
      return;
    }
    const orphan = this.#enter(holder.channelUuid, link);
    for (const lease of leases) orphan.leases.set(lease.leaseId, lease);
    orphan.onGone = onGone;
  }

  /**
   * This daemon goes: what waits for the end of a channel has nobody else to write it. Where the call lives on at another
   * daemon, that one's record takes its place. Twice is harmless.
   */
  stop(): void {
    this.#stopped = true;
    const left = [...this.#orphans.values()];
    this.#orphans.clear();
    for (const { onGone } of left) onGone?.();
  }

  /** One round, every second or so. While Redis is away it does nothing. */
  async run(signal?: AbortSignal): Promise<void> {
    const { now, checkEveryMs, log } = this.#parts;
    try {
      const found = this.#parts.draining() ? [] : await this.#claimAll(signal);
      const due = now() - this.#checkedAtMs >= checkEveryMs;
      if (due) this.#checkedAtMs = now();
      const some = due ? [...this.#orphans.values()] : found;
      if (some.length > 0) await this.#look(some, signal);
    } catch (error) {
      log.debug({ error: String(error) }, 'care of orphaned calls put off');
    }
  }

  /** Takes what dead daemons left on the switches that answer; returns the channels. */
  async #claimAll(signal: AbortSignal | undefined): Promise<Orphan[]> {
    const { presence, links, log } = this.#parts;
    const reachable = new Map(links.filter((link) => link.connected).map((link) => [link.switchName, link]));
    if (reachable.size === 0) return [];
    const found = new Set<Orphan>();
    for (const daemonId of await presence.absent()) {
      let leases: readonly OrphanLease[];
      do {
        leases = await presence.claim(daemonId, [...reachable.keys()]);
        for (const lease of leases) {
          const link = reachable.get(lease.switchName);
          if (link === undefined) continue;
          const orphan = this.#enter(lease.channelUuid, link);
          orphan.leases.set(lease.leaseId, lease);
          found.add(orphan);
        }
      } while (leases.length > 0 && signal?.aborted !== true);
      if (found.size > 0)
        log.info(
          { absentDaemonId: daemonId, channels: found.size },
          'looking after the calls of a dead daemon',
        );
    }
    return [...found];
  }

  #enter(uuid: ChannelUuid, link: SwitchLink): Orphan {
    const known = this.#orphans.get(uuid);
    const orphan = known ?? {
      link,
      uuid,
      leases: new Map(),
      breaks: 0,
      unseenSinceMs: undefined,
      onGone: undefined,
    };
    this.#orphans.set(uuid, orphan);
    return orphan;
  }

  #isTakenOver({ uuid }: Orphan, by: DaemonId | undefined, living: ReadonlySet<DaemonId>): boolean {
    const { daemonId, hasSession } = this.#parts;
    if (hasSession(uuid)) return true;
    return by !== undefined && by !== daemonId && living.has(by);
  }

  async #look(orphans: readonly Orphan[], signal: AbortSignal | undefined): Promise<void> {
    const living = await this.#parts.presence.living();
    for (let first = 0; first < orphans.length && signal?.aborted !== true; first += channelsAtOnce) {
      const some = orphans.slice(first, first + channelsAtOnce);
      const kept = await Promise.all(some.map((orphan) => this.#lookAt(orphan, living)));
      await this.#keep(kept.flat());
    }
  }

  /** @returns the orphan where its leases are to be renewed. */
  async #lookAt(orphan: Orphan, living: ReadonlySet<DaemonId>): Promise<Orphan[]> {
    const { caps, log, signs, daemonId } = this.#parts;
    const { uuid, link, leases } = orphan;
    // Not asked over a connection that is away: that would be a warning for each channel at each look.
    const activity: LegActivity | 'gone' | undefined = link.connected ? await link.current(uuid) : undefined;
    if (activity === undefined) {
      this.#unseen(orphan);
      return []; // nobody knows: they expire unless the switch is back in time
    }
    orphan.unseenSinceMs = undefined;
    if (activity === 'gone') {
      this.#orphans.delete(uuid);
      for (const lease of leases.values()) await caps.release(lease);
      log.info({ channelUuid: uuid, leases: leases.size }, 'orphaned call ended');
      orphan.onGone?.();
      return [];
    }
    if (this.#isTakenOver(orphan, activity.daemonId, living)) {
      // What its state named is in its session's hands; what it did not name expires.
      this.#orphans.delete(uuid);
      log.debug({ channelUuid: uuid, by: activity.daemonId }, 'orphaned call was taken over');
      return [];
    }
    if (activity.application === 'bridge') return [orphan];
    const by = activity.daemonId;
    // Of ours only the socket broke. Another that lost Redis alone is there for its caller, who must not be disturbed.
    if (by !== undefined && by !== daemonId && signs.lives(by)) {
      log.debug({ channelUuid: uuid, by }, 'left alone: its daemon lives, and only redis does not hear it');
      return [orphan];
    }
    if (orphan.breaks < mostBreaks) {
      orphan.breaks += 1;
      const broken = await link.breakApplication(uuid);
      log.info({ channelUuid: uuid, application: activity.application, broken }, 'orphaned call woken');
      // Not renewed the first time: a lease that no session takes over should not outlive the crash for long.
      if (orphan.breaks === 1) return [];
    }
    return [orphan];
  }

  #unseen(orphan: Orphan): void {
    const nowMs = this.#parts.now();
    orphan.unseenSinceMs ??= nowMs;
    if (nowMs - orphan.unseenSinceMs < longestAwayMs) return;
    this.#orphans.delete(orphan.uuid);
    this.#parts.log.warn(
      { channelUuid: orphan.uuid, switch: orphan.link.switchName, awayMs: nowMs - orphan.unseenSinceMs },
      'orphaned call given up: its freeswitch does not come back',
    );
    orphan.onGone?.();
  }

  async #keep(orphans: readonly Orphan[]): Promise<void> {
    const ids = orphans.flatMap(({ leases }) => [...leases.keys()]);
    if (ids.length === 0) return;
    const lost = await this.#parts.presence.keep(ids);
    // One that lost its last lease is nobody's to wake any more, save where its end is still to be written down.
    for (const orphan of orphans) {
      for (const id of orphan.leases.keys()) if (lost.has(id)) orphan.leases.delete(id);
      if (orphan.leases.size === 0 && orphan.onGone === undefined) this.#orphans.delete(orphan.uuid);
    }
  }
}
