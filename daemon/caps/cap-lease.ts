import type { CallId, ChannelUuid, DaemonId, LeaseId, SwitchName } from '../telephony/ids.ts';

export const capScopeKinds = [
  'tenant',
  'publisher',
  'campaign',
  'campaign_publisher', // a publisher's place in a campaign
  'number',
  'buyer',
  'group',
  'endpoint',
  'trunk',
] as const;
export type CapScopeKind = (typeof capScopeKinds)[number];
/** `buyer:0198…`: what is limited. */
export type CapScope = `${CapScopeKind}:${string}`;

/** A scope and how many leases it may have at once; undefined limits nothing but still counts the holders. */
export interface CapClaim {
  readonly scope: CapScope;
  readonly limit: number | undefined;
}

/** Whose life a lease follows: the A-leg, and the FreeSWITCH it lives in. Other daemons look there after a crash. */
export interface LeaseHolder {
  readonly channelUuid: ChannelUuid;
  readonly switchName: SwitchName;
}

/** One holder's place in every scope it claimed. `fence` grows with every grant in this Redis. */
export interface CapLease {
  readonly leaseId: LeaseId;
  readonly callId: CallId;
  readonly claims: readonly CapClaim[];
  readonly fence: number;
}

export type CapDecision =
  | { readonly granted: true; readonly lease: CapLease }
  /** `retryAfterMs`: when the earliest lease of that scope would expire if nobody renewed it. */
  | { readonly granted: false; readonly refusedBy: CapScope; readonly retryAfterMs: number }
  /** Redis is away or has just lost its memory: the caller applies CALLFABRIC_CAPS_WHEN_UNAVAILABLE. */
  | { readonly granted: 'unavailable'; readonly reason: string };

export interface CapHolder {
  readonly leaseId: LeaseId;
  readonly callId: CallId;
  readonly daemonId: DaemonId;
  readonly sinceMs: number;
  readonly expiresInMs: number;
  readonly fence: number;
}

/** Concurrency caps: a set of leases with holders a scope, never a counter. */
export interface Caps {
  /** Takes every scope or none. The same leaseId twice is one lease. */
  acquire(request: {
    readonly leaseId: LeaseId;
    readonly callId: CallId;
    readonly claims: readonly CapClaim[];
    /** Without one the lease of a crashed daemon expires, whether its call lives on or not. */
    readonly holder?: LeaseHolder;
  }): Promise<CapDecision>;
  /** Removes the holder from its scopes; twice is harmless; never rejects (a lost release expires by itself). */
  release(lease: Pick<CapLease, 'leaseId' | 'claims'>): Promise<void>;
  /** From now on this daemon renews the lease: for leases another daemon took (takeover). */
  adopt(lease: CapLease, holder?: LeaseHolder): void;
  /** This daemon renews the lease no more and does not release it: another daemon has it now. */
  disown(lease: Pick<CapLease, 'leaseId'>): void;
  holders(scope: CapScope): Promise<readonly CapHolder[]>;
}
