import type { CapLease, LeaseHolder } from '../caps/cap-lease.ts';
import { type ChannelEnd, ChannelGone } from '../channel/channel.ts';
import type { LegEnd, LegFact } from '../channel/leg-fact.ts';
import type { SwitchLink } from '../channel/switch-link.ts';
import type { TraceRecord } from '../records/call-record.ts';
import type { Route } from '../routing/route.ts';
import { redactNumber, toE164 } from '../telephony/e164.ts';
import type { HangupCause } from '../telephony/hangup-cause.ts';
import { type CallId, type ChannelUuid, newId } from '../telephony/ids.ts';
import type { Refusal } from '../telephony/outcome.ts';
import { admit } from './admission.ts';
import { assembleRecord, type Ending, endingOfFault } from './assemble-record.ts';
import type { CallEnvironment, CallLog, SessionChannel } from './call-environment.ts';
import { tellEnd } from './call-news.ts';
import { type CallSoFar, callSoFar } from './call-so-far.ts';
import { type CallState, decodeCallState, leasesOf, stateVariables } from './call-state.ts';
import { CallWalk, type CallWalkEnd, nowhere } from './call-walk.ts';
import { type Fate, fateOf } from './fate.ts';
import { LegBook } from './leg-book.ts';
import type { LiveCall, LiveSession } from './registry.ts';
import { restoredCall, type ToldCall } from './restored-call.ts';
import { retried } from './retried.ts';
import { routedBy } from './routed-by.ts';
import { legOfCall } from './switch-record.ts';

/** How much later than the end of the legs RECORD_STOP may come, ms. */
const recordStopDeadlineMs = 1_000;
/** A B-leg's CDR does not wait longer than this for the end of its call (P3), ms. */
const legAloneMs = 5_000;
/** How long a call that was taken over waits for its route where PostgreSQL is away, ms. */
const routeRetryMs = 8_000;
/** How long a hang-up we asked for may take before the socket is given up, ms. */
const hangupDeadlineMs = 5_000;

/**
 * One call, from the socket FreeSWITCH opened for it to its written record. Owns everything the call holds and gives
 * it back in `close`, once, whatever happened: the caps, the facts it listens to, its place in the registry.
 */
export class CallSession implements LiveSession {
  readonly #env: CallEnvironment;
  readonly #channel: SessionChannel;
  readonly #legs: LegBook;
  readonly #link: SwitchLink | undefined;
  readonly #arrivedAtMs: number;
  readonly #taken: CallState | undefined;
  #callId: CallId;
  #log: CallLog;
  #route: Route | undefined;
  #did = '';
  #refusal: Refusal | undefined;
  #lease: CapLease | undefined;
  #walk: CallWalk | undefined;
  #ending: Ending | undefined;
  #phase = 'admission';
  #closing: Promise<void> | undefined;
  /** Legs that are written by themselves soon, unless the call's record comes first. */
  readonly #legTimers = new Map<NodeJS.Timeout, LegEnd>();
  readonly #recorded = Promise.withResolvers<boolean>();

  constructor(env: CallEnvironment, channel: SessionChannel, link: SwitchLink | undefined) {
    this.#env = env;
    this.#channel = channel;
    this.#link = link;
    this.#arrivedAtMs = env.now();
    this.#taken = decodeCallState(channel.variable(stateVariables.state));
    this.#callId = this.#taken?.callId ?? newId<'CallId'>();
    this.#log = env.log.child({ callId: this.#callId, channelUuid: channel.uuid, leg: 'A' });
    this.#legs = new LegBook(link, (fact) => this.#onFact(fact));
  }

  get callId(): CallId {
    return this.#callId;
  }

  get channelUuid(): ChannelUuid {
    return this.#channel.uuid;
  }

