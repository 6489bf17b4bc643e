import { LRUCache } from 'lru-cache';
import type { Principal } from '../access.ts';
import { Problem } from '../problem.ts';

const mostAtOnce = 10;
const msPerAnswer = 10 * 60_000;
const mostRemembered = 10_000;

/**
 * How often a tenant is told that somebody has an account with another one, which `POST /users` cannot hide: ten times,
 * and then once in ten minutes. So a list of addresses cannot be tried through; whoever is turned away offers
 * invitations, which tell nothing. Each daemon counts for itself.
 */
export class ToldAccounts {
  readonly #now: () => number;
  readonly #told: LRUCache<string, { readonly count: number; readonly lastMs: number }>;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#told = new LRUCache({ max: mostRemembered });
  }

  /** Before anything is looked up. Operators see every account anyway. */
  demand(tenantId: string, { kind }: Pick<Principal, 'kind'>): void {
    const excess = this.#counted(tenantId) + 1 - mostAtOnce;
    if (kind === 'operator' || excess <= 0) return;
    const afterSeconds = Math.ceil((excess * msPerAnswer) / 1000);
    throw new Problem(
      'too-many-requests',
      `too many addresses were tried that have an account: offer memberships with POST /invitations, or try again in ${afterSeconds} s`,
      undefined,
      { afterSeconds },
    );
  }

  told(tenantId: string, { kind }: Pick<Principal, 'kind'>): void {
    if (kind === 'operator') return;
    this.#told.set(tenantId, { count: this.#counted(tenantId) + 1, lastMs: this.#now() });
  }

  /** A bucket that leaks. */
  #counted(tenantId: string): number {
    const { count, lastMs } = this.#told.get(tenantId) ?? { count: 0, lastMs: 0 };
    return Math.max(0, count - (this.#now() - lastMs) / msPerAnswer);
  }
}
