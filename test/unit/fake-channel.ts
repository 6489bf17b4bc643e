import type {
  BridgeRequest,
  BridgeResult,
  Channel,
  ChannelEnd,
  CollectDigitsOptions,
  CollectedDigits,
  Media,
  PlayOptions,
  PlayResult,
  RecordingAdjustment,
  RecordingOptions,
} from '../../daemon/channel/channel.ts';
import { ChannelGone } from '../../daemon/channel/channel.ts';
import type { HangupCause } from '../../daemon/telephony/hangup-cause.ts';
import type { ChannelUuid, SwitchName } from '../../daemon/telephony/ids.ts';

type WaitingVerb =
  | 'answer'
  | 'preAnswer'
  | 'ringReady'
  | 'setVariables'
  | 'play'
  | 'collectDigits'
  | 'bridge'
  | 'startRecording'
  | 'stopRecording'
  | 'adjustRecording'
  | 'hangup';

/** One verb as it was called, in order. */
export interface VerbCall {
  readonly verb: WaitingVerb;
  readonly args: readonly unknown[];
}

/** A result, or how to make one when the verb is called (a promise holds the verb until it settles). */
type Scripted<Result, Request> = Result | ((request: Request) => Result | Promise<Result>);

/** What the fake caller and switch will do. Each list is used up in order, one entry a verb. */
export interface FakeChannelScript {
  readonly uuid?: string;
  readonly callerNumber?: string;
  readonly callerName?: string;
  readonly calledNumber?: string;
  readonly answered?: boolean;
  readonly variables?: Readonly<Record<string, string>>;
  /** For `collectDigits`: a text is keys pressed, '' is a timeout. Used up: timeouts. */
  readonly digits?: readonly Scripted<CollectedDigits | string, CollectDigitsOptions>[];
  /** For `play`: 'held' goes on until `until` fires or the caller goes. Used up: finished, and music held. */
  readonly plays?: readonly Scripted<PlayResult | 'held', Media>[];
  /** For `bridge`. Used up: not answered, NO_ANSWER. */
  readonly bridges?: readonly Scripted<BridgeResult, BridgeRequest>[];
  /** The channel is gone when this verb is called: the nth verb, or the first of this name. It is not recorded. */
  readonly goneBefore?: number | WaitingVerb;
  /** The channel goes while this verb runs: the nth verb, or the first of this name. It is recorded. */
  readonly goneDuring?: number | WaitingVerb;
  /** How the channel goes in the two cases above. Default: the caller, NORMAL_CLEARING. */
  readonly goneAs?: ChannelEnd;
  /** The verb that rejects with this fault: FreeSWITCH did not keep its side. */
  readonly fault?: { readonly at: number | WaitingVerb; readonly error: Error };
}

const callerHungUp: ChannelEnd = { cause: 'NORMAL_CLEARING', by: 'caller' };

/** A Channel without a switch: plays a script, and remembers every verb called on it. */
export class FakeChannel implements Channel {
  readonly uuid: ChannelUuid;
  readonly switchName = 'fake' as SwitchName;
  readonly callerNumber: string;
  readonly callerName: string;
  readonly calledNumber: string;
  answered: boolean;
  /** Every verb in the order it was called; `carry` is in `carried`. */
  readonly calls: VerbCall[] = [];
  readonly carried: string[] = [];
  readonly variables: Map<string, string>;
  readonly #script: FakeChannelScript;
  readonly #gone = new AbortController();
  readonly #watchers: { readonly verb: WaitingVerb; readonly resolve: () => void }[] = [];
  #digitsUsed = 0;
  #playsUsed = 0;
  #bridgesUsed = 0;

  constructor(script: FakeChannelScript = {}) {
    this.#script = script;
    this.uuid = (script.uuid ?? '11111111-1111-4111-8111-111111111111') as ChannelUuid;
    this.callerNumber = script.callerNumber ?? '+15550001111';
    this.callerName = script.callerName ?? 'Fake Caller';
    this.calledNumber = script.calledNumber ?? '+15551234567';
    this.answered = script.answered ?? false;
    this.variables = new Map(Object.entries(script.variables ?? {}));
  }

  get hungUp(): AbortSignal {
    return this.#gone.signal;
  }

  /** The names of the verbs called, in order. */
  get verbs(): readonly WaitingVerb[] {
    return this.calls.map((call) => call.verb);
  }

  /** The first argument of every call of one verb. */
  argumentsOf(verb: WaitingVerb): readonly unknown[] {
    return this.calls.filter((call) => call.verb === verb).map((call) => call.args[0]);
  }

