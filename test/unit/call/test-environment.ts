import type { CallEnvironment, CallLog } from '../../../daemon/call/call-environment.ts';
import { unwatched } from '../../../daemon/call/call-news.ts';
import { unobserved } from '../../../daemon/call/observer.ts';
import { CallRegistry } from '../../../daemon/call/registry.ts';
import type { CapLease, Caps } from '../../../daemon/caps/cap-lease.ts';
import type { WaitingLines } from '../../../daemon/caps/waiting-line.ts';
import type { LegEnd, LegFact } from '../../../daemon/channel/leg-fact.ts';
import type { SwitchLink } from '../../../daemon/channel/switch-link.ts';
import { nodeTypes } from '../../../daemon/nodes/index.ts';
import type { CallRecord, LegOfCall } from '../../../daemon/records/call-record.ts';
import type { Route, RoutePublisher } from '../../../daemon/routing/route.ts';
import { SmoothWeights } from '../../../daemon/routing/smooth-weights.ts';
import type { CountryCode } from '../../../daemon/telephony/e164.ts';
import type { Branded, ChannelUuid, DaemonId, LeaseId, SwitchName } from '../../../daemon/telephony/ids.ts';
import { testFlow } from '../../../orm/seed.ts';
import { FakeChannel } from '../fake-channel.ts';

const id = <Name extends string>(name: string) => name as Branded<Name>;

/** A fake channel with what only the session uses. */
export class FakeSessionChannel extends FakeChannel {
  readonly prepared: Record<string, string> = {};
  readonly armed: string[] = [];
  abandoned = false;
  forgotten = false;
  /** FreeSWITCH cannot be told to record there. */
  refusesRecordings = false;

  prepare(variables: Readonly<Record<string, string>>): void {
    Object.assign(this.prepared, variables);
  }

  armRecording(path: string): void {
    if (this.refusesRecordings) throw new Error(`${path} is not a path FreeSWITCH can record to`);
    this.armed.push(path);
  }

  readonly expected: string[] = [];
  expectHangup(cause: string): { undo(): void } {
    this.expected.push(cause);
    return { undo: () => void this.expected.pop() };
  }

  forgetVariables(): void {
    this.forgotten = true;
  }

  override variable(name: string): string | undefined {
    if (this.forgotten) throw new Error('the variables are forgotten by now');
    return super.variable(name);
  }

  abandon(): void {
    this.abandoned = true;
  }
}

/** The publisher of a number, and its place in the campaign; undefined: it has none there. */
export function aPublisher(place?: Partial<RoutePublisher['place']>): RoutePublisher {
  return {
    publisherId: id('publisher-1'),
    enabled: true,
    place: place && { campaignPublisherId: id('place-1'), enabled: true, maxCalls: undefined, ...place },
  };
}

/** The seed's flow, and one buyer with two SIP endpoints. */
export function aRoute(): Route {
  const endpoint = (name: string, priority: number) => ({
    endpointId: id<'EndpointId'>(`endpoint-${name}`),
    label: name,
    kind: 'sip' as const,
    destination: `sip:${name}@127.0.0.1:5070`,
    maxCalls: undefined,
    priority,
    weight: 1,
    ringTimeoutMs: undefined,
  });
  return {
    tenant: { tenantId: id('tenant-1'), slug: 'test-org', enabled: true, maxCalls: undefined },
    number: {
      phoneNumberId: id('number-1'),
      e164: '+15551234567',
      enabled: true,
      maxCalls: undefined,
      tags: ['web'],
    },
    campaign: {
      campaignId: id('campaign-1'),
      name: 'Test Campaign',
      enabled: true,
      maxCalls: 10,
      ringTimeoutMs: 20_000,
      record: 'stereo',
      recordingRetentionDays: undefined,
    },
    publisher: undefined,
    flow: {
      flowId: id('flow-1'),
      flowVersionId: id('version-1'),
      graph: testFlow as NonNullable<Route['flow']>['graph'],
    },
    buyers: [
      {
        buyerId: id('buyer-1'),
        name: 'Test Buyer',
        maxCalls: undefined,
        priority: 0,
        weight: 1,
        ringTimeoutMs: undefined,
        group: undefined,
        endpoints: [endpoint('first', 0), endpoint('second', 1)],
      },
    ],
    trunks: [],
  };
}

const silent: CallLog = { debug() {}, info() {}, warn() {}, error() {}, child: () => silent };

function endOf(channelUuid: ChannelUuid, side: 'A' | 'B', bridgeUs: number | undefined): LegEnd {
  const startUs = 1_790_000_000_000_000;
  return {
    channelUuid,
    otherLegUuid: undefined,
    side,
    times: {
      startUs,
      progressUs: undefined,
      progressMediaUs: undefined,
      answerUs: startUs + 1_000_000,
      bridgeUs,
      endUs: startUs + 5_000_000,
    },
    billMs: 4000,
    cause: 'NORMAL_CLEARING',
    sipCode: 200,
    disposition: undefined,
    callerNumber: '+15550001111',
    calledNumber: '+15551234567',
    codec: 'PCMU',
    mos: undefined,
    sipCallId: undefined,
    remoteAddress: '127.0.0.1',
    variable: () => undefined,
  };
}

