import {
  adjustRecording,
  answer,
  preAnswer,
  ringReady,
  startRecording,
  stopRecording,
} from '../esl/channel-command.ts';
import type { Application } from '../esl/command.ts';
import { ownText } from '../esl/decode-value.ts';
import { bridgeAlone, bridgeVariables } from '../esl/dial-string.ts';
import type { EslEvent } from '../esl/esl-event.ts';
import { collectDigits, play } from '../esl/media-argument.ts';
import { type OutboundSocket, type SocketEnd, SocketEnded } from '../esl/outbound-socket.ts';
import { setVariables, variableName, variableValue } from '../esl/variables.ts';
import { type HangupCause, toHangupCause } from '../telephony/hangup-cause.ts';
import type { ChannelUuid, SwitchName } from '../telephony/ids.ts';
import { bridgeResult, collectedDigits } from './application-result.ts';
import {
  type BridgeRequest,
  type BridgeResult,
  type Channel,
  type ChannelEnd,
  ChannelGone,
  type CollectDigitsOptions,
  type CollectedDigits,
  type Media,
  type PlayOptions,
  type PlayResult,
  type RecordingAdjustment,
  type RecordingOptions,
} from './channel.ts';
import { recordingVariables } from './recording-variables.ts';
import { noSpeechEngine, unspoken } from './spoken.ts';
import type { SwitchLink } from './switch-link.ts';

/** Where play_and_get_digits leaves what was pressed. */
const digitsVariable = 'callfabric_digits';
const stateVariable = 'callfabric_state';
/** When a break that did nothing is sent again, and then how often, ms. */
const breakAgainMs = 250;
const breakEveryMs = 1_000;
/** `uri-failure` where a recording could not begin (switch_ivr_async.c, switch_ivr_record_session_event). */
const recordingFault = 'record_completion_cause';

export interface EslChannelOptions {
  readonly switchName: SwitchName;
  readonly link: SwitchLink | undefined;
  /** Told how long CallFabric took from an event's arrival to its next command, ms. */
  readonly onDecision: (ms: number) => void;
}

/**
 * A live A-leg over its synchronous event socket. The socket is deaf while an application runs, so what interrupts goes
 * over the inbound connection; what must be on the channel before an application starts travels in its packet.
 */
export class EslChannel implements Channel {
  readonly uuid: ChannelUuid;
  readonly callerNumber: string;
  readonly callerName: string;
  readonly calledNumber: string;
  readonly #socket: OutboundSocket;
  readonly #options: EslChannelOptions;
  readonly #gone = new AbortController();
  #pendingVariables: Record<string, string> = {};
  #pendingApplications: Application[] = [];
  #pending = false;
  #pendingState: (() => string) | undefined;
  /** What could not be sent, for the next verb to reject with. */
  #fault: unknown;
  #answered: boolean;
  #hangupAsked: HangupCause | undefined;
  #lastEventAtMs: number | undefined;

