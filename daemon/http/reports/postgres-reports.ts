import { DriverException, type MikroORM } from '@mikro-orm/postgresql';
import { inTenant } from '../../../orm/in-tenant.ts';
import { Problem } from '../problem.ts';
import type { Counted, Reports } from './ports.ts';
import { type ReportQuestion, reportSql } from './report-sql.ts';

/** Reads reports as the tenant: row-level security shows it its own figures alone. */
export class PostgresReports implements Reports {
  readonly #orm: MikroORM;

  constructor(orm: MikroORM) {
    this.#orm = orm;
  }

  async calls(
    tenantId: string,
    question: ReportQuestion,
  ): Promise<{ readonly rows: readonly Counted[]; readonly total: Counted }> {
    const { sql, values } = reportSql(question);
    const [found] = await inTenant(this.#orm, tenantId, (em) =>
      em.execute<{ rows: Counted[]; total: Counted }[]>(sql, values),
    ).catch((error: unknown) => {
      // PostgreSQL has its own list of zones.
      if (error instanceof DriverException && error.code === '22023')
        throw new Problem('invalid-parameters', 'see faults', [
          { field: '/zone', message: 'is no time zone that PostgreSQL knows' },
        ]);
      throw error;
    });
    if (found === undefined) throw new Error('a report has one row');
    return found;
  }
}
