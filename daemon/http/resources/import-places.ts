import { Problem } from '../problem.ts';

/** Imports at once: each reads up to 100 MB, holds a file and, while it writes, a connection of the API's eight. */
const mostOfTenant = 2;
const mostOfAll = 4;

/** Who imports just now, in this daemon. Tenant null: the platform. */
export class ImportPlaces {
  readonly #taken = new Map<string | null, number>();

  /** Returns what gives the place back. @throws Problem where there is none. */
  take(tenantId: string | null): () => void {
    const own = this.#taken.get(tenantId) ?? 0;
    if (own >= mostOfTenant)
      throw new Problem(
        'too-many-requests',
        `${own} imports are under way: send this one when they are done`,
      );
    const all = [...this.#taken.values()].reduce((sum, some) => sum + some, 0);
    if (all >= mostOfAll)
      throw new Problem('unavailable', `${all} imports are under way: send this one when some are done`);
    this.#taken.set(tenantId, own + 1);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const left = (this.#taken.get(tenantId) ?? 1) - 1;
      if (left === 0) this.#taken.delete(tenantId);
      else this.#taken.set(tenantId, left);
    };
  }
}
