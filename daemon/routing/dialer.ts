import type { CapLease, Caps } from '../caps/cap-lease.ts';
import type { BridgeResult, Channel } from '../channel/channel.ts';
import { ChannelGone } from '../channel/channel.ts';
import type { SwitchLink } from '../channel/switch-link.ts';
import type {
  AttemptOptions,
  AttemptResult,
  CallFacts,
  Candidate,
  CandidateSource,
  Dialing,
} from '../flow/node-context.ts';
import type { AttemptId, ChannelUuid, DaemonId, EndpointId, LeaseId } from '../telephony/ids.ts';
import { newId } from '../telephony/ids.ts';
import { type Ending, endingOf, endingOfGone, resultOf, rowOf } from './attempt-ending.ts';
import type { AttemptBegun, AttemptLog } from './attempt-log.ts';
import { candidatesOf, nobody, type RoutedCandidate } from './buyer-order.ts';
import { ruleOf } from './cause-map.ts';
import { LegWatch } from './leg-watch.ts';
import type { Route } from './route.ts';
import type { SmoothWeights } from './smooth-weights.ts';

/** What the daemon before us left: an attempt it began, and what became of it. */
export interface Interrupted {
  readonly attempt: Omit<AttemptBegun, 'buyerId' | 'buyerName' | 'trunkId' | 'destination'> &
    Partial<Pick<AttemptBegun, 'buyerId' | 'trunkId' | 'destination'>>;
  readonly result: AttemptResult;
}

export interface DialerParts {
  readonly route: Route;
  readonly call: CallFacts;
  readonly channel: Channel;
  readonly caps: Caps;
  readonly attempts: AttemptLog;
  readonly whenCapsUnavailable: 'refuse' | 'admit';
  /** One a daemon: the shares go on from call to call. */
  readonly weights: SmoothWeights;
  readonly daemonId: DaemonId;
  readonly sipProfile: string;
  /** Facts and the kill for our own ring timer; undefined: FreeSWITCH's timer is the only one. */
  readonly link: SwitchLink | undefined;
  /** From a takeover: endpoints dialled before, how many attempts were made, and the one under way. */
  readonly tried?: readonly EndpointId[];
  readonly attemptsMade?: number;
  readonly interrupted?: Interrupted;
  readonly held?: HeldSlot;
  /** Milliseconds since 1970. */
  now(): number;
}

/** A slot a queue holds for this call. `key`: of the candidate it is held with. */
export interface HeldSlot {
  readonly key: string;
  readonly lease: CapLease;
}

/** Dials for one call: caps, attempt rows, bridges. One attempt at a time. */
export class Dialer implements Dialing {
  readonly #parts: DialerParts;
  #tried: readonly string[];
  /** Short lists, and `concat` makes them exact: a Set, or an array pushed to, is 150 to 300 bytes in every live call. */
  #charged: readonly string[] = [];
  #routed: readonly RoutedCandidate[] = [];
  #attemptsMade: number;
  #held: HeldSlot | undefined;
  #interrupted: Interrupted | undefined;
  /** Of the attempt whose socket broke: its two may go on talking. */
  #left: CapLease | undefined;

  constructor(parts: DialerParts) {
    this.#parts = parts;
    this.#tried = parts.tried ?? [];
    this.#attemptsMade = parts.attemptsMade ?? 0;
    this.#interrupted = parts.interrupted;
    this.#held = parts.held;
  }

  /** The slot a queue holds for this call, if one is held. */
  get held(): HeldSlot | undefined {
    return this.#held;
  }

  candidates(source: CandidateSource): Promise<readonly Candidate[]> {
    return Promise.resolve(this.plan(source));
  }

