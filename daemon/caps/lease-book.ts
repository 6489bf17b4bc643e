import type { CallId, LeaseId } from '../telephony/ids.ts';
import type { CapClaim, CapLease, LeaseHolder } from './cap-lease.ts';
import type { RedisKeys } from './redis-keys.ts';

/** A claim of a lease we renew. `confirmedAtMs`: when Redis last said that it holds, by Redis' clock. */
export interface HeldClaim extends CapClaim {
  confirmedAtMs: number;
  lost: boolean;
}

interface HeldLease {
  readonly leaseId: LeaseId;
  readonly callId: CallId;
  readonly fence: number;
  /** Undefined for an adopted lease: Redis knows. */
  readonly sinceMs: number | undefined;
  readonly claims: HeldClaim[];
  readonly holder: LeaseHolder | undefined;
  /** The holder in Redis still names another daemon. */
  writeAnew: boolean;
}

/** Keys and arguments of one call of renew.lua, and the claims its answer speaks of. */
export interface RenewalChunk {
  readonly keys: string[];
  readonly args: string[];
  readonly claims: HeldClaim[];
  readonly leases: HeldLease[];
}

/** The leases this daemon renews. */
export class LeaseBook {
  readonly #keys: RedisKeys;
  readonly #held = new Map<LeaseId, HeldLease>();
  /** Hears which claims come and go, on the hot path: it must not wait or throw. */
  onChange: ((callId: CallId, claims: readonly CapClaim[]) => void) | undefined;

  constructor(keys: RedisKeys) {
    this.#keys = keys;
  }

  get size(): number {
    return this.#held.size;
  }

  /** Claims that Redis does not count at the moment, because others took the room while Redis did not hear of us. */
  get lostClaims(): number {
    let lost = 0;
    for (const { claims } of this.#held.values()) for (const claim of claims) if (claim.lost) lost += 1;
    return lost;
  }

  has(leaseId: LeaseId): boolean {
    return this.#held.has(leaseId);
  }

  /** `sinceMs` undefined: taken over from another daemon, to be written anew with ours. */
  enter(lease: CapLease, sinceMs: number | undefined, holder?: LeaseHolder): void {
    const known = this.#held.get(lease.leaseId);
    const confirmedAtMs = sinceMs ?? 0;
    const claims = new Map(known?.claims.map((claim) => [claim.scope, claim]));
    for (const { scope, limit } of lease.claims)
      claims.set(scope, { scope, limit, confirmedAtMs, lost: false });
    this.#held.set(lease.leaseId, {
      leaseId: lease.leaseId,
      callId: lease.callId,
      fence: lease.fence,
      sinceMs: known?.sinceMs ?? sinceMs,
      claims: [...claims.values()],
      holder: holder ?? known?.holder,
      writeAnew: sinceMs === undefined,
    });
    this.onChange?.(lease.callId, lease.claims);
  }

  /** Forgets a lease; returns every scope it was in, those of `claims` too. */
  remove(leaseId: LeaseId, claims: readonly CapClaim[]): readonly string[] {
    const known = this.#held.get(leaseId);
    this.#held.delete(leaseId);
    if (known !== undefined) this.onChange?.(known.callId, known.claims);
    return [...new Set([...(known?.claims ?? []), ...claims].map((claim) => claim.scope))];
  }

  /** The ids of now, for a walk during which leases come and go. */
  ids(): LeaseId[] {
    return [...this.#held.keys()];
  }

  /** What to renew of these leases; those released meanwhile are left out. */
  chunk(ids: readonly LeaseId[]): RenewalChunk {
    const chunk: RenewalChunk = { keys: [], args: [], claims: [], leases: [] };
    for (const id of ids) {
      const lease = this.#held.get(id);
      if (lease === undefined) continue;
      chunk.leases.push(lease);
      chunk.keys.push(this.#keys.lease(id));
      const since = lease.sinceMs === undefined ? '' : String(lease.sinceMs);
      chunk.args.push(
        id,
        lease.callId,
        String(lease.fence),
        since,
        lease.writeAnew ? '1' : '0',
        holderText(lease.holder),
        String(lease.claims.length),
      );
      for (const claim of lease.claims) {
        chunk.keys.push(this.#keys.scope(claim.scope));
        chunk.args.push(limitText(claim.limit), String(claim.confirmedAtMs));
        chunk.claims.push(claim);
      }
    }
    return chunk;
  }

  /**
   * Notes renew.lua's answer. In the restoring window nothing counts as confirmed: which lease is right is decided
   * by what was known before the loss.
   *
   * @returns how many claims were lost just now.
   */
  confirm(chunk: RenewalChunk, nowMs: number, restoring: boolean, missing: readonly number[]): number {
    const gone = new Set(missing);
    let newlyLost = 0;
    for (const lease of chunk.leases) lease.writeAnew = false;
    for (const [index, claim] of chunk.claims.entries()) {
      const lost = gone.has(index + 1);
      if (lost && !claim.lost) newlyLost += 1;
      claim.lost = lost;
      if (!lost && !restoring) claim.confirmedAtMs = nowMs;
    }
    return newlyLost;
  }
}

/** A holder as the scripts keep it. */
export function holderText(holder: LeaseHolder | undefined): string {
  return `${holder?.channelUuid ?? ''}\n${holder?.switchName ?? ''}`;
}

/** A limit as the scripts read it. */
export function limitText(limit: number | undefined): string {
  return limit === undefined ? '-1' : String(Math.max(0, Math.trunc(limit)));
}
