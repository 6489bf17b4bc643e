import type { RedisLink } from './redis-link.ts';

/** More unanswered messages than this, and Redis is too slow for ours: they are dropped, not kept. */
const mostUnderWay = 64;

/** Messages between daemons that may be lost: each subscriber hears each at most once. */
export interface DaemonBus {
  /** Never waits and never throws; false where the message was dropped at once. */
  publish(message: string): boolean;
  /** One listener. Its own messages come back to it too. */
  hear(listener: (message: string) => void): void;
  /** Calls back at every connection after the first: messages may have been lost until now. */
  onReconnect(listener: () => void): void;
}

/** One channel of Redis' pub/sub, on the connection of the caps: what is lost with it is not sent again. */
export class RedisBus implements DaemonBus {
  readonly #link: RedisLink;
  readonly #channel: string;
  #underWay = 0;

  constructor(link: RedisLink, channel: string) {
    this.#link = link;
    this.#channel = channel;
  }

  publish(message: string): boolean {
    if (!this.#link.connected || this.#underWay >= mostUnderWay) return false;
    this.#underWay += 1;
    void this.#link.publish(this.#channel, message).finally(() => {
      this.#underWay -= 1;
    });
    return true;
  }

  hear(listener: (message: string) => void): void {
    this.#link.subscribe(this.#channel, listener);
  }

  onReconnect(listener: () => void): void {
    let lost = false;
    this.#link.onDown(this.#channel, () => {
      lost = true;
    });
    this.#link.onUp(this.#channel, () => {
      if (lost) listener();
      lost = false;
    });
  }
}
