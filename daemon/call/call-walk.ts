import type { CapLease } from '../caps/cap-lease.ts';
import type { ChannelEnd } from '../channel/channel.ts';
import type { LegFact } from '../channel/leg-fact.ts';
import type { SwitchLink } from '../channel/switch-link.ts';
import type { CallFacts } from '../flow/node-context.ts';
import { beginWalk, type WalkState } from '../flow/walk-state.ts';
import { walk } from '../flow/walker.ts';
import type { AttemptRecord, RecordingRecord, TraceRecord } from '../records/call-record.ts';
import type { AttemptBegun } from '../routing/attempt-log.ts';
import { Dialer, type Interrupted } from '../routing/dialer.ts';
import { Queueing } from '../routing/queueing.ts';
import type { Route } from '../routing/route.ts';
import { toE164 } from '../telephony/e164.ts';
import type { HangupCause } from '../telephony/hangup-cause.ts';
import type { BuyerId, CallId, EndpointId, FlowVersionId, LeaseId } from '../telephony/ids.ts';
import type { CallEnvironment, CallLog, SessionChannel } from './call-environment.ts';
import { packHistory, readHistory } from './call-history.ts';
import type { Happening } from './call-news.ts';
import { CallRecording } from './call-recording.ts';
import {
  type AttemptUnderWay,
  type CallState,
  encodeCallState,
  encodeLastingState,
  leasesOf,
} from './call-state.ts';
import type { LegBook } from './leg-book.ts';
import { retried } from './retried.ts';
import { resultOfInterrupted } from './takeover.ts';

export interface CallWalkParts {
  readonly env: CallEnvironment;
  readonly channel: SessionChannel;
  readonly link: SwitchLink | undefined;
  readonly legs: LegBook;
  readonly route: Route;
  readonly callId: CallId;
  readonly did: string;
  readonly lease: CapLease | undefined;
  readonly takeovers: number;
  readonly startedAtUs: number;
  readonly log: CallLog;
}

/** How the walk ended: the channel went (`gone`), or the flow did with `cause`. */
export interface CallWalkEnd {
  readonly gone: ChannelEnd | undefined;
  readonly cause: HangupCause;
  readonly nodeType: string | undefined;
  readonly reason: string | undefined;
  readonly fault: boolean;
}

/** How long a dial that may have made no channel leaves its end to be told; the bridge's own end came after it. */
const noChannelGraceMs = 500;
/** How long a call that was taken over waits for the flow it began with where PostgreSQL is away, ms. */
const versionRetryMs = 8_000;
/** The same for one that the caller's hanging up ended: its leg, if there is one, ends only after the caller's. */
const cancelledGraceMs = 2_000;

/** Where a call is that walks no flow yet. */
export const nowhere = {
  nodeId: undefined,
  buyerId: undefined,
  buyerName: undefined,
  flowVersionId: undefined,
  tags: [],
};

/**
 * One call on its way through its flow: gives the walker the channel, the dialing, the queue and the recording, and
 * before every step puts onto the channel what another daemon would need to go on.
 */
export class CallWalk {
  readonly #parts: CallWalkParts;
  readonly trace: TraceRecord[] = [];
  readonly attempts: AttemptRecord[] = [];
  #tried: readonly EndpointId[] = [];
  #recording: CallRecording | undefined;
  #dialer: Dialer | undefined;
  #underWay: AttemptUnderWay | undefined;
  #attemptsMade = 0;
  #state: WalkState | undefined;
  #flowVersionId: FlowVersionId | undefined;
  #bridged = false;
  #lasting: string | undefined;
  /** What the state on the channel names beside the call's own lease. */
  #named: ReadonlySet<LeaseId> = new Set();
  buyerId: BuyerId | undefined;
  buyerName: string | undefined;

  constructor(parts: CallWalkParts) {
    this.#parts = parts;
  }

  get whereabouts() {
    const { nodeId, buyerId, buyerName, flowVersionId, tags } = this;
    return { nodeId, buyerId, buyerName, flowVersionId, tags };
  }

