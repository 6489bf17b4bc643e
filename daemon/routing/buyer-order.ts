import type { CapClaim } from '../caps/cap-lease.ts';
import type { DialDestination } from '../channel/channel.ts';
import type { Candidate, CandidateSource } from '../flow/node-context.ts';
import { isSipUri } from '../telephony/dial-destination.ts';
import { isE164 } from '../telephony/e164.ts';
import type { TrunkId } from '../telephony/ids.ts';
import type { Route, RouteBuyer, RouteEndpoint, RouteTrunk } from './route.ts';
import type { SmoothWeights, Weighted } from './smooth-weights.ts';

/** A share to charge when this candidate is dialled: `id` took the turn of `items` in `group`. */
export interface Turn {
  readonly group: string;
  readonly items: readonly Weighted[];
  readonly id: string;
}

/** A candidate with everything it takes to dial it: one endpoint through one way. */
export interface RoutedCandidate extends Candidate {
  /** The same for the same endpoint and trunk, or destination and trunk. */
  readonly key: string;
  /** Undefined only where rejected. */
  readonly destination: DialDestination | undefined;
  /** E.164 or SIP URI, for the attempt row. */
  readonly dialled: string;
  readonly trunkId: TrunkId | undefined;
  readonly claims: readonly CapClaim[];
  /** The endpoint's ring timeout, else the buyer's. */
  readonly ringTimeoutMs: number | undefined;
  readonly turns: readonly Turn[];
}

export interface OrderOptions {
  readonly weights: SmoothWeights;
  readonly sipProfile: string;
  /** Keys and endpoint ids that were dialled in this call already. */
  readonly tried: readonly string[];
}

interface Ranked {
  readonly priority: number;
  readonly weight: number;
}

/** By ascending priority, within one by smooth weights. */
function ranked<Item extends Ranked>(
  items: readonly Item[],
  idOf: (item: Item) => string,
  group: string,
  weights: SmoothWeights,
): { item: Item; turn: Turn }[] {
  const priorities = [...new Set(items.map(({ priority }) => priority))].sort((a, b) => a - b);
  return priorities.flatMap((priority) => {
    const peers = items
      .filter((item) => item.priority === priority)
      .map((item) => ({ id: idOf(item), weight: item.weight, item }));
    const name = `${group}/${priority}`;
    return weights
      .order(name, peers)
      .map(({ id, item }) => ({ item, turn: { group: name, items: peers, id } }));
  });
}

/**
 * The candidates in the order they should be tried: buyers by priority then weight; of each its SIP endpoints, then its
 * PSTN endpoints, each through its trunks. Rejected ones stay in the list with their reason.
 */
export function candidatesOf(
  route: Route,
  source: CandidateSource,
  options: OrderOptions,
): RoutedCandidate[] {
  if (source.from === 'destination') return toDestination(route, source, options);
  const buyers =
    source.from === 'campaign'
      ? route.buyers
      : route.buyers.filter(({ buyerId, name }) => buyerId === source.buyer || name === source.buyer);
  if (buyers.length === 0 && source.from === 'buyer')
    return [{ ...nobody, buyerName: source.buyer, label: source.buyer, rejected: 'filtered:unknown_buyer' }];
  const inOrder = ranked(
    buyers,
    ({ buyerId }) => buyerId,
    `campaign:${route.campaign.campaignId}`,
    options.weights,
  );
  return inOrder.flatMap(({ item, turn }) => ofBuyer(route, item, turn, options));
}

/** A candidate without any content, to spread. */
export const nobody: RoutedCandidate = {
  buyerId: undefined,
  buyerName: '',
  endpointId: undefined,
  label: '',
  rejected: undefined,
  key: '',
  destination: undefined,
  dialled: '',
  trunkId: undefined,
  claims: [],
  ringTimeoutMs: undefined,
  turns: [],
};

