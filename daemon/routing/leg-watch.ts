import type { SwitchLink } from '../channel/switch-link.ts';
import type { ChannelUuid } from '../telephony/ids.ts';

/** FreeSWITCH's own timer (leg_timeout) goes first; ours is for the case that it does not. */
const graceMs = 2000;

export interface WatchedLeg {
  readonly channelUuid: ChannelUuid;
  readonly legUuid: ChannelUuid;
  readonly ringTimeoutMs: number;
  /** True where a callee who answers first hears a whisper or has to press a key: then only the bridge counts as a conversation. */
  readonly mustAccept: boolean;
  now(): number;
}

/**
 * Follows one B-leg through the facts of the inbound connection: when it was answered, and whether it rings beyond its
 * time, in which case it is killed. Without facts it never kills: it could be a conversation.
 */
export class LegWatch {
  readonly #link: SwitchLink | undefined;
  readonly #leg: WatchedLeg;
  #subscriptions: readonly { off(): void }[] = [];
  #timer: NodeJS.Timeout | undefined;
  #answeredAtUs: number | undefined;
  /** Our clock when the two began to talk. */
  #talkingSinceMs: number | undefined;

  constructor(link: SwitchLink | undefined, leg: WatchedLeg) {
    this.#link = link;
    this.#leg = leg;
  }

  get answeredAtUs(): number | undefined {
    return this.#answeredAtUs;
  }

  get talkingSinceMs(): number | undefined {
    return this.#talkingSinceMs;
  }

  start(): void {
    const link = this.#link;
    if (link === undefined || this.#subscriptions.length > 0) return;
    const { legUuid, channelUuid, mustAccept, now, ringTimeoutMs } = this.#leg;
    this.#subscriptions = [
      link.onLeg(legUuid, (fact) => {
        if (fact.kind === 'answered') {
          this.#disarm();
          this.#answeredAtUs ??= fact.atUs;
          if (!mustAccept) this.#talkingSinceMs ??= now();
        }
        if (fact.kind === 'bridged') this.#bridged(now());
        if (fact.kind === 'ended') this.#disarm();
      }),
      link.onLeg(channelUuid, (fact) => {
        if (fact.kind === 'bridged' && fact.otherLegUuid === legUuid) this.#bridged(now());
      }),
    ];
    const { interruptions } = link;
    if (link.connected)
      this.#timer = setTimeout(() => this.#ringOver(link, interruptions), ringTimeoutMs + graceMs);
  }

  stop(): void {
    this.#disarm();
    for (const subscription of this.#subscriptions) subscription.off();
    this.#subscriptions = [];
  }

  #bridged(nowMs: number): void {
    this.#disarm();
    this.#talkingSinceMs ??= nowMs;
  }

  #disarm(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #ringOver(link: SwitchLink, interruptionsBefore: number | undefined): void {
    if (!link.connected || link.interruptions !== interruptionsBefore) return;
    // A leg that is gone by now is no fault: the bridge is about to say so.
    link.kill(this.#leg.legUuid, 'NO_ANSWER').catch(() => false);
  }
}
