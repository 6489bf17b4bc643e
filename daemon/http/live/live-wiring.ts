import type { CallRegistry } from '../../call/registry.ts';
import { RedisBus } from '../../caps/redis-bus.ts';
import type { RedisCaps } from '../../caps/redis-caps.ts';
import { CapWatch } from './cap-watch.ts';
import { LiveFeed, type LiveFeedOptions } from './live-feed.ts';

export interface LiveParts {
  readonly caps: RedisCaps;
  readonly registry: CallRegistry;
  readonly daemonId: string;
  readonly log: LiveFeedOptions['log'];
}

/** The live stream of one daemon, hearing its caps and the other daemons; started. */
export function liveFeed({ caps, registry, daemonId, log }: LiveParts): LiveFeed {
  const feed = new LiveFeed({ daemonId, log, bus: new RedisBus(caps.link, caps.keys.live) });
  const watch = new CapWatch({ caps, feed, tenantOf: (callId) => registry.get(callId)?.live().tenantId });
  caps.book.onChange = (callId, claims) => watch.note(callId, claims);
  feed.start();
  return feed;
}