  constructor(socket: OutboundSocket, options: EslChannelOptions) {
    this.#socket = socket;
    this.#options = options;
    const { channelData } = socket;
    this.uuid = keptHeader(channelData, 'Unique-ID') as ChannelUuid;
    this.callerNumber = keptHeader(channelData, 'Caller-Caller-ID-Number');
    this.callerName = keptHeader(channelData, 'Caller-Caller-ID-Name');
    this.calledNumber = keptHeader(channelData, 'Caller-Destination-Number');
    this.#answered = channelData.header('Answer-State') === 'answered';
    this.#lastEventAtMs = performance.now();
    socket.onEvent((event) => this.#take(event));
    socket.onEnd((end) => this.#socketEnded(end));
  }

  get switchName(): SwitchName {
    return this.#options.switchName;
  }

  get answered(): boolean {
    return this.#answered;
  }

  get hungUp(): AbortSignal {
    return this.#gone.signal;
  }

  get bridgedAtUs(): number | undefined {
    const us = Number(this.#socket.channelData.header('Caller-Channel-Bridged-Time'));
    return us > 0 ? us : undefined;
  }

  variable(name: string): string | undefined {
    return this.#socket.channelData.variable(name);
  }

  forgetVariables(): void {
    this.#socket.forgetChannelData();
  }

  carry(state: () => string): void {
    this.#pendingState = state;
  }

  /** Variables for the next verb's packet. */
  prepare(variables: Readonly<Record<string, string>>): void {
    Object.assign(this.#pendingVariables, variables);
    this.#pending = true;
  }

  /** A recording that begins in the next verb's packet; `onlyBridged`: of the conversation alone (RECORD_BRIDGE_REQ). */
  armRecording(path: string, options: RecordingOptions & { readonly onlyBridged: boolean }): void {
    this.prepare(recordingVariables(options.channels, options.onlyBridged));
    this.#pendingApplications.push(startRecording(path));
  }

  /** Somebody else hangs up for us: an end that comes now is ours. `undo` where it did not come about. */
  expectHangup(cause: HangupCause): { undo(): void } {
    const before = this.#hangupAsked;
    this.#hangupAsked ??= cause;
    return {
      undo: () => {
        this.#hangupAsked = before;
      },
    };
  }

  /** Leaves the channel to FreeSWITCH: it goes on with its next dialplan action. */
  abandon(): void {
    this.#socket.close();
  }

  /** Not waited for: what follows waits behind it in FreeSWITCH, and goes in the same packet where it is said at once. */
  async answer(): Promise<void> {
    this.#gone.signal.throwIfAborted();
    if (this.#answered) return;
    this.#answered = true;
    this.#pendingApplications.push(answer);
    this.#pending = true;
    process.nextTick(() => {
      if (!this.#pendingApplications.includes(answer) || this.#gone.signal.aborted) return;
      this.#measure();
      try {
        this.#socket.tell(this.#takePending([]));
      } catch (error) {
        // Thrown from here it would end the daemon: variables that are too long are the next verb's fault.
        this.#fault = error;
        this.#socket.tell([answer]);
      }
    });
  }

  async preAnswer(): Promise<void> {
    if (!this.#answered) await this.#run([preAnswer]);
  }

  async ringReady(): Promise<void> {
    if (!this.#answered) await this.#run([ringReady]);
  }

  /** They are on the channel before the next verb. */
  async setVariables(variables: Readonly<Record<string, string>>): Promise<void> {
    this.#gone.signal.throwIfAborted();
    for (const [name, value] of Object.entries(variables)) {
      variableName(name);
      variableValue(name, value);
    }
    this.prepare(variables);
  }

  async play(media: Media, options: PlayOptions = {}): Promise<PlayResult> {
    const { until } = options;
    const terminators = options.terminators ?? '';
    if (aborted(until)) return { end: 'interrupted' };
    this.prepare({ playback_terminators: terminators === '' ? 'none' : terminators });
    let again: NodeJS.Timeout | undefined;
    // Music never ends by itself, and a break may do nothing: FreeSWITCH takes the mark of one off again where it comes
    // just before an application begins (switch_core_session.c, CF_BREAK), answering +OK all the same; or the inbound
    // connection is away just now. So it is asked again until the application is over.
    const breakIn = (ms: number) => {
      this.#options.link?.breakApplication(this.uuid).catch(() => false);
      again = setTimeout(() => breakIn(breakEveryMs), ms);
    };
    const interrupt = () => breakIn(breakAgainMs);
    until?.addEventListener('abort', interrupt, { once: true });
    let done: EslEvent;
    const beganAtMs = performance.now();
    try {
      done = await this.#run([play(media)]);
    } finally {
      until?.removeEventListener('abort', interrupt);
      clearTimeout(again);
    }
    const response = done.header('Application-Response') ?? '';
    const digit = terminators === '' ? undefined : done.variable('playback_terminator_used');
    if (digit !== undefined && digit !== '' && terminators.includes(digit)) {
      this.prepare({ playback_terminator_used: '' });
      return { end: 'digit', digit };
    }
    if (aborted(until)) return { end: 'interrupted' };
    // A channel that goes away answers PLAYBACK ERROR as well, but its CHANNEL_HANGUP comes first.
    if (/NOT FOUND|ERROR|UNABLE|INVALID/i.test(response)) return { end: 'failed', detail: response };
    return unspoken(media, performance.now() - beganAtMs)
      ? { end: 'failed', detail: noSpeechEngine }
      : { end: 'finished' };
  }

  async collectDigits(options: CollectDigitsOptions): Promise<CollectedDigits> {
    const { prompt, bargeIn, ...keys } = options;
    if (prompt !== undefined && !bargeIn) {
      const played = await this.play(prompt);
      if (played.end === 'failed') return played;
    }
    const wanted = {
      ...keys,
      ...(bargeIn && prompt !== undefined ? { prompt } : {}),
      forgetEarlier: !bargeIn,
    };
    const done = await this.#run(collectDigits(wanted, digitsVariable));
    return collectedDigits(done, digitsVariable, prompt);
  }

  bridge(request: BridgeRequest): Promise<BridgeResult> {
    const { legUuid, accept, whisper } = request;
    if (accept !== undefined || whisper !== undefined) return this.#bridgeIfAccepted(request);
    return this.#dial(request).then((completed) => this.#joined(bridgeResult(completed, legUuid, false)));
  }

  async #bridgeIfAccepted(request: BridgeRequest): Promise<BridgeResult> {
    let answeredByCallee = false;
    const facts = this.#options.link?.onLeg(request.legUuid, (fact) => {
      if (fact.kind === 'answered') answeredByCallee = true;
    });
    try {
      const done = await this.#dial(request);
      const refused = answeredByCallee && request.accept !== undefined;
      return this.#joined(bridgeResult(done, request.legUuid, refused));
    } finally {
      facts?.off();
    }
  }

  /** A bridge that came to be answered the caller too. */
  #joined(result: BridgeResult): BridgeResult {
    if (result.end === 'answered') this.#answered = true;
    return result;
  }

  async startRecording(path: string, options: RecordingOptions): Promise<void> {
    // FreeSWITCH sets it where it cannot open the file, and says so nowhere else; it may be there from before.
    this.prepare({ ...recordingVariables(options.channels, false), [recordingFault]: '' });
    const done = await this.#runAtOnce([startRecording(path)]);
    const fault = done.variable(recordingFault) ?? '';
    if (fault !== '') throw new Error(`FreeSWITCH cannot record: ${fault}`);
  }

  async stopRecording(path: string): Promise<void> {
    await this.#runAtOnce([stopRecording(path)]);
  }

  async adjustRecording(path: string, adjustment: RecordingAdjustment): Promise<void> {
    await this.#runAtOnce([adjustRecording(path, adjustment)]);
  }

  /** Resolves when the channel is over. */
  async hangup(cause: HangupCause): Promise<void> {
    if (this.#gone.signal.aborted) return;
    this.#hangupAsked ??= cause;
    if (this.#pending && Object.keys(this.#pendingVariables).length > 0) {
      // What was prepared still goes onto the channel, so that mod_json_cdr's record says whose call it was.
      try {
        this.#socket.tell(this.#takePending([]));
      } catch {
        // Too long to be sent: the call is hung up all the same.
      }
    }
    this.#measure();
    await this.#socket.hangup(cause);
  }

  /** Apart from what waits for it, whose frame would keep the dial string for as long as the two talk. */
  #dial(request: BridgeRequest): Promise<EslEvent> {
    try {
      this.prepare(bridgeVariables(request));
      return this.#run([bridgeAlone(request)]);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** For what may wait: the state goes with it. Not async, nor is `#runAtOnce`: their frames would keep the packet. */
  #run(applications: readonly Application[]): Promise<EslEvent> {
    const state = this.#pendingState;
    this.#pendingState = undefined;
    if (state !== undefined) this.prepare({ [stateVariable]: state() });
    return this.#runAtOnce(applications);
  }

  #runAtOnce(applications: readonly Application[]): Promise<EslEvent> {
    this.#gone.signal.throwIfAborted();
    if (this.#fault !== undefined) {
      const fault = this.#fault;
      this.#fault = undefined;
      return Promise.reject(fault);
    }
    const packet = this.#takePending(applications);
    this.#measure();
    return this.#socket.execute(packet).then(this.#completed, this.#failed);
  }

  readonly #failed = (error: unknown): never => {
    throw error instanceof SocketEnded ? this.#goneReason(error.end) : error;
  };

  readonly #completed = (done: EslEvent): EslEvent => {
    this.#lastEventAtMs = performance.now();
    if (done.header('Channel-Call-State') === 'HANGUP' && done.header('Hangup-Cause') !== undefined)
      this.#end(done);
    this.#gone.signal.throwIfAborted();
    return done;
  };

  #takePending(applications: readonly Application[]): Application[] {
    if (!this.#pending) return [...applications];
    this.#pending = false;
    const variables = this.#pendingVariables;
    const before = this.#pendingApplications;
    // Before they are made into text: what cannot be sent fails this verb, and not every one after it.
    this.#pendingVariables = {};
    this.#pendingApplications = [];
    return [...setVariables(variables), ...before, ...applications];
  }

  #measure(): void {
    if (this.#lastEventAtMs === undefined) return;
    this.#options.onDecision(performance.now() - this.#lastEventAtMs);
    this.#lastEventAtMs = undefined;
  }

  #take(event: EslEvent): void {
    if (event.header('Unique-ID') !== this.uuid) return;
    if (event.name === 'CHANNEL_HANGUP') this.#end(event);
    else if (event.name === 'CHANNEL_ANSWER') this.#answered = true;
  }

  #end(event: EslEvent): void {
    const cause = toHangupCause(event.header('Hangup-Cause'));
    const bridgedTo = event.variable('last_bridge_to') as ChannelUuid | undefined;
    // `send_…`: FreeSWITCH hung up, for want of media or because somebody asked it to.
    const disposition = event.variable('sip_hangup_disposition') ?? 'recv_';
    const byCaller = this.#hangupAsked === undefined && disposition.startsWith('recv_');
    this.#abort({ cause, by: byCaller ? 'caller' : 'callfabric', bridgedTo });
  }

  #socketEnded({ kind, hangup }: SocketEnd): void {
    if (hangup !== undefined) this.#end(hangup);
    // A hang-up that was asked for and did not come about: the socket was deaf, and the channel may live.
    else if (this.#hangupAsked !== undefined && kind !== 'timeout')
      this.#abort({ cause: this.#hangupAsked, by: 'callfabric' });
    else if (kind === 'hangup') this.#abort({ cause: 'NORMAL_CLEARING', by: 'caller' });
    else this.#abort({ cause: 'NORMAL_TEMPORARY_FAILURE', by: 'lost' });
  }

  #abort(end: ChannelEnd): void {
    if (!this.#gone.signal.aborted) this.#gone.abort(new ChannelGone(end));
  }

  #goneReason(end: SocketEnd): unknown {
    if (!this.#gone.signal.aborted) this.#socketEnded(end);
    return this.#gone.signal.reason;
  }
}

/** Not a closure within the constructor: one would hold the event for as long as any other made there lives. */
function keptHeader(event: EslEvent, name: string): string {
  return ownText(event.header(name) ?? '');
}

/** A signal changes while we wait, which narrowing by the compiler does not see. */
function aborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}
