/** What the daemon's /metrics said at one moment. */
export class DaemonFigures {
  readonly #values: ReadonlyMap<string, number>;

  private constructor(values: ReadonlyMap<string, number>) {
    this.#values = values;
  }

  /** Prometheus' text form. */
  static read(text: string): DaemonFigures {
    const values = new Map<string, number>();
    for (const line of text.split('\n')) {
      const blank = line.lastIndexOf(' ');
      if (blank > 0 && !line.startsWith('#')) values.set(line.slice(0, blank), Number(line.slice(blank + 1)));
    }
    return new DaemonFigures(values);
  }

  get cpuSeconds(): number {
    return this.value('process_cpu_seconds_total');
  }

  value(name: string): number {
    return this.#values.get(name) ?? 0;
  }

  /** Upper bounds (seconds) and how many were at most that, of a histogram without labels. */
  buckets(name: string): { readonly upTo: number; readonly count: number }[] {
    const start = `${name}_bucket{le="`;
    return [...this.#values]
      .filter(([key]) => key.startsWith(start))
      .map(([key, count]) => ({
        upTo: key.includes('+Inf') ? Infinity : Number(key.slice(start.length, -2)),
        count,
      }))
      .sort((a, b) => a.upTo - b.upTo);
  }
}

/** The quantile of what a histogram counted between two moments, within its bucket by straight line, seconds. */
export function quantileBetween(
  before: DaemonFigures,
  after: DaemonFigures,
  name: string,
  quantile: number,
): { readonly seconds: number; readonly count: number } {
  const earlier = new Map(before.buckets(name).map(({ upTo, count }) => [upTo, count]));
  const buckets = after
    .buckets(name)
    .map(({ upTo, count }) => ({ upTo, count: count - (earlier.get(upTo) ?? 0) }));
  const count = buckets.at(-1)?.count ?? 0;
  const rank = count * quantile;
  let below = { upTo: 0, count: 0 };
  for (const bucket of buckets) {
    if (bucket.count >= rank && bucket.count > below.count) {
      if (bucket.upTo === Infinity) return { seconds: Infinity, count };
      const share = (rank - below.count) / (bucket.count - below.count);
      return { seconds: below.upTo + share * (bucket.upTo - below.upTo), count };
    }
    below = bucket;
  }
  return { seconds: Number.NaN, count };
}
