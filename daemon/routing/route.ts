import type { FlowGraph } from '../flow/flow-graph.ts';
import type {
  BuyerGroupId,
  BuyerId,
  CampaignId,
  CampaignPublisherId,
  CarrierId,
  EndpointId,
  FlowId,
  FlowVersionId,
  PhoneNumberId,
  PublisherId,
  TenantId,
  TrunkId,
} from '../telephony/ids.ts';

/** A trunk a PSTN endpoint may be reached through. Lower priority first, then by weight. */
export interface RouteTrunk {
  readonly trunkId: TrunkId;
  readonly carrierId: CarrierId;
  readonly name: string;
  /** The name of the gateway in FreeSWITCH's external profile. */
  readonly gateway: string;
  readonly maxCalls: number | undefined;
  readonly priority: number;
  readonly weight: number;
}

export interface RouteEndpoint {
  readonly endpointId: EndpointId;
  readonly label: string;
  readonly kind: 'sip' | 'pstn';
  /** A SIP URI, or E.164. */
  readonly destination: string;
  readonly maxCalls: number | undefined;
  readonly priority: number;
  readonly weight: number;
  /** Settings precedence: campaign < buyer < endpoint; undefined: the one above it. */
  readonly ringTimeoutMs: number | undefined;
}

export interface RouteBuyer {
  readonly buyerId: BuyerId;
  readonly name: string;
  readonly maxCalls: number | undefined;
  readonly priority: number;
  readonly weight: number;
  readonly ringTimeoutMs: number | undefined;
  /** Whose cap it shares with others, of any campaign. */
  readonly group: { readonly groupId: BuyerGroupId; readonly maxCalls: number | undefined } | undefined;
  readonly endpoints: readonly RouteEndpoint[];
}

/** Who sends a number's calls. */
export interface RoutePublisher {
  readonly publisherId: PublisherId;
  readonly enabled: boolean;
  /** In the number's campaign. Undefined: it has none there, and nothing there stops or limits its calls. */
  readonly place:
    | {
        readonly campaignPublisherId: CampaignPublisherId;
        readonly enabled: boolean;
        readonly maxCalls: number | undefined;
      }
    | undefined;
}

/**
 * Everything needed to admit and route a call to one DID, as one immutable snapshot out of PostgreSQL.
 * Cached by DID and thrown away when PostgreSQL notifies a change of the tenant; the call keeps the one it began with.
 */
export interface Route {
  readonly tenant: {
    readonly tenantId: TenantId;
    readonly slug: string;
    readonly enabled: boolean;
    readonly maxCalls: number | undefined;
  };
  readonly number: {
    readonly phoneNumberId: PhoneNumberId;
    readonly e164: string;
    readonly enabled: boolean;
    readonly maxCalls: number | undefined;
    readonly tags: readonly string[];
  };
  readonly campaign: {
    readonly campaignId: CampaignId;
    readonly name: string;
    readonly enabled: boolean;
    readonly maxCalls: number | undefined;
    readonly ringTimeoutMs: number;
    /** Undefined: no recording unless a node asks for it. */
    readonly record: 'mono' | 'stereo' | undefined;
    /** Days its recordings are kept where the node that began one says nothing; undefined: for ever. */
    readonly recordingRetentionDays: number | undefined;
  };
  /** Undefined: the number is no publisher's. */
  readonly publisher: RoutePublisher | undefined;
  /** The published version, undefined where the flow has none. */
  readonly flow:
    | { readonly flowId: FlowId; readonly flowVersionId: FlowVersionId; readonly graph: FlowGraph }
    | undefined;
  readonly buyers: readonly RouteBuyer[];
  /** The tenant's trunks for PSTN endpoints. */
  readonly trunks: readonly RouteTrunk[];
}

/** Where routes come from. Rejects only where PostgreSQL is away and the DID was never seen. */
export interface RouteSource {
  routeFor(did: string): Promise<Route | undefined>;
  /** A pinned flow version, for takeover. */
  flowVersion(id: FlowVersionId): Promise<FlowGraph | undefined>;
  /** A published flow of the tenant by name or id, for `goto`. */
  flowByName(
    tenantId: TenantId,
    flow: string,
    version: number | 'latest',
  ): Promise<{ readonly flowVersionId: FlowVersionId; readonly graph: FlowGraph } | undefined>;
}
