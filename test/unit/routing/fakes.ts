import type { CapClaim, CapDecision, CapLease, Caps } from '../../../daemon/caps/cap-lease.ts';
import type { LegFact } from '../../../daemon/channel/leg-fact.ts';
import type { LegActivity, SwitchLink } from '../../../daemon/channel/switch-link.ts';
import type { CallFacts } from '../../../daemon/flow/node-context.ts';
import type { AttemptRecord } from '../../../daemon/records/call-record.ts';
import type { AttemptBegun } from '../../../daemon/routing/attempt-log.ts';
import { Dialer, type DialerParts } from '../../../daemon/routing/dialer.ts';
import type { Route, RouteBuyer, RouteEndpoint, RouteTrunk } from '../../../daemon/routing/route.ts';
import { SmoothWeights } from '../../../daemon/routing/smooth-weights.ts';
import type {
  BuyerId,
  CallId,
  CampaignId,
  CarrierId,
  ChannelUuid,
  DaemonId,
  EndpointId,
  FlowVersionId,
  LeaseId,
  PhoneNumberId,
  SwitchName,
  TenantId,
  TrunkId,
} from '../../../daemon/telephony/ids.ts';
import { FakeChannel, type FakeChannelScript } from '../fake-channel.ts';

export function endpoint(id: string, parts: Partial<RouteEndpoint> = {}): RouteEndpoint {
  return {
    endpointId: id as EndpointId,
    label: id,
    kind: 'sip',
    destination: `sip:${id}@example.com`,
    maxCalls: undefined,
    priority: 1,
    weight: 1,
    ringTimeoutMs: undefined,
    ...parts,
  };
}
export function pstn(id: string, parts: Partial<RouteEndpoint> = {}): RouteEndpoint {
  return endpoint(id, { kind: 'pstn', destination: '+15125550199', ...parts });
}
export function buyer(
  id: string,
  endpoints: readonly RouteEndpoint[] = [endpoint(`${id}-sip`)],
  parts: Partial<RouteBuyer> = {},
): RouteBuyer {
  return {
    buyerId: id as BuyerId,
    name: `Buyer ${id}`,
    maxCalls: undefined,
    priority: 1,
    weight: 1,
    ringTimeoutMs: undefined,
    group: undefined,
    endpoints,
    ...parts,
  };
}
export function trunk(id: string, parts: Partial<RouteTrunk> = {}): RouteTrunk {
  return {
    trunkId: id as TrunkId,
    carrierId: 'carrier' as CarrierId,
    name: `Trunk ${id}`,
    gateway: `gw-${id}`,
    maxCalls: undefined,
    priority: 1,
    weight: 1,
    ...parts,
  };
}
export function route(buyers: readonly RouteBuyer[], trunks: readonly RouteTrunk[] = []): Route {
  return {
    tenant: { tenantId: 'tenant' as TenantId, slug: 't', enabled: true, maxCalls: undefined },
    number: {
      phoneNumberId: 'number' as PhoneNumberId,
      e164: '+15551234567',
      enabled: true,
      maxCalls: undefined,
      tags: [],
    },
    campaign: {
      campaignId: 'campaign' as CampaignId,
      name: 'Campaign',
      enabled: true,
      maxCalls: undefined,
      ringTimeoutMs: 20_000,
      record: undefined,
      recordingRetentionDays: undefined,
    },
    publisher: undefined,
    flow: undefined,
    buyers,
    trunks,
  };
}

export const call: CallFacts = {
  callId: 'call' as CallId,
  tenantId: 'tenant' as TenantId,
  campaignId: 'campaign' as CampaignId,
  phoneNumberId: 'number' as PhoneNumberId,
  publisherId: undefined,
  caller: '+15125550100',
  callerName: 'Alice',
  did: '+15551234567',
  flowVersionId: 'version' as FlowVersionId,
  startedAtMs: 0,
  didTags: [],
};

export function lease(id: string, claims: readonly CapClaim[] = []): CapLease {
  return { leaseId: id as LeaseId, callId: call.callId, claims, fence: 1 };
}

/** Caps with limits as stated in the claims, or away. Counts who holds what. */
export class FakeCaps implements Caps {
  readonly live = new Map<LeaseId, readonly CapClaim[]>();
  readonly released: string[] = [];
  readonly full = new Set<string>();
  away = false;
  onAcquire: () => void = () => {};

  async acquire(request: Parameters<Caps['acquire']>[0]): Promise<CapDecision> {
    this.onAcquire();
    if (this.away) return { granted: 'unavailable', reason: 'Redis is away' };
    const refusedBy = request.claims.find(({ scope }) => this.full.has(scope))?.scope;
    if (refusedBy !== undefined) return { granted: false, refusedBy, retryAfterMs: 0 };
    this.live.set(request.leaseId, request.claims);
    return { granted: true, lease: { ...request, fence: 1 } };
  }
  async release({ leaseId }: Pick<CapLease, 'leaseId'>): Promise<void> {
    this.live.delete(leaseId);
    this.released.push(leaseId);
  }
  adopt(): void {}
  disown(): void {}
  async holders(): Promise<never[]> {
    return [];
  }
}

/** The inbound connection: facts the test tells, kills it was asked for. */
export class FakeLink implements SwitchLink {
  readonly switchName = 'fake' as SwitchName;
  connected = true;
  interruptions = 0;
  readonly kills: { uuid: ChannelUuid; cause: string }[] = [];
  readonly #listeners = new Map<ChannelUuid, Set<(fact: LegFact) => void>>();

  get listening(): number {
    return [...this.#listeners.values()].reduce((sum, set) => sum + set.size, 0);
  }
  async breakApplication(): Promise<boolean> {
    return true;
  }
  async kill(uuid: ChannelUuid, cause: string): Promise<boolean> {
    this.kills.push({ uuid, cause });
    return true;
  }
  async exists(): Promise<boolean> {
    return true;
  }
  async current(): Promise<LegActivity> {
    return { application: 'bridge', daemonId: undefined };
  }
  onLeg(uuid: ChannelUuid, listener: (fact: LegFact) => void): { off(): void } {
    const listeners = this.#listeners.get(uuid) ?? new Set();
    this.#listeners.set(uuid, listeners.add(listener));
    return { off: () => listeners.delete(listener) };
  }
  tell(fact: LegFact): void {
    for (const listener of this.#listeners.get(fact.channelUuid) ?? []) listener(fact);
  }
}

/** A dialer with everything around it, and what it wrote. */
export function dialing(
  script: FakeChannelScript,
  parts: Partial<Omit<DialerParts, 'channel' | 'caps' | 'attempts'>> = {},
) {
  const caps = new FakeCaps();
  const channel = new FakeChannel({ answered: true, ...script });
  const begun: AttemptBegun[] = [];
  const rows: AttemptRecord[] = [];
  const clock = { nowMs: 1_000_000 };
  const dialer = new Dialer({
    route: route([buyer('a'), buyer('b')]),
    call,
    channel,
    caps,
    attempts: { begun: (attempt) => begun.push(attempt), finished: (row) => rows.push(row) },
    whenCapsUnavailable: 'refuse',
    weights: new SmoothWeights(),
    daemonId: 'daemon' as DaemonId,
    sipProfile: 'external',
    link: undefined,
    now: () => clock.nowMs,
    ...parts,
  });
  return { dialer, caps, channel, begun, rows, clock };
}
