import type { LegEnd } from '../channel/leg-fact.ts';
import type { HangupCause } from '../telephony/hangup-cause.ts';
import type {
  BuyerId,
  CallId,
  CampaignId,
  ChannelUuid,
  FlowVersionId,
  PhoneNumberId,
  PublisherId,
  SwitchName,
  TenantId,
} from '../telephony/ids.ts';
import type { CallSoFar } from './call-so-far.ts';

/** What can be seen of a call while it lives. */
export interface LiveCall {
  readonly callId: CallId;
  readonly tenantId: TenantId | undefined;
  /** What it is routed by is known from its admission on. */
  readonly campaignId: CampaignId | undefined;
  readonly phoneNumberId: PhoneNumberId | undefined;
  readonly flowVersionId: FlowVersionId | undefined;
  readonly channelUuid: ChannelUuid;
  readonly switchName: SwitchName;
  readonly caller: string;
  readonly callerName: string;
  readonly did: string;
  readonly startedAtMs: number;
  /** `admission`, then what is being done: `ivr`, `queue`, `ringing`, `bridged`, `ending` … */
  readonly state: string;
  readonly nodeId: string | undefined;
  readonly publisherId: PublisherId | undefined;
  /** The buyer that is dialled, or was last. */
  readonly buyerId: BuyerId | undefined;
  readonly buyerName: string | undefined;
  /** Those it bears by now. */
  readonly tags: readonly string[];
  readonly takeovers: number;
}

/** A running session as others may touch it. */
export interface LiveSession {
  readonly callId: CallId;
  readonly channelUuid: ChannelUuid;
  live(): LiveCall;
  /** What it has behind it. */
  soFar(): CallSoFar;
  /** Over the inbound connection, which interrupts whatever runs. False where it could not be delivered: nothing happened. */
  hangup(cause: HangupCause): Promise<boolean>;
  /** A leg's end as told by mod_json_cdr. */
  accept(leg: LegEnd): void;
  /** Resolves at the end: whether the call's record is safe, and so needs no other. */
  readonly recorded: Promise<boolean>;
}

/** The calls this daemon runs, by call id. */
export class CallRegistry {
  readonly #sessions = new Map<CallId, LiveSession>();
  readonly #byChannel = new Map<ChannelUuid, LiveSession>();
  readonly #empty = new Set<() => void>();

  get size(): number {
    return this.#sessions.size;
  }

  add(session: LiveSession): void {
    this.#sessions.set(session.callId, session);
    this.#byChannel.set(session.channelUuid, session);
  }

  remove(session: LiveSession): void {
    if (this.#sessions.get(session.callId) === session) this.#sessions.delete(session.callId);
    if (this.#byChannel.get(session.channelUuid) === session) this.#byChannel.delete(session.channelUuid);
    if (this.#sessions.size === 0) {
      for (const resolve of this.#empty) resolve();
      this.#empty.clear();
    }
  }

  get(callId: CallId): LiveSession | undefined {
    return this.#sessions.get(callId);
  }

  /** By its A-leg: whose call it is stands on the channel only from its first command on. */
  ofChannel(channelUuid: ChannelUuid): LiveSession | undefined {
    return this.#byChannel.get(channelUuid);
  }

  list(): LiveCall[] {
    return Array.from(this.#sessions.values(), (session) => session.live());
  }

  /** Resolves when no call is left, or when `signal` aborts. */
  async whenEmpty(signal: AbortSignal): Promise<void> {
    if (this.#sessions.size === 0 || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#empty.add(resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    await promise;
    this.#empty.delete(resolve);
  }
}