  get phase(): string | undefined {
    if (this.#underWay !== undefined) return this.#bridged ? 'bridged' : 'ringing';
    return this.nodeId;
  }

  /** The attempt that runs. */
  get underWay(): AttemptUnderWay | undefined {
    return this.#underWay;
  }

  get nodeId(): string | undefined {
    return this.#state?.frames.at(-1)?.nodeId;
  }

  /** The one the call began with: known at its end too, when the walk is in no flow any more. */
  get flowVersionId(): FlowVersionId | undefined {
    return this.#flowVersionId;
  }

  get variables(): Readonly<Record<string, string>> {
    return this.#state?.variables ?? {};
  }

  get tags(): readonly string[] {
    return this.#state?.tags ?? [];
  }

  get recordings(): RecordingRecord[] {
    // An attempt whose history was not carried over a takeover may have been a conversation.
    const talked =
      this.attempts.length < this.#attemptsMade ||
      this.attempts.some(({ outcome }) => outcome === 'connected' || outcome === 'max_duration');
    return this.#recording?.records(talked) ?? [];
  }

  /** The call is over: waits a little for the word that its recordings are. */
  async recordingsSettled(deadlineMs: number): Promise<void> {
    if (this.recordings.length > 0) await this.#recording?.settled(deadlineMs);
  }

  onFact(fact: LegFact): void {
    if (fact.kind === 'bridged' && !this.#bridged) {
      this.#bridged = true;
      this.#tell(() => ({
        kind: 'call.bridged',
        buyerId: this.#underWay?.buyerId,
        buyer: this.buyerName ?? '',
      }));
    }
    if (fact.kind === 'recordingStopped') this.#recording?.stopped(fact.path, fact.atUs, fact.durationMs);
  }

  /** Walks to the end; rejects only for a fault outside the flow. `state`: what the daemon before us carried. */
  async run(state: CallState | undefined): Promise<CallWalkEnd> {
    const { env, channel, route, callId, did, link, log, startedAtUs } = this.#parts;
    const holder = { channelUuid: channel.uuid, switchName: channel.switchName };
    this.#named = new Set(leasesOf(state).map(({ leaseId }) => leaseId));
    const start = state?.walk ?? this.#firstState();
    const flowVersionId = start.frames[0]?.flowVersionId;
    if (flowVersionId === undefined) throw new Error('the call has no flow version to walk');
    this.#flowVersionId = flowVersionId;
    this.#attemptsMade = state?.attemptsMade ?? 0;
    this.#tried = state?.tried ?? [];
    const before = readHistory(state?.history, startedAtUs);
    this.attempts.push(...before.attempts);
    this.trace.push(...before.trace);
    const call: CallFacts = {
      callId,
      tenantId: route.tenant.tenantId,
      campaignId: route.campaign.campaignId,
      phoneNumberId: route.number.phoneNumberId,
      publisherId: route.publisher?.publisherId,
      caller: toE164(channel.callerNumber, env.admission.defaultCountry) ?? channel.callerNumber,
      callerName: channel.callerName,
      did,
      flowVersionId,
      startedAtMs: startedAtUs / 1000,
      didTags: route.number.tags,
    };
    if (state === undefined) this.#tell(() => ({ kind: 'call.started' }));
    const interrupted = this.#interrupted(state);
    channel.forgetVariables();
    const held = state?.held;
    const dialer = new Dialer({
      route,
      call,
      channel,
      caps: env.caps,
      attempts: {
        begun: (attempt) => this.#attemptBegun(attempt),
        finished: (row) => this.#attemptFinished(row),
      },
      whenCapsUnavailable: env.settings.whenCapsUnavailable,
      weights: env.weights,
      daemonId: env.daemonId,
      sipProfile: env.settings.sipProfile,
      link,
      tried: this.#tried,
      attemptsMade: this.#attemptsMade,
      ...(interrupted === undefined ? {} : { interrupted }),
      ...(held === undefined ? {} : { held }),
      now: env.now,
    });
    this.#dialer = dialer;
    this.#recording = new CallRecording(
      {
        channel,
        folder: env.settings.recordingsFolder,
        tenantId: route.tenant.tenantId,
        callId,
        retentionDays: route.campaign.recordingRetentionDays,
        log,
        now: env.now,
      },
      state?.recordings ?? [],
    );
    const queues = new Queueing({
      lines: env.lines,
      dialer,
      call,
      holder,
      log,
    });
    const end = await walk({
      start,
      resumed: state !== undefined,
      nodeTypes: env.nodeTypes,
      flowVersion: (id) => this.#flowVersion(id),
      flowByName: (flow, version) => env.admission.routes.flowByName(route.tenant.tenantId, flow, version),
      context: {
        call,
        channel,
        dialing: dialer,
        queues,
        recording: this.#recording,
        now: env.now,
        random: Math.random,
        log,
      },
      onStep: (walkState) => {
        this.#state = walkState;
        this.#carry();
        const frame = walkState.frames.at(-1);
        if (frame !== undefined)
          this.#tell(() => ({
            kind: 'node.entered',
            nodeId: frame.nodeId,
            flowVersionId: frame.flowVersionId,
          }));
      },
      trace: (visit) => this.trace.push(visit),
      stepBudget: env.settings.stepBudget,
    });
    this.#state = end.state;
    const { nodeType, reason } = end;
    return end.end === 'gone'
      ? { gone: end.gone.end, cause: end.gone.end.cause, nodeType, reason, fault: false }
      : { gone: undefined, cause: end.cause, nodeType, reason, fault: end.end === 'failed' };
  }

  /**
   * The leases that are left when the walk is over, for the session to release or to leave. `named`: those that the
   * state on the channel names, so that whoever takes the call over answers for them; nobody asks for the others.
   */
  leave(): { readonly named: readonly CapLease[]; readonly unnamed: readonly CapLease[] } {
    const leases = this.#dialer?.close() ?? [];
    const isNamed = ({ leaseId }: CapLease) => this.#named.has(leaseId);
    return { named: leases.filter(isNamed), unnamed: leases.filter((lease) => !isNamed(lease)) };
  }

  #firstState(): WalkState {
    const flow = this.#parts.route.flow;
    if (flow === undefined) throw new Error('the call has no published flow');
    return beginWalk(flow.flowVersionId, flow.graph, this.#parts.route.number.tags);
  }

  async #flowVersion(id: FlowVersionId) {
    const { route, env, channel, takeovers } = this.#parts;
    if (route.flow?.flowVersionId === id) return route.flow.graph;
    const load = () => env.admission.routes.flowVersion(id);
    // A call that was taken over began elsewhere: its version may not be known here while PostgreSQL is away.
    return takeovers === 0 ? load() : retried(load, versionRetryMs, channel.hungUp);
  }

  #interrupted(state: CallState | undefined): Interrupted | undefined {
    const attempt = state?.underWay;
    if (attempt === undefined) return undefined;
    const { env, channel, legs } = this.#parts;
    const result = resultOfInterrupted(attempt, channel, env.now());
    if (result === undefined) {
      // It was never dialled: there is no leg to wait for, and its endpoint may still be tried.
      this.#tried = this.#tried.filter((endpointId) => endpointId !== attempt.endpointId);
      if (attempt.lease !== undefined) void env.caps.release(attempt.lease); // never rejects
      return undefined;
    }
    legs.expect(attempt.legUuid, 'B');
    legs.doubt(attempt.legUuid, noChannelGraceMs); // its end was told to the daemon before us
    return { attempt, result };
  }

  #attemptBegun(attempt: AttemptBegun): void {
    const { channel, legs, route, env, log, callId } = this.#parts;
    this.#attemptsMade = attempt.number;
    this.#bridged = false;
    this.buyerId = attempt.buyerId;
    this.buyerName = attempt.buyerName;
    if (attempt.endpointId !== undefined) this.#tried = this.#tried.concat(attempt.endpointId);
    const { buyerName: _, ...underWay } = attempt;
    this.#underWay = underWay;
    const { number, legUuid } = attempt;
    legs.expect(legUuid, 'B');
    if (route.campaign.record !== undefined && this.#recording?.none === true)
      this.#recording.arm(route.campaign.record);
    this.#carry();
    channel.prepare({ callfabric_dialled: legUuid });
    log.info(
      {
        callId,
        attempt: number,
        buyer: attempt.buyerName,
        bLeg: legUuid,
        ms: Math.round(env.now() - this.#parts.startedAtUs / 1000),
      },
      'endpoint dialled',
    );
  }

  #attemptFinished(row: AttemptRecord): void {
    this.#underWay = undefined;
    // One that caps refused was never begun, and has its number all the same.
    this.#attemptsMade = Math.max(this.#attemptsMade, row.number);
    this.attempts.push(row);
    if (row.sipCode === undefined && row.outcome === 'failed')
      this.#parts.legs.doubt(row.channelUuid, noChannelGraceMs);
    if (row.outcome === 'cancelled') this.#parts.legs.doubt(row.channelUuid, cancelledGraceMs);
    this.#parts.env.observer.attemptEnded(row.outcome);
    this.#parts.log.info(
      {
        attempt: row.number,
        outcome: row.outcome,
        cause: row.cause,
        sipCode: row.sipCode,
        cap: row.capDecision,
      },
      'attempt ended',
    );
  }

  /** Tells those who watch, where somebody does: nothing is made for nobody. */
  #tell(what: () => Happening): void {
    const { env, route, callId, did, channel } = this.#parts;
    const { tenantId } = route.tenant;
    if (!env.watch.wants(tenantId)) return;
    const caller = toE164(channel.callerNumber, env.admission.defaultCountry) ?? channel.callerNumber;
    const publisherId = route.publisher?.publisherId;
    const of = { tenantId, callId, publisherId, campaignId: route.campaign.campaignId, caller, did };
    env.watch.tell({ ...of, ...what() });
  }

  /** Puts the call's state onto the channel, in the packet of its next verb that may wait. */
  #carry(): void {
    this.#parts.channel.carry(this.#encodedState);
  }

  readonly #encodedState = (): string => {
    const { route, callId, did, lease, takeovers, startedAtUs } = this.#parts;
    if (this.#state === undefined) throw new Error('a verb before the first step');
    this.#lasting ??= encodeLastingState({
      callId,
      tenantId: route.tenant.tenantId,
      campaignId: route.campaign.campaignId,
      phoneNumberId: route.number.phoneNumberId,
      publisherId: route.publisher?.publisherId,
      did,
      startedAtUs,
      takeovers,
      lease,
    });
    const held = this.#dialer?.held;
    this.#named = new Set(leasesOf({ underWay: this.#underWay, held }).map(({ leaseId }) => leaseId));
    const changing = {
      attemptsMade: this.#attemptsMade,
      tried: this.#tried,
      underWay: this.#underWay,
      ...(held === undefined ? {} : { held }),
      recordings: this.#recording?.carried ?? [],
      history: packHistory(this, startedAtUs),
      walk: this.#state,
    };
    return encodeCallState(changing, this.#lasting);
  };
}
