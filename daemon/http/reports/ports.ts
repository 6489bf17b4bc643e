import type { ReportQuestion } from './report-sql.ts';

/** Sums as PostgreSQL made them; micro-units as text, lengths in microseconds. */
export interface Counted {
  readonly key: string;
  readonly name: string | null;
  readonly incoming: number;
  readonly answered: number;
  readonly connected: number;
  readonly answered_us: number;
  readonly connected_us: number;
  readonly converted: number;
  readonly duplicates: number;
  readonly money: readonly {
    readonly currency: string;
    readonly revenue: string;
    readonly payout: string;
    readonly cost: string;
  }[];
}

/** Reports out of PostgreSQL. Rejects where it is away. */
export interface Reports {
  /** At most `limit` rows by key, and the sum of all. */
  calls(
    tenantId: string,
    question: ReportQuestion,
  ): Promise<{ readonly rows: readonly Counted[]; readonly total: Counted }>;
}
