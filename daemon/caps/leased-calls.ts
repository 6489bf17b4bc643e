import type { CallId, ChannelUuid, DaemonId, SwitchName } from '../telephony/ids.ts';
import type { CapScope, CapScopeKind, LeaseHolder } from './cap-lease.ts';
import type { DaemonPresence } from './daemon-presence.ts';
import { scripts } from './lua-script.ts';
import type { RedisCaps } from './redis-caps.ts';

/** A live call as its leases show it, whichever daemon runs it. */
export interface LeasedCall extends LeaseHolder {
  readonly callId: CallId;
  /** Who runs it, or cares for it since its own daemon is gone. */
  readonly daemonId: DaemonId;
  /** When its first lease was granted, by Redis' clock. */
  readonly sinceMs: number;
  /** By kind, the id of what it is counted in. */
  readonly scopes: Readonly<Partial<Record<CapScopeKind, string>>>;
}

/**
 * The live calls of all living daemons, out of the leases they hold. A call that was admitted without caps while Redis
 * was away holds none, and is not found here.
 */
export class LeasedCalls {
  readonly #caps: Pick<RedisCaps, 'keys' | 'link'>;
  readonly #presence: Pick<DaemonPresence, 'living'>;

  /** `caps`: whose leases, and the connection on which they are read. */
  constructor(caps: Pick<RedisCaps, 'keys' | 'link'>, presence: Pick<DaemonPresence, 'living'>) {
    this.#caps = caps;
    this.#presence = presence;
  }

  /** @throws RedisAway */
  async find(callId: CallId): Promise<LeasedCall | undefined> {
    const found = new Map<CallId, LeasedCall>();
    for (const daemonId of await this.#presence.living()) {
      for await (const piece of this.#pieces(daemonId, callId)) gather(found, piece);
      const call = found.get(callId);
      if (call !== undefined) return call;
    }
    return undefined;
  }

  /** Every call, or those of the first `most` leases: then `whole` is false. @throws RedisAway */
  async list(most: number): Promise<{ readonly calls: readonly LeasedCall[]; readonly whole: boolean }> {
    const found = new Map<CallId, LeasedCall>();
    let leases = 0;
    for (const daemonId of await this.#presence.living())
      for await (const piece of this.#pieces(daemonId, '')) {
        gather(found, piece);
        leases += piece.length;
        if (leases >= most) return { calls: [...found.values()], whole: false };
      }
    return { calls: [...found.values()], whole: true };
  }

  /** A daemon's leases, some at a time; '' for those of every call. */
  async *#pieces(daemonId: DaemonId, callId: CallId | ''): AsyncGenerator<readonly LeasedCall[]> {
    const { keys, link } = this.#caps;
    let cursor = '0';
    do {
      const reply = await link.run(scripts.locate, [keys.held(daemonId)], [cursor, keys.leases, callId]);
      const [next = '0', ...facts] = Array.isArray(reply) ? reply.map(String) : [];
      const piece: LeasedCall[] = [];
      for (let index = 0; index + 5 < facts.length; index += 6) {
        const [id, since, owner, channelUuid, switchName, scopes = ''] = facts.slice(index, index + 6);
        piece.push({
          callId: id as CallId,
          daemonId: owner as DaemonId,
          sinceMs: Number(since),
          channelUuid: channelUuid as ChannelUuid,
          switchName: switchName as SwitchName,
          scopes: this.#scopesOf(scopes),
        });
      }
      yield piece;
      cursor = next;
    } while (cursor !== '0');
  }

  /** `limit key`, divided by tabs, as include/grant.lua writes them. */
  #scopesOf(text: string): LeasedCall['scopes'] {
    const scopes = text === '' ? [] : text.split('\t');
    return Object.fromEntries(
      scopes.map((one) => {
        const scope: CapScope = this.#caps.keys.scopeOf(one.slice(one.indexOf(' ') + 1));
        return [scope.slice(0, scope.indexOf(':')), scope.slice(scope.indexOf(':') + 1)];
      }),
    );
  }
}

/** A call has a lease of its admission, and one of its buyer. */
function gather(found: Map<CallId, LeasedCall>, piece: readonly LeasedCall[]): void {
  for (const lease of piece) {
    const known = found.get(lease.callId) ?? lease;
    found.set(lease.callId, {
      ...lease,
      sinceMs: Math.min(known.sinceMs, lease.sinceMs),
      scopes: { ...known.scopes, ...lease.scopes },
    });
  }
}
