import type { CapClaim, CapScope } from '../../caps/cap-lease.ts';
import type { CallId } from '../../telephony/ids.ts';
import type { CapNews } from './live-event.ts';

export interface CapWatchOptions {
  readonly caps: { counts(scopes: readonly CapScope[]): Promise<readonly number[]> };
  /** Of a call this daemon runs. */
  readonly tenantOf: (callId: CallId) => string | undefined;
  readonly feed: { wants(tenantId: string): boolean; tell(news: CapNews): void };
  /** Changes of a cap within this are told once. Default 250. */
  readonly settleMs?: number;
}

/** More keys in one command would keep Redis from decisions. */
const scopesAtOnce = 100;

/**
 * Tells how full a cap is after it changed: not at each lease, but what it came to a moment later, read from Redis for
 * all of them at once. No decision waits for it.
 */
export class CapWatch {
  readonly #options: CapWatchOptions;
  #changed = new Map<CapScope, { readonly tenantId: string; readonly limit: number | undefined }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CapWatchOptions) {
    this.#options = options;
  }

  /** On the hot path. */
  note(callId: CallId, claims: readonly CapClaim[]): void {
    const { feed, tenantOf, settleMs = 250 } = this.#options;
    const named = claims.find(({ scope }) => scope.startsWith('tenant:'))?.scope.slice('tenant:'.length);
    const tenantId = named ?? tenantOf(callId);
    if (tenantId === undefined || !feed.wants(tenantId)) return;
    for (const { scope, limit } of claims) this.#changed.set(scope, { tenantId, limit });
    this.#timer ??= setTimeout(() => void this.flush(), settleMs).unref();
  }

  stop(): void {
    this.#stopTimer();
    this.#changed.clear();
  }

  /** By itself, a moment after the first change. */
  async flush(): Promise<void> {
    this.#stopTimer();
    const { caps, feed } = this.#options;
    const changed = [...this.#changed];
    this.#changed = new Map();
    for (let first = 0; first < changed.length; first += scopesAtOnce) {
      const some = changed.slice(first, first + scopesAtOnce);
      // Redis is away: the next change tells.
      const counts = await caps.counts(some.map(([scope]) => scope)).catch(() => []);
      for (const [index, [scope, { tenantId, limit }]] of some.entries()) {
        const holders = counts[index];
        if (holders !== undefined) feed.tell({ kind: 'caps.changed', tenantId, scope, holders, limit });
      }
    }
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
