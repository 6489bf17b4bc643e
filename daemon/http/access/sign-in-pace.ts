import { LRUCache } from 'lru-cache';

/** What one may do now: go on, after so many milliseconds; or not before so many. */
export type Pace = { readonly afterMs: number } | { readonly refusedForMs: number };

/** Wrong passwords that cost nothing: people mistype. */
const freeTries = 4;
const longestRefusalMs = 15 * 60_000;
/** Of one address, for whatever accounts. */
const triesPerAddress = 30;
const msPerTry = 10_000;
/** Of one account, from addresses it was never used from: from here on each answer takes longer. */
const swiftTries = 10;
const longestDelayMs = 4_000;
const rememberedMs = 60 * 60_000;
const mostRemembered = 10_000;

interface Tries {
  readonly count: number;
  readonly lastMs: number;
}

/**
 * How fast passwords may be tried. Nobody can shut somebody else out: what is refused is refused to one address, for
 * one account (ever longer) or for all (a steady rate). An account that is tried from many addresses is never locked;
 * answers to addresses it was not used from before only take longer. A try counts when it begins, so that many at once
 * are no way around; one that succeeds is taken back. Each daemon counts for itself.
 */
export class SignInPace {
  readonly #now: () => number;
  readonly #pairs: LRUCache<string, Tries>;
  readonly #addresses: LRUCache<string, Tries>;
  readonly #accounts: LRUCache<string, Tries>;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    const bounds = { max: mostRemembered, ttl: rememberedMs, perf: { now } };
    this.#pairs = new LRUCache(bounds);
    this.#addresses = new LRUCache(bounds);
    this.#accounts = new LRUCache(bounds);
  }

  /** Begins a try. */
  begin(account: string, address: string): Pace {
    const pair = pairOf(account, address);
    const { count, lastMs } = this.#pairs.get(pair) ?? none;
    const waitMs = count < freeTries ? 0 : Math.min(longestRefusalMs, 1000 * 2 ** (count - freeTries));
    const leftMs = lastMs + waitMs - this.#now();
    if (waitMs > 0 && leftMs > 0) return { refusedForMs: leftMs };
    this.#pairs.set(pair, { count: count + 1, lastMs: this.#now() });
    return { afterMs: 0 };
  }

  /** The try that began comes from an address the account was never used from. */
  stranger(account: string, address: string): Pace {
    const network = networkOf(address);
    const before = this.#addresses.get(network) ?? none;
    // A bucket that leaks: what is in it now, and this one.
    const count = Math.max(0, before.count - (this.#now() - before.lastMs) / msPerTry) + 1;
    if (count > triesPerAddress) return { refusedForMs: (count - triesPerAddress) * msPerTry };
    this.#addresses.set(network, { count, lastMs: this.#now() });
    const tried = (this.#accounts.get(account)?.count ?? 0) + 1;
    this.#accounts.set(account, { count: tried, lastMs: this.#now() });
    return { afterMs: tried <= swiftTries ? 0 : Math.min(longestDelayMs, 100 * 2 ** (tried - swiftTries)) };
  }

  /** The password was right: it was no try of a guesser. */
  succeeded(account: string, address: string, wasStranger: boolean): void {
    this.#pairs.delete(pairOf(account, address));
    if (!wasStranger) return;
    const network = networkOf(address);
    const { count, lastMs } = this.#addresses.get(network) ?? none;
    this.#addresses.set(network, { count: Math.max(0, count - 1), lastMs });
    const tried = this.#accounts.get(account)?.count ?? 0;
    this.#accounts.set(account, { count: Math.max(0, tried - 1), lastMs: this.#now() });
  }
}

const none: Tries = { count: 0, lastMs: 0 };

function pairOf(account: string, address: string): string {
  return `${networkOf(address)} ${account}`;
}

/** Of IPv6 the /64: whoever has one has all of its addresses. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address;
  const [, embedded] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address) ?? [];
  if (embedded !== undefined) return embedded;
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::');
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const behind = tail === '' ? [] : tail.split(':');
    while (groups.length + behind.length < 8) groups.push('0');
    groups.push(...behind);
  }
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
