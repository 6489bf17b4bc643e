import type { CapScope } from './cap-lease.ts';

const mostScopes = 20_000;

/** The most holders each scope has had, as this daemon saw it at its own grants since it started. */
export class HighWater {
  readonly #marks = new Map<CapScope, number>();

  note(scope: CapScope, holders: number): void {
    const known = this.#marks.get(scope);
    if (known !== undefined && known >= holders) return;
    this.#marks.set(scope, holders);
    if (known !== undefined || this.#marks.size <= mostScopes) return;
    // Bounded: the scope noted first is forgotten.
    for (const oldest of this.#marks.keys()) {
      this.#marks.delete(oldest);
      return;
    }
  }

  of(scope: CapScope): number {
    return this.#marks.get(scope) ?? 0;
  }
}