  /** Runs the call to its end. Never rejects: a fault ends this call alone and stands in its record. */
  async run(): Promise<void> {
    this.#env.registry.add(this);
    this.#legs.expect(this.#channel.uuid, 'A');
    try {
      // Walked from here: the frame of what began the call would be kept for as long as it lives.
      const begun = await (this.#taken === undefined ? this.#begin() : this.#goOn(this.#taken));
      this.#ending = begun instanceof CallWalk ? this.#endingOfWalk(await begun.run(this.#taken)) : begun;
    } catch (error) {
      this.#ending =
        error instanceof ChannelGone ? this.#endingOf(error.end, undefined) : endingOfFault(String(error));
      if (this.#ending.fault) this.#log.error({ err: error }, 'call failed');
    }
    await this.close();
  }

  live(): LiveCall {
    return {
      callId: this.#callId,
      ...routedBy(this.#route, this.#taken),
      channelUuid: this.#channel.uuid,
      switchName: this.#channel.switchName,
      caller: this.#caller,
      callerName: this.#channel.callerName,
      did: this.#did === '' ? this.#channel.calledNumber : this.#did,
      startedAtMs: this.#taken === undefined ? this.#arrivedAtMs : this.#taken.startedAtUs / 1000,
      state: this.#closing === undefined ? (this.#walk?.phase ?? this.#phase) : 'ending',
      ...(this.#walk?.whereabouts ?? nowhere),
      takeovers: this.#takeovers,
    };
  }

  soFar(): CallSoFar {
    return callSoFar(this.#channel.uuid, this.#legs, this.#walk);
  }

  async hangup(cause: HangupCause): Promise<boolean> {
    const link = this.#link;
    // The socket is deaf while an application runs, and one that got no answer would be given up: the two would talk on
    // without anybody knowing of it.
    if (link?.connected !== true) return false;
    const expected = this.#channel.expectHangup(cause);
    if (await link.kill(this.#channel.uuid, cause)) return true;
    expected.undo();
    return this.#channel.hungUp.aborted; // it ended by itself meanwhile
  }

  accept(leg: LegEnd): void {
    this.#legs.accept(leg);
  }

  get recorded(): Promise<boolean> {
    return this.#recorded.promise;
  }

  /** Once: waits for the channel to be over, gives the caps back, waits for FreeSWITCH's facts, writes the record. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  get #holder(): LeaseHolder {
    return { channelUuid: this.#channel.uuid, switchName: this.#channel.switchName };
  }

  get #caller(): string {
    const { callerNumber } = this.#channel;
    return toE164(callerNumber, this.#env.admission.defaultCountry) ?? callerNumber;
  }

  get #takeovers(): number {
    return this.#taken === undefined ? 0 : this.#taken.takeovers + 1;
  }

  /** The walk of an admitted call, or how a refused one ended. */
  async #begin(): Promise<CallWalk | Ending> {
    const env = this.#env;
    const channel = this.#channel;
    const decision = await admit(
      { callId: this.#callId, called: channel.calledNumber, holder: this.#holder },
      env.admission,
    );
    this.#did = decision.did;
    this.#route = decision.route;
    if (!decision.admitted) {
      this.#refusal = decision.refusal;
      this.#log.info(
        { did: decision.did, refusal: decision.refusal, reason: decision.reason },
        'call refused',
      );
      env.observer.callRefused(decision.refusal);
      channel.prepare({ ...this.#ownVariables(decision.route), [stateVariables.refusal]: decision.refusal });
      await channel.hangup(decision.cause);
      return {
        cause: decision.cause,
        by: 'callfabric',
        lastNodeType: undefined,
        reason: decision.reason,
        fault: false,
      };
    }
    this.#lease = decision.lease;
    env.observer.callStarted();
    channel.prepare(this.#ownVariables(decision.route));
    const { route } = decision;
    this.#log.info(
      {
        from: redactNumber(channel.callerNumber),
        did: decision.did,
        campaign: route.campaign.name,
        flowVersionId: route.flow.flowVersionId,
      },
      'call admitted',
    );
    return this.#makeWalk(route);
  }

  /** Another daemon began this call and is gone: the same flow version, the same node, nobody dialled twice. */
  async #goOn(state: CallState): Promise<CallWalk | Ending> {
    this.#did = state.did;
    this.#env.observer.callTakenOver();
    this.#lease = state.lease;
    // All of them at once: a session of this daemon that ends just now leaves to us what it sees us have.
    for (const lease of leasesOf(state)) this.#env.caps.adopt(lease, this.#holder);
    if (state.lease !== undefined) this.#env.caps.adopt(state.lease, this.#holder);
    const node = state.walk.frames.at(-1)?.nodeId;
    this.#log.info({ did: state.did, nodeId: node, takeovers: this.#takeovers }, 'call taken over');
    const { routes } = this.#env.admission;
    // The caller hears silence meanwhile, and stays: PostgreSQL may be back before that lasts too long.
    const route = await retried(() => routes.routeFor(state.did), routeRetryMs, this.#channel.hungUp);
    if (route?.tenant.tenantId !== state.tenantId) {
      await this.#channel.hangup('NORMAL_TEMPORARY_FAILURE');
      return endingOfFault(`taken over, but ${state.did} is no number of its tenant any more`);
    }
    this.#route = route;
    this.#channel.prepare(this.#ownVariables(route));
    return this.#makeWalk(route);
  }

  #makeWalk(route: Route): CallWalk {
    this.#walk = new CallWalk({
      env: this.#env,
      channel: this.#channel,
      link: this.#link,
      legs: this.#legs,
      route,
      callId: this.#callId,
      did: this.#did,
      lease: this.#lease,
      takeovers: this.#takeovers,
      startedAtUs: this.#taken?.startedAtUs ?? this.#arrivedAtMs * 1000,
      log: this.#log,
    });
    return this.#walk;
  }

  #ownVariables(route: Route | undefined): Record<string, string> {
    return {
      [stateVariables.call]: this.#callId,
      [stateVariables.daemon]: this.#env.daemonId,
      ...(route === undefined ? {} : { [stateVariables.tenant]: route.tenant.tenantId }),
    };
  }

  #onFact(fact: LegFact): void {
    this.#walk?.onFact(fact);
    if (fact.kind !== 'ended') return;
    this.#log.debug({ channel: fact.channelUuid, cause: fact.leg.cause }, 'leg ended');
    if (fact.leg.side === 'A' || this.#closing !== undefined) return;
    const timer = setTimeout(() => {
      this.#legTimers.delete(timer);
      this.#writeLeg(fact.leg);
    }, legAloneMs);
    this.#legTimers.set(timer, fact.leg);
  }

  /** A leg that ends long before its call, or is told of after it, is written by itself. */
  #writeLeg(end: LegEnd): void {
    const attempt = this.#walk?.attempts.find(({ channelUuid }) => channelUuid === end.channelUuid);
    const leg = legOfCall(end, 'event', attempt?.attemptId);
    if (leg !== undefined) void this.#env.writer.keep(leg); // never rejects; lost records are in the log
  }

  #endingOf(end: ChannelEnd, lastNodeType: string | undefined, reason?: string): Ending {
    const by = end.by === 'lost' ? 'network' : end.by;
    return { cause: end.cause, by, lastNodeType, reason, fault: false, cut: true };
  }

  #endingOfWalk(end: CallWalkEnd): Ending {
    if (end.gone !== undefined) return this.#endingOf(end.gone, end.nodeType, end.reason);
    // The buyer hung up and the flow had nothing more to say: it was the callee who ended this call.
    const last = this.#walk?.attempts.at(-1);
    const byCallee = last?.outcome === 'connected' && (end.nodeType === 'buyer' || end.nodeType === 'dial');
    const by = byCallee ? 'callee' : 'callfabric';
    return { cause: end.cause, by, lastNodeType: end.nodeType, reason: end.reason, fault: end.fault };
  }

  async #close(): Promise<void> {
    const ending = this.#ending ?? endingOfFault(undefined);
    await this.#endChannel(ending.cause);
    const fate = await fateOf(this, this.#channel, this.#link, this.#env.registry);
    const moved = fate !== 'over';
    const { named, unnamed } = this.#walk?.leave() ?? { named: leasesOf(this.#taken), unnamed: [] };
    const leases = this.#lease === undefined ? named : [this.#lease, ...named];
    if (moved) {
      this.#log.warn(
        { fate },
        'socket lost while the channel may live: another session goes on with this call',
      );
      this.#leave(fate, leases, ending); // at once: a successor that comes later finds nothing of ours in its way
    }
    for (const lease of moved ? unnamed : [...leases, ...unnamed]) await this.#env.caps.release(lease);
    if (moved) {
      this.#recorded.resolve(false);
    } else {
      await this.#legs.allEnded(this.#env.settings.factsDeadlineMs);
      if (this.#link?.connected === true) await this.#walk?.recordingsSettled(recordStopDeadlineMs);
      this.#write(ending);
    }
    for (const [timer, end] of this.#legTimers) {
      clearTimeout(timer);
      if (moved) this.#writeLeg(end); // nobody else was told
    }
    this.#legs.close(moved ? undefined : (end) => this.#writeLeg(end));
    this.#env.registry.remove(this);
  }

  /** The channel must be over before its record is made; one that will not go is given up. */
  async #endChannel(cause: HangupCause): Promise<void> {
    const { hungUp } = this.#channel;
    if (hungUp.aborted) return;
    const deadline = AbortSignal.timeout(hangupDeadlineMs);
    const over = Promise.withResolvers<void>();
    hungUp.addEventListener('abort', () => over.resolve(), { once: true });
    deadline.addEventListener('abort', () => over.resolve(), { once: true });
    this.#channel.hangup(cause).catch(() => {}); // the end of the channel is what counts, and it is awaited below
    await over.promise;
    if (!hungUp.aborted) {
      this.#log.error({ cause }, 'channel did not end in time: it was abandoned');
      this.#channel.abandon();
    }
  }

