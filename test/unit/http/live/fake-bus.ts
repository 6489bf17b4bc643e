import type { DaemonBus } from '../../../../daemon/caps/redis-bus.ts';
import { LiveFeed, type LiveFeedOptions } from '../../../../daemon/http/live/live-feed.ts';

/** A bus all daemons of a test hear, at once; `loses` swallows what is published. */
export class FakeBus implements DaemonBus {
  readonly #listeners: ((message: string) => void)[] = [];
  readonly #reconnects: (() => void)[] = [];
  readonly published: string[] = [];
  loses = false;

  publish(message: string): boolean {
    this.published.push(message);
    if (!this.loses) for (const listener of this.#listeners) listener(message);
    return !this.loses;
  }

  hear(listener: (message: string) => void): void {
    this.#listeners.push(listener);
  }

  onReconnect(listener: () => void): void {
    this.#reconnects.push(listener);
  }

  reconnect(): void {
    for (const listener of this.#reconnects) listener();
  }
}

export const silent = { info: () => {} };

export function feedOn(bus: DaemonBus, of: Partial<LiveFeedOptions> = {}): LiveFeed {
  return new LiveFeed({ daemonId: 'daemon-1', bus, log: silent, ...of });
}

/** A feed that nothing happens in. */
export function quietFeed(): LiveFeed {
  return feedOn(new FakeBus());
}