  /** As `candidates`, with everything it takes to dial them. The held one and the interrupted one come first. */
  plan(source: CandidateSource): readonly RoutedCandidate[] {
    const { route, weights, sipProfile } = this.#parts;
    let list = candidatesOf(route, source, { weights, sipProfile, tried: this.#tried });
    const first = (isFirst: (candidate: RoutedCandidate) => boolean, otherwise?: RoutedCandidate) => {
      const found = list.find((candidate) => candidate.destination !== undefined && isFirst(candidate));
      const head = found ?? otherwise;
      if (head !== undefined)
        list = [{ ...head, rejected: undefined }, ...list.filter((candidate) => candidate !== found)];
    };
    const held = this.#held;
    if (held !== undefined) first(({ key }) => key === held.key);
    const attempt = this.#interrupted?.attempt;
    if (attempt !== undefined)
      first(
        ({ endpointId, trunkId }) =>
          endpointId === attempt.endpointId && (attempt.trunkId ?? trunkId) === trunkId,
        // The plan has changed meanwhile: what was dialled is dialled all the same.
        { ...nobody, endpointId: attempt.endpointId, label: 'dialled before the takeover' },
      );
    this.#routed = this.#routed.length === 0 ? list : [...this.#routed, ...list];
    return list;
  }

  /** From now on the candidate is tried first, with this lease. A slot held before is released. */
  async hold(candidate: RoutedCandidate, lease: CapLease): Promise<void> {
    const before = this.#held;
    this.#held = { key: candidate.key, lease };
    if (before !== undefined) await this.#parts.caps.release(before.lease);
  }

  /** Releases the held slot, if any. Twice is harmless. */
  async dropHeld(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) await this.#parts.caps.release(held.lease);
  }

  /**
   * At the end of the call: takes out of the dialer what nobody released, a slot that was not dialled and the lease of
   * an attempt whose socket broke. Whoever closes knows whether the call lives on, and so what becomes of them.
   */
  close(): CapLease[] {
    const interrupted = this.#interrupted;
    // Its flow never came to it again: it was made all the same, and may have been a conversation.
    if (interrupted !== undefined) this.#finish(interrupted);
    const of = interrupted?.attempt.lease;
    const leases = [this.#held?.lease, this.#left, of].filter((lease) => lease !== undefined);
    this.#held = undefined;
    this.#left = undefined;
    return leases;
  }

  async attempt(candidate: Candidate, options: AttemptOptions): Promise<AttemptResult> {
    const routed = this.#routed.find((one) => one === candidate);
    if (routed === undefined) throw new Error(`candidate ${candidate.label} is not of this call`);
    const interrupted = this.#interrupted;
    if (interrupted !== undefined && interrupted.attempt.endpointId === routed.endpointId)
      return this.#finishInterrupted(interrupted, routed, options);
    if (routed.destination === undefined || routed.rejected !== undefined)
      throw new Error(`candidate ${candidate.label} may not be dialled: ${routed.rejected}`);
    this.#charge(routed);
    const begun = {
      attemptId: newId<'AttemptId'>() satisfies AttemptId,
      buyerId: routed.buyerId,
      buyerName: routed.buyerName,
      endpointId: routed.endpointId,
      trunkId: routed.trunkId,
      destination: routed.dialled,
      legUuid: newId<'ChannelUuid'>() satisfies ChannelUuid,
    };
    const caps = await this.#lease(routed);
    this.#attemptsMade += 1;
    const attempt: AttemptBegun = {
      ...begun,
      number: this.#attemptsMade,
      dialledAtUs: Math.round(this.#parts.now() * 1000),
      lease: caps.lease,
    };
    if (caps.refusedBy !== undefined) return this.#capped(attempt, caps.refusedBy);
    return this.#dial(attempt, routed, options, caps.decision);
  }

  /** Gives the attempt's lease back when it is over. */
  async #dial(
    attempt: AttemptBegun,
    routed: RoutedCandidate,
    options: AttemptOptions,
    capDecision: string,
  ): Promise<AttemptResult> {
    const { channel, link, now, route, attempts, caps } = this.#parts;
    const ringTimeoutMs = Math.max(
      1000, // FreeSWITCH's leg_timeout counts whole seconds, and 0 would mean its default of 60
      Math.min(
        routed.ringTimeoutMs ?? options.ringTimeoutMs ?? route.campaign.ringTimeoutMs,
        options.ringAtMostMs ?? Infinity,
      ),
    );
    const { legUuid } = attempt;
    // Who answers and first hears a whisper does not talk with the caller yet.
    const mustAccept = options.accept !== undefined || options.whisper !== undefined;
    const watch = new LegWatch(link, { channelUuid: channel.uuid, legUuid, ringTimeoutMs, mustAccept, now });
    let ending: Ending = {
      outcome: 'failed',
      cause: 'NORMAL_TEMPORARY_FAILURE',
      sipCode: undefined,
      hungUpBy: undefined,
    };
    const beganAtMs = now();
    let lost = false;
    try {
      channel.hungUp.throwIfAborted();
      watch.start();
      this.#noteTried(routed);
      attempts.begun(attempt);
      ending = endingOf(await this.#bridge(legUuid, routed, options, ringTimeoutMs));
      return resultOf(
        ending,
        ending.outcome === 'connected' || ending.outcome === 'max_duration'
          ? Math.max(0, now() - (watch.talkingSinceMs ?? beganAtMs))
          : 0,
        options,
      );
    } catch (error) {
      if (error instanceof ChannelGone) {
        ending = endingOfGone(error, legUuid, watch.talkingSinceMs !== undefined);
        lost = error.end.by === 'lost';
      }
      throw error;
    } finally {
      watch.stop();
      attempts.finished(
        rowOf(attempt, ending, capDecision, { answeredAtUs: watch.answeredAtUs, endedAtUs: now() * 1000 }),
      );
      // Lost: FreeSWITCH may keep the two talking, and giving their places back now would let the caps overshoot.
      if (lost) this.#left = attempt.lease;
      else if (attempt.lease !== undefined) await caps.release(attempt.lease);
    }
  }

  /** Apart from `#dial`, whose frame would keep the request for as long as the two talk. */
  #bridge(
    legUuid: ChannelUuid,
    { destination }: RoutedCandidate,
    { callerId, ringback, accept, whisper, maxDurationMs }: AttemptOptions,
    ringTimeoutMs: number,
  ): Promise<BridgeResult> {
    const { channel, call } = this.#parts;
    return channel.bridge({
      legUuid,
      destination: destination as NonNullable<RoutedCandidate['destination']>,
      ringTimeoutMs,
      callerId: callerId ?? { number: call.caller, name: call.callerName },
      ringback: ringback ?? { kind: 'passthrough' },
      legVariables: this.#legVariables(),
      ...(accept !== undefined && whisper !== undefined ? { accept: { whisper, ...accept } } : {}),
      ...(accept === undefined && whisper !== undefined ? { whisper } : {}),
      ...(maxDurationMs === undefined ? {} : { maxDurationMs }),
    });
  }

  /** Takes the caps of all scopes or none; a slot the queue holds is used instead. */
  async #lease(
    routed: RoutedCandidate,
  ): Promise<{ lease: CapLease | undefined; refusedBy: string | undefined; decision: string }> {
    const held = this.#held;
    if (held?.key === routed.key) {
      this.#held = undefined;
      return { lease: held.lease, refusedBy: undefined, decision: 'granted' };
    }
    // Somebody else is dialled: the slot's own caller is not this one any more, for as long as that talks.
    await this.dropHeld();
    if (routed.claims.length === 0) return { lease: undefined, refusedBy: undefined, decision: 'granted' };
    const { caps, call, channel, whenCapsUnavailable } = this.#parts;
    const decision = await caps.acquire({
      leaseId: newId<'LeaseId'>() satisfies LeaseId,
      callId: call.callId,
      claims: routed.claims,
      holder: { channelUuid: channel.uuid, switchName: channel.switchName },
    });
    switch (decision.granted) {
      case true:
        return { lease: decision.lease, refusedBy: undefined, decision: 'granted' };
      case false:
        return { lease: undefined, refusedBy: decision.refusedBy, decision: 'refused' };
      case 'unavailable':
        return whenCapsUnavailable === 'admit'
          ? { lease: undefined, refusedBy: undefined, decision: 'granted' }
          : { lease: undefined, refusedBy: 'unavailable', decision: 'refused' };
    }
  }

  #capped(attempt: AttemptBegun, refusedBy: string): AttemptResult {
    const ending: Ending = {
      outcome: 'capped',
      cause: 'NORMAL_CIRCUIT_CONGESTION',
      sipCode: undefined,
      hungUpBy: undefined,
    };
    this.#parts.attempts.finished(
      rowOf(attempt, ending, `refused:${refusedBy}`, {
        answeredAtUs: undefined,
        endedAtUs: attempt.dialledAtUs,
      }),
    );
    // A full trunk leaves the endpoint's other trunks; any other scope is as full through them.
    const next = refusedBy.startsWith('trunk:') ? 'next' : 'skipEndpoint';
    return { ...ending, cappedBy: refusedBy, talkedMs: 0, next };
  }

  /** The daemon before us dialled this one, and FreeSWITCH told what became of it: it is not dialled again. */
  async #finishInterrupted(
    { attempt, result }: Interrupted,
    routed: RoutedCandidate,
    options: AttemptOptions,
  ): Promise<AttemptResult> {
    this.#noteTried(routed);
    this.#finish({ attempt, result }, routed);
    if (attempt.lease !== undefined) await this.#parts.caps.release(attempt.lease);
    return { next: ruleOf(result.cause, result.sipCode, options.causes), ...result };
  }

  #finish({ attempt, result }: Interrupted, routed?: RoutedCandidate): void {
    this.#interrupted = undefined;
    const { attempts, now } = this.#parts;
    // What was dialled, whatever the plan says by now.
    const {
      buyerId = routed?.buyerId,
      trunkId = routed?.trunkId,
      destination = routed?.dialled ?? '',
    } = attempt;
    attempts.finished(
      rowOf({ ...attempt, buyerId, trunkId, destination }, result, 'granted', {
        answeredAtUs: undefined,
        endedAtUs: now() * 1000,
      }),
    );
  }

  #noteTried({ endpointId }: RoutedCandidate): void {
    if (endpointId !== undefined && !this.#tried.includes(endpointId))
      this.#tried = this.#tried.concat(endpointId);
  }

  /** The first try of a group takes the turn; those after it are failover and cost no share. */
  #charge({ turns }: RoutedCandidate): void {
    for (const { group, items, id } of turns) {
      if (this.#charged.includes(group)) continue;
      this.#charged = this.#charged.concat(group);
      this.#parts.weights.charge(group, items, id);
    }
  }

  #legVariables(): Record<string, string> {
    const { call, daemonId } = this.#parts;
    return {
      callfabric_call: call.callId,
      callfabric_tenant: call.tenantId,
      callfabric_daemon: daemonId,
      callfabric_side: 'B',
      'sip_h_X-CallFabric-Call': call.callId,
    };
  }
}