/** Caps, lines, routes and a link in memory; remembers what is held and what was written. */
export class TestEnvironment {
  readonly written: CallRecord[] = [];
  /** Legs that were written by themselves. */
  readonly legsWritten: LegOfCall[] = [];
  readonly #held = new Set<LeaseId>();
  readonly environment: CallEnvironment;
  readonly link: SwitchLink;
  /** What `uuid_exists` answers; undefined: nobody can say. */
  livesOn: boolean | undefined = false;
  /** Channels that were left to the daemon's care, with their leases. */
  readonly left: { leases: LeaseId[]; channelUuid: ChannelUuid; onGone: (() => void) | undefined }[] = [];
  readonly released: LeaseId[] = [];
  /** Of which legs FreeSWITCH tells the end. */
  tellsEndOf: (uuid: string) => boolean = () => true;
  linkConnected = true;
  /** What `uuid_kill` answers. */
  kills = true;
  bridgeUsOf: (uuid: string) => number | undefined = () => undefined;
  #fence = 0;

  constructor(
    options: {
      route?: Route | undefined;
      whenCapsUnavailable?: 'refuse' | 'admit';
      capsAway?: boolean;
      factsDeadlineMs?: number;
      defaultCountry?: CountryCode;
    } = {},
  ) {
    const route = 'route' in options ? options.route : aRoute();
    const whenCapsUnavailable = options.whenCapsUnavailable ?? 'refuse';
    const take = (request: Pick<CapLease, 'leaseId' | 'callId' | 'claims'>): CapLease => {
      this.#held.add(request.leaseId);
      return { ...request, fence: ++this.#fence };
    };
    const caps: Caps = {
      acquire: async (request) =>
        options.capsAway === true
          ? { granted: 'unavailable', reason: 'Redis is away' }
          : { granted: true, lease: take(request) },
      release: async ({ leaseId }) => {
        this.released.push(leaseId);
        this.#held.delete(leaseId);
      },
      adopt: ({ leaseId }) => {
        this.#held.add(leaseId);
      },
      disown: ({ leaseId }) => {
        this.#held.delete(leaseId);
      },
      holders: async () => [],
    };
    const lines: WaitingLines = {
      join: async ({ callId, options: claims }) => {
        if (options.capsAway === true) return { joined: 'unavailable', reason: 'Redis is away' };
        const lease = take({
          leaseId: id<'LeaseId'>(`line-${this.#fence}`),
          callId,
          claims: claims[0] ?? [],
        });
        return {
          joined: true,
          place: {
            ready: AbortSignal.abort(),
            grant: { lease, option: 0 },
            position: async () => 0,
            expectedWaitMs: async () => undefined,
            leave: async () => {
              this.#held.delete(lease.leaseId);
            },
          },
        };
      },
    };
    const isConnected = () => this.linkConnected;
    this.link = {
      switchName: id<'SwitchName'>('fake') satisfies SwitchName,
      get connected() {
        return isConnected();
      },
      breakApplication: async () => true,
      kill: async () => this.kills,
      exists: async () => this.livesOn,
      current: async () => (this.livesOn === true ? { application: 'bridge', daemonId: undefined } : 'gone'),
      onLeg: (uuid, listener) => {
        // FreeSWITCH tells the end of every leg it is asked about, soon.
        const fact: LegFact = {
          kind: 'ended',
          channelUuid: uuid,
          atUs: 0,
          leg: endOf(uuid, uuid.startsWith('1111') ? 'A' : 'B', this.bridgeUsOf(uuid)),
        };
        const timer = setTimeout(() => {
          if (this.tellsEndOf(uuid)) listener(fact);
        }, 1);
        return { off: () => clearTimeout(timer) };
      },
    };
    this.environment = {
      daemonId: id<'DaemonId'>('daemon-1') satisfies DaemonId,
      admission: {
        routes: {
          routeFor: async () => route,
          flowVersion: async () => route?.flow?.graph,
          flowByName: async () => undefined,
        },
        caps,
        whenCapsUnavailable,
        defaultCountry: options.defaultCountry ?? 'US',
        closed: () => undefined,
      },
      caps,
      lines,
      care: {
        adopt: (leases, { channelUuid }, onGone) =>
          void this.left.push({ leases: leases.map(({ leaseId }) => leaseId), channelUuid, onGone }),
      },
      nodeTypes,
      weights: new SmoothWeights(),
      writer: {
        keep: async (record) => {
          if (record.source === 'leg') this.legsWritten.push(record);
          else this.written.push(record);
          return true;
        },
      },
      registry: new CallRegistry(),
      observer: unobserved,
      watch: unwatched,
      log: silent,
      settings: {
        whenCapsUnavailable,
        recordingsFolder: '/recordings',
        sipProfile: 'external',
        stepBudget: 200,
        factsDeadlineMs: options.factsDeadlineMs ?? 200,
      },
      now: () => Date.now(),
    };
  }

  heldLeases(): LeaseId[] {
    return [...this.#held];
  }
}
