import { signHeader, uuidBreak, uuidExists, uuidGetvar, uuidKill } from '../esl/command.ts';
import type { EslEvent } from '../esl/esl-event.ts';
import type { EslLog } from '../esl/esl-log.ts';
import type { InboundClient } from '../esl/inbound-client.ts';
import type { ChannelUuid, DaemonId, SwitchName } from '../telephony/ids.ts';
import type { LegFact } from './leg-fact.ts';
import { legFactFromEvent } from './leg-fact-from-event.ts';
import type { LegActivity, SwitchLink } from './switch-link.ts';

type LegListener = (fact: LegFact) => void;

/** One listener to one leg: an object of its own, so that the same listener twice is two. A live call has four. */
class LegSubscription {
  readonly uuid: ChannelUuid;
  readonly listener: LegListener;
  readonly #all: Map<string, readonly LegSubscription[]>;

  constructor(uuid: ChannelUuid, listener: LegListener, all: Map<string, readonly LegSubscription[]>) {
    this.uuid = uuid;
    this.listener = listener;
    this.#all = all;
    all.set(uuid, (all.get(uuid) ?? []).concat(this));
  }

  get on(): boolean {
    return this.#all.get(this.uuid)?.includes(this) === true;
  }

  off(): void {
    const left = this.#all.get(this.uuid)?.filter((one) => one !== this) ?? [];
    if (left.length === 0) this.#all.delete(this.uuid);
    else this.#all.set(this.uuid, left);
  }
}

/** Facts to whom they concern, by leg; interruptions out. Legs nobody listens to cost one look-up. */
export class EslSwitchLink implements SwitchLink {
  readonly switchName: SwitchName;
  readonly #client: InboundClient;
  readonly #log: EslLog;
  #signListener: ((daemonId: DaemonId) => void) | undefined;
  /** Exact lists, made anew at every change: they are short, and a Set is 300 bytes. */
  readonly #listeners = new Map<string, readonly LegSubscription[]>();

  /** Listens to the client from the beginning; whoever made the client starts and stops it. */
  constructor(switchName: SwitchName, client: InboundClient, log: EslLog) {
    this.switchName = switchName;
    this.#client = client;
    this.#log = log;
    client.onEvent((event) => this.#take(event));
  }

  get connected(): boolean {
    return this.#client.connected;
  }

  get interruptions(): number {
    return this.#client.health.interruptions;
  }

  breakApplication(uuid: ChannelUuid): Promise<boolean> {
    return this.#ask(() => this.#client.api(uuidBreak(uuid)), uuid, 'break');
  }

  kill(uuid: ChannelUuid, cause: string): Promise<boolean> {
    return this.#ask(() => this.#client.api(uuidKill(uuid, cause)), uuid, 'kill');
  }

  async exists(uuid: ChannelUuid): Promise<boolean | undefined> {
    try {
      return (await this.#client.api(uuidExists(uuid))).trim() === 'true';
    } catch (error) {
      this.#log.warn({ channelUuid: uuid, error: String(error) }, 'nobody could say whether the leg exists');
      return undefined;
    }
  }

  async current(uuid: ChannelUuid): Promise<LegActivity | 'gone' | undefined> {
    try {
      const [application = '', daemonId = ''] = await Promise.all(
        ['current_application', 'callfabric_daemon'].map((name) => this.#client.api(uuidGetvar(uuid, name))),
      );
      if (application.startsWith('-ERR') || daemonId.startsWith('-ERR')) return 'gone';
      return { application: variableOf(application), daemonId: variableOf(daemonId) as DaemonId | undefined };
    } catch (error) {
      this.#log.warn({ channelUuid: uuid, error: String(error) }, 'nobody could say what the leg does');
      return undefined;
    }
  }

  /** Tells every daemon at this FreeSWITCH that this one lives. Never rejects. */
  async giveSign(): Promise<void> {
    try {
      await this.#client.giveSign();
    } catch (error) {
      this.#log.debug({ error: String(error) }, 'sign of life not given');
    }
  }

  /** Calls `listener` at every daemon's sign of life, this one's too. */
  onSign(listener: (daemonId: DaemonId) => void): void {
    this.#signListener = listener;
  }

  onLeg(uuid: ChannelUuid, listener: LegListener): { off(): void } {
    return new LegSubscription(uuid, listener, this.#listeners);
  }

  /** Legs somebody listens to: nothing is left of a call that is over. */
  get watchedLegs(): number {
    return this.#listeners.size;
  }

  /** False is an answer, a rejection never is: the call goes on with or without its interruption. */
  async #ask(command: () => Promise<string>, uuid: ChannelUuid, what: string): Promise<boolean> {
    try {
      return (await command()).startsWith('+OK');
    } catch (error) {
      this.#log.warn({ channelUuid: uuid, what, error: String(error) }, 'interruption not delivered');
      return false;
    }
  }

  #take(event: EslEvent): void {
    if (event.name === 'CUSTOM') {
      const daemonId = event.header(signHeader);
      if (daemonId !== undefined) this.#signListener?.(daemonId as DaemonId);
      return;
    }
    const listeners = this.#listeners.get(event.header('Unique-ID') ?? '');
    if (listeners === undefined) return;
    const fact = legFactFromEvent(event);
    if (fact === undefined) return;
    for (const subscription of listeners) {
      if (!subscription.on) continue; // one before it ended this one
      try {
        subscription.listener(fact);
      } catch (error) {
        this.#log.warn({ channelUuid: fact.channelUuid, fact: fact.kind, error: String(error) }, 'fact lost');
      }
    }
  }
}

function variableOf(answer: string): string | undefined {
  const value = answer.trim();
  return value === '' || value === '_undef_' ? undefined : value;
}
