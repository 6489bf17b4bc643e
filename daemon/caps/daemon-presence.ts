import type { CallId, DaemonId, LeaseId } from '../telephony/ids.ts';
import type { CapClaim, CapScope, LeaseHolder } from './cap-lease.ts';
import type { CapsLog } from './caps-log.ts';
import { scripts } from './lua-script.ts';
import type { RedisCaps } from './redis-caps.ts';

/** A lease whose daemon is gone. Its call may live on in FreeSWITCH. */
export interface OrphanLease extends LeaseHolder {
  readonly leaseId: LeaseId;
  readonly callId: CallId;
  /** The daemon that is gone. */
  readonly daemonId: DaemonId;
  readonly claims: readonly CapClaim[];
  readonly fence: number;
}

export interface DaemonPresenceOptions {
  readonly caps: RedisCaps;
  readonly log: CapsLog;
  /**
   * How long a daemon that is not heard of counts as living: longer than two renewals, shorter than a lease, so that
   * its leases are found before they expire. Default 0.6 of the lease time.
   */
  readonly livesMs?: number;
  /** After a new connection to Redis nobody counts as gone for so long: the others have to come back too. Default renewMs + 1,000. */
  readonly settleMs?: number;
}

/** Fewer leases a script, so that Redis decides for others in between. */
const leasesPerScript = 200;

/** Which daemons live, and the leases of those that do not. On the connection and with the renewal of RedisCaps. */
export class DaemonPresence {
  readonly #caps: RedisCaps;
  readonly #log: CapsLog;
  readonly #livesMs: number;
  readonly #settleMs: number;
  #connectedAtMs: number | undefined;
  #started = false;
  #gone = false;
  #heardAtMs = performance.now();

  constructor({ caps, log, livesMs, settleMs }: DaemonPresenceOptions) {
    this.#caps = caps;
    this.#log = log;
    this.#livesMs = livesMs ?? Math.round(caps.leaseMs * 0.6);
    this.#settleMs = settleMs ?? caps.renewMs + 1_000;
  }

  /** Says from now on with every renewal that this daemon lives; before the start() of the caps. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    const { link } = this.#caps;
    link.onUp('presence', () => {
      this.#connectedAtMs = performance.now();
    });
    link.onDown('presence', () => {
      this.#connectedAtMs = undefined;
    });
    this.#caps.onRenewal(() => this.#beat());
  }

  /** Says that this daemon goes: what it leaves behind is others' at once. Before the stop() of the caps; never rejects. */
  async stop(): Promise<void> {
    if (this.#gone) return;
    this.#gone = true;
    await this.#say(0).catch((error: unknown) => this.#log.debug({ error }, 'went without a word'));
  }

  /** For how long Redis has not taken this daemon's word that it lives, ms. */
  get unheardMs(): number {
    return performance.now() - this.#heardAtMs;
  }

  /** Daemons that are gone while leases of theirs remain; none while Redis cannot tell. @throws RedisAway */
  async absent(): Promise<readonly DaemonId[]> {
    const { keys, link } = this.#caps;
    if (this.#connectedAtMs === undefined || performance.now() - this.#connectedAtMs < this.#settleMs)
      return [];
    const reply = await link.run(
      scripts.absent,
      [keys.epoch, keys.fence, keys.daemons],
      [...this.#caps.preamble(), keys.heldBy],
    );
    // A daemon that was stopped for a while finds itself gone.
    return (texts(reply) as DaemonId[]).filter((id) => id !== this.#caps.daemonId);
  }

  /** The daemons that were heard of lately, this one too. @throws RedisAway */
  async living(): Promise<ReadonlySet<DaemonId>> {
    const { keys, link, daemonId } = this.#caps;
    const reply = await link.run(scripts.living, [keys.daemons], [this.#clock()]);
    return new Set([...(texts(reply) as DaemonId[]), daemonId]);
  }

  /** What a daemon that is gone left behind; looks only. @throws RedisAway */
  orphansOf(daemonId: DaemonId): Promise<readonly OrphanLease[]> {
    return this.#orphans(daemonId, '', 100_000, []);
  }

  /**
   * Takes over the leases of a daemon that is gone, of calls on these FreeSWITCH machines: each goes to one claimant
   * only. At most 200 at a time: ask again until none come. They expire unless `keep` renews them.
   *
   * @throws RedisAway
   */
  claim(daemonId: DaemonId, switches: readonly LeaseHolder['switchName'][]): Promise<readonly OrphanLease[]> {
    return this.#orphans(daemonId, this.#caps.daemonId, leasesPerScript, switches);
  }

  /**
   * Renews claimed leases. @returns those that are not ours any more: released, expired, or a session's of another
   * daemon. @throws RedisAway
   */
  async keep(leaseIds: readonly LeaseId[]): Promise<ReadonlySet<LeaseId>> {
    const { keys, link, leaseMs, daemonId } = this.#caps;
    const lost = new Set<LeaseId>();
    for (let first = 0; first < leaseIds.length; first += leasesPerScript) {
      const some = leaseIds.slice(first, first + leasesPerScript);
      const reply = await link.run(
        scripts.keep,
        [keys.held(daemonId), ...some.map((id) => keys.lease(id))],
        [this.#clock(), daemonId, String(leaseMs), ...some],
      );
      for (const index of texts(reply)) {
        const id = some[Number(index) - 1];
        if (id !== undefined) lost.add(id);
      }
    }
    return lost;
  }

  async #orphans(
    daemonId: DaemonId,
    claimant: string,
    most: number,
    switches: readonly string[],
  ): Promise<readonly OrphanLease[]> {
    const { keys, link, leaseMs } = this.#caps;
    const reply = await link.run(
      scripts.orphans,
      [keys.daemons, keys.held(daemonId)],
      [
        this.#clock(),
        ...Array.of<string>(daemonId, keys.leases, keys.heldBy, claimant, String(leaseMs), String(most)),
        ...switches,
      ],
    );
    const flat = texts(reply);
    const found: OrphanLease[] = [];
    for (let index = 0; index + 5 < flat.length; index += 6) {
      const [leaseId, fence, callId, channelUuid, switchName, scopes = ''] = flat.slice(index, index + 6);
      found.push({
        leaseId: leaseId as LeaseId,
        fence: Number(fence),
        callId: callId as CallId,
        daemonId,
        channelUuid: channelUuid as OrphanLease['channelUuid'],
        switchName: switchName as OrphanLease['switchName'],
        claims: scopes === '' ? [] : scopes.split('\t').map((text) => this.#claimOf(text)),
      });
    }
    return found;
  }

  #claimOf(text: string): CapClaim {
    const space = text.indexOf(' ');
    const limit = Number(text.slice(0, space));
    const scope: CapScope = this.#caps.keys.scopeOf(text.slice(space + 1));
    return { scope, limit: limit < 0 ? undefined : limit };
  }

  async #beat(): Promise<void> {
    if (this.#gone) return;
    await this.#say(this.#livesMs);
    this.#heardAtMs = performance.now();
  }

  #say(livesMs: number): Promise<unknown> {
    const { keys, link, daemonId } = this.#caps;
    return link.run(
      scripts.beat,
      [keys.daemons, keys.held(daemonId)],
      [this.#clock(), daemonId, String(livesMs)],
    );
  }

  #clock(): string {
    return this.#caps.preamble()[0] ?? '';
  }
}

function texts(reply: unknown): string[] {
  return Array.isArray(reply) ? reply.map(String) : [];
}