  /** The leases are not ours any more, but the channel is not dead either: somebody must answer for them till it is. */
  #leave(fate: Fate, leases: readonly CapLease[], ending: Ending): void {
    if (fate === 'moved') return; // the session that has the call took them over, under the same names
    for (const lease of leases) this.#env.caps.disown(lease);
    // Where nobody could say, this may be the only one who ever writes this call down.
    const lostAtMs = this.#env.now();
    const write = fate === 'unknown' ? () => this.#write(ending, lostAtMs) : undefined;
    if (this.#link === undefined) write?.();
    else this.#env.care.adopt(leases, this.#holder, write);
  }

  #write(ending: Ending, endedAtMs = this.#env.now()): void {
    const env = this.#env;
    const route = this.#route;
    const folder = env.settings.recordingsFolder;
    const told = { channel: this.#channel, folder, log: this.#log, now: env.now };
    const walk: ToldCall | undefined = this.#walk ?? restoredCall(this.#taken, told);
    const trace: readonly TraceRecord[] = walk?.trace ?? [];
    const { tenantId, ...routed } = routedBy(route, this.#taken);
    const nowUs = endedAtMs * 1000;
    if (tenantId === undefined) {
      this.#log.info(
        { refusal: this.#refusal, cause: ending.cause },
        'call ended, no tenant to write it under',
      );
      this.#recorded.resolve(true);
      return;
    }
    const record = assembleRecord({
      base: {
        callId: this.#callId,
        tenantId,
        ...routed,
        flowVersionId: walk?.flowVersionId ?? route?.flow?.flowVersionId,
        switchName: this.#channel.switchName,
        daemonId: env.daemonId,
        caller: this.#caller,
        callerName: this.#channel.callerName,
        did: this.#did,
        startedAtUs: this.#taken?.startedAtUs ?? this.#arrivedAtMs * 1000,
        refusal: this.#refusal,
        variables: walk?.variables ?? {},
        tags: walk?.tags ?? [],
        takeovers: this.#takeovers,
        source: ending.by === 'network' ? 'switch' : 'session',
        trace,
        recordings: walk?.recordings ?? [],
      },
      channelUuid: this.#channel.uuid,
      ending,
      attempts: walk?.attempts ?? [],
      legs: this.#legs,
      nowUs,
      calledNumber: this.#channel.calledNumber,
    });
    this.#recorded.resolve(env.writer.keep(record));
    const durationMs = Math.round((record.endedAtUs - record.startedAtUs) / 1000);
    env.observer.callEnded(record.outcome, durationMs);
    tellEnd(env.watch, record, durationMs);
    // One that answers at once never rings; one that caps refused does neither.
    const heardAtUs = record.attempts
      .map(({ ringingAtUs, answeredAtUs }) => ringingAtUs ?? answeredAtUs)
      .find((atUs) => atUs !== undefined);
    if (heardAtUs !== undefined) env.observer.postDialDelay((heardAtUs - record.startedAtUs) / 1000);
    this.#log.info(
      {
        outcome: record.outcome,
        cause: record.cause,
        hungUpBy: record.hungUpBy,
        ms: durationMs,
        attempts: record.attempts.length,
        steps: trace.length,
        reason: record.reason,
      },
      'call ended',
    );
  }
}