  /** The leg goes away now; twice is harmless. */
  goAway(end: ChannelEnd = callerHungUp): void {
    if (!this.#gone.signal.aborted) this.#gone.abort(new ChannelGone(end));
  }

  /** Resolves when the verb is called (at once where it was already): for tests that act while it runs. */
  async called(verb: WaitingVerb): Promise<void> {
    if (this.calls.some((call) => call.verb === verb)) return;
    await new Promise<void>((resolve) => this.#watchers.push({ verb, resolve }));
  }

  variable(name: string): string | undefined {
    return this.variables.get(name);
  }

  carry(state: () => string): void {
    this.carried.push(state());
  }

  async answer(): Promise<void> {
    await this.#verb('answer', []);
    this.answered = true;
  }

  preAnswer(): Promise<void> {
    return this.#verb('preAnswer', []);
  }

  ringReady(): Promise<void> {
    return this.#verb('ringReady', []);
  }

  async setVariables(variables: Readonly<Record<string, string>>): Promise<void> {
    await this.#verb('setVariables', [variables]);
    for (const [name, value] of Object.entries(variables)) this.variables.set(name, value);
  }

  play(media: Media, options: PlayOptions = {}): Promise<PlayResult> {
    return this.#verb('play', [media, options], async () => {
      const scripted = this.#script.plays?.[this.#playsUsed++];
      const unscripted = media.kind === 'music' ? 'held' : { end: 'finished' as const };
      const result = await made(scripted ?? unscripted, media);
      if (result !== 'held') return result;
      await aborted(options.until);
      return { end: 'interrupted' };
    });
  }

  collectDigits(options: CollectDigitsOptions): Promise<CollectedDigits> {
    return this.#verb('collectDigits', [options], async () => {
      const result = await made(this.#script.digits?.[this.#digitsUsed++] ?? '', options);
      if (typeof result !== 'string') return result;
      return result === '' ? { end: 'timeout' } : { end: 'digits', digits: result, terminator: '' };
    });
  }

  bridge(request: BridgeRequest): Promise<BridgeResult> {
    return this.#verb('bridge', [request], async () => {
      const unscripted: BridgeResult = { end: 'notAnswered', cause: 'NO_ANSWER', sipCode: undefined };
      const result = await made(this.#script.bridges?.[this.#bridgesUsed++] ?? unscripted, request);
      if (result.end === 'answered') this.answered = true;
      return result;
    });
  }

  startRecording(path: string, options: RecordingOptions): Promise<void> {
    return this.#verb('startRecording', [path, options]);
  }

  stopRecording(path: string): Promise<void> {
    return this.#verb('stopRecording', [path]);
  }

  adjustRecording(path: string, adjustment: RecordingAdjustment): Promise<void> {
    return this.#verb('adjustRecording', [path, adjustment]);
  }

  /** Resolves when the leg is over; whatever comes after rejects with ChannelGone. */
  async hangup(cause: HangupCause): Promise<void> {
    await this.#verb('hangup', [cause]);
    this.goAway({ cause, by: 'callfabric' });
  }

  async #verb(verb: WaitingVerb, args: readonly unknown[]): Promise<void>;
  async #verb<Result>(
    verb: WaitingVerb,
    args: readonly unknown[],
    run: () => Promise<Result>,
  ): Promise<Result>;
  async #verb<Result>(verb: WaitingVerb, args: readonly unknown[], run?: () => Promise<Result>) {
    const number = this.calls.length + 1;
    const script = this.#script;
    if (script.goneBefore === number || script.goneBefore === verb) this.goAway(script.goneAs);
    this.#gone.signal.throwIfAborted();
    this.calls.push({ verb, args });
    for (const watcher of this.#watchers) if (watcher.verb === verb) watcher.resolve();
    await Promise.resolve();
    if (script.goneDuring === number || script.goneDuring === verb) this.goAway(script.goneAs);
    this.#gone.signal.throwIfAborted();
    if (script.fault?.at === number || script.fault?.at === verb) throw script.fault.error;
    return run === undefined ? undefined : this.#unlessGone(run());
  }

  async #unlessGone<Result>(running: Promise<Result>): Promise<Result> {
    const gone = Promise.withResolvers<never>();
    const leave = () => gone.reject(this.#gone.signal.reason);
    this.#gone.signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([running, gone.promise]);
    } finally {
      this.#gone.signal.removeEventListener('abort', leave);
    }
  }
}

async function made<Result, Request>(scripted: Scripted<Result, Request>, request: Request): Promise<Result> {
  return typeof scripted === 'function'
    ? await (scripted as (request: Request) => Result | Promise<Result>)(request)
    : scripted;
}

/** Resolves when the signal fires; without a signal, never. */
async function aborted(signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted === true) return;
  await new Promise<void>((resolve) => signal?.addEventListener('abort', () => resolve(), { once: true }));
}
