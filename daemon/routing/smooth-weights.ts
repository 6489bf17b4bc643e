/** Something that gets its share of the first tries. A weight of 0 is tried only after all others. */
export interface Weighted {
  readonly id: string;
  readonly weight: number;
}

/** Groups not charged for longest are forgotten beyond this many; they begin anew. */
const mostGroups = 10_000;

/**
 * Smooth weighted round robin (nginx's): weights 1 and 9 interleave instead of coming in runs. Looking at the order
 * changes nothing; only `charge`, when somebody's turn was really taken, does, so that asking twice skews no share.
 * Kept per daemon: with several daemons each gives the shares by itself.
 */
export class SmoothWeights {
  readonly #credits = new Map<string, Map<string, number>>();

  /** Best first; ties by weight, then by id, never by the order given. */
  order<Item extends Weighted>(group: string, items: readonly Item[]): Item[] {
    const credits = this.#credits.get(group);
    const due = (item: Item) => (credits?.get(item.id) ?? 0) + item.weight;
    return [...items].sort(
      (a, b) =>
        Number(b.weight > 0) - Number(a.weight > 0) ||
        due(b) - due(a) ||
        b.weight - a.weight ||
        (a.id < b.id ? -1 : Number(a.id > b.id)),
    );
  }

  /** The turn was `taken`'s: everyone earns the weight, the taker pays the sum. Those no longer among the items are forgotten. */
  charge(group: string, items: readonly Weighted[], taken: string): void {
    const before = this.#credits.get(group);
    const total = items.reduce((sum, item) => sum + item.weight, 0);
    const after = new Map<string, number>();
    for (const { id, weight } of items) {
      const credit = (before?.get(id) ?? 0) + weight - (id === taken ? total : 0);
      // Turns taken out of order (a queue's held slot) must not pile up into a later run.
      after.set(id, Math.max(-total, Math.min(total, credit)));
    }
    this.#credits.delete(group);
    this.#credits.set(group, after);
    const oldest = this.#credits.size > mostGroups ? this.#credits.keys().next().value : undefined;
    if (oldest !== undefined) this.#credits.delete(oldest);
  }
}