function ofBuyer(route: Route, buyer: RouteBuyer, turn: Turn, options: OrderOptions): RoutedCandidate[] {
  const { weights } = options;
  if (buyer.endpoints.length === 0)
    return [
      {
        ...nobody,
        buyerId: buyer.buyerId,
        buyerName: buyer.name,
        label: buyer.name,
        key: buyer.buyerId,
        rejected: 'no_endpoint',
      },
    ];
  return (['sip', 'pstn'] as const).flatMap((kind) =>
    ranked(
      buyer.endpoints.filter((endpoint) => endpoint.kind === kind),
      ({ endpointId }) => endpointId,
      `buyer:${buyer.buyerId}:${kind}`,
      weights,
    ).flatMap(({ item: endpoint, turn: ofEndpoint }) =>
      ofWay(route, endpoint, options).map(({ trunk, turns, ...way }) => ({
        ...way,
        buyerId: buyer.buyerId,
        buyerName: buyer.name,
        endpointId: endpoint.endpointId,
        label: trunk === undefined ? endpoint.label : `${endpoint.label} via ${trunk.name}`,
        rejected: way.rejected ?? triedBefore(options.tried, endpoint.endpointId),
        key: trunk === undefined ? endpoint.endpointId : `${endpoint.endpointId}/${trunk.trunkId}`,
        claims: [
          { scope: `buyer:${buyer.buyerId}`, limit: buyer.maxCalls },
          ...groupClaims(buyer),
          { scope: `endpoint:${endpoint.endpointId}`, limit: endpoint.maxCalls },
          ...trunkClaims(trunk),
        ],
        ringTimeoutMs: endpoint.ringTimeoutMs ?? buyer.ringTimeoutMs,
        turns: [turn, ofEndpoint, ...turns],
      })),
    ),
  );
}

function triedBefore(tried: readonly string[], endpointId: string): string | undefined {
  return tried.includes(endpointId) ? 'tried' : undefined;
}

function groupClaims({ group }: RouteBuyer): CapClaim[] {
  return group === undefined ? [] : [{ scope: `group:${group.groupId}`, limit: group.maxCalls }];
}

function trunkClaims(trunk: RouteTrunk | undefined): CapClaim[] {
  return trunk === undefined ? [] : [{ scope: `trunk:${trunk.trunkId}`, limit: trunk.maxCalls }];
}

interface Way {
  readonly destination: DialDestination | undefined;
  readonly dialled: string;
  readonly trunk: RouteTrunk | undefined;
  readonly trunkId: TrunkId | undefined;
  readonly rejected: string | undefined;
  readonly turns: readonly Turn[];
}

/** The ways to one address: itself where it is a SIP URI, else one a trunk. */
function ofWay(
  route: Route,
  { kind, destination }: Pick<RouteEndpoint, 'kind' | 'destination'>,
  { weights, sipProfile }: OrderOptions,
  trunks: readonly RouteTrunk[] = route.trunks,
): Way[] {
  const way = (rejected: string | undefined, to?: DialDestination): Way => ({
    destination: to,
    dialled: destination,
    trunk: undefined,
    trunkId: undefined,
    rejected,
    turns: [],
  });
  if (kind === 'sip') {
    const uri = /^sips?:/i.test(destination) ? destination : `sip:${destination}`;
    return [
      isSipUri(uri) ? way(undefined, { kind: 'sip', uri, profile: sipProfile }) : way('invalid_destination'),
    ];
  }
  if (!isE164(destination)) return [way('invalid_destination')];
  if (trunks.length === 0) return [way('no_trunk')];
  return ranked(trunks, ({ trunkId }) => trunkId, `trunks:${route.tenant.tenantId}`, weights).map(
    ({ item: trunk, turn }) => ({
      ...way(undefined, { kind: 'gateway', gateway: trunk.gateway, number: destination }),
      trunk,
      trunkId: trunk.trunkId,
      turns: [turn],
    }),
  );
}

function toDestination(
  route: Route,
  { destination, trunks }: Extract<CandidateSource, { from: 'destination' }>,
  options: OrderOptions,
): RoutedCandidate[] {
  const allowed =
    trunks === undefined
      ? route.trunks
      : route.trunks.filter(({ name, trunkId }) => trunks.includes(name) || trunks.includes(trunkId));
  const kind = isE164(destination) ? 'pstn' : 'sip';
  return ofWay(route, { kind, destination }, options, allowed).map(({ trunk, ...way }) => ({
    ...nobody,
    ...way,
    label: trunk === undefined ? destination : `${destination} via ${trunk.name}`,
    key: trunk === undefined ? destination : `${destination}/${trunk.trunkId}`,
    claims: trunkClaims(trunk),
  }));
}
