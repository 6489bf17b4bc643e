/** One line of `npm run bench`: a figure, what it is compared with, and whether it is good enough. */
export interface BenchRow {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What it is compared with: another program in the same run, or '' where the target is a plain number. */
  readonly peer: string;
  /** value / the peer's value; undefined without a peer. */
  readonly ratio: number | undefined;
  readonly target: string;
  readonly met: boolean;
  /** Further figures of the same run that help to read this one. */
  readonly more?: Readonly<Record<string, number>>;
}
