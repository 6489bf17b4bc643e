import type { EntityManager } from '@mikro-orm/postgresql';
import type { FastifyRequest } from 'fastify';
import { audited } from '../audited.ts';
import { constraintProblem } from '../constraint-problem.ts';
import { Problem } from '../problem.ts';
import type { Fault } from '../schemas.ts';
import type { FileRow } from './csv-reader.ts';
import type { Resource } from './define-resource.ts';
import { columnsOf, insertRows, type Row } from './resource-rows.ts';
import { hintsOf, inScope, type ResourcePorts, type Work } from './resource-scope.ts';

export const importModes = ['all-or-nothing', 'report-and-continue'] as const;
export type ImportMode = (typeof importModes)[number];

export interface ImportReport {
  readonly rows: number;
  readonly imported: number;
  readonly failed: number;
  /** The first of them. */
  readonly errors: readonly Fault[];
}

const batchRows = 500;
/** Errors told one by one; all are counted. */
export const mostErrors = 100;

type Good = Extract<FileRow, { row: Row }>;

/** Counts rows and keeps the first errors. */
class Tally {
  rows = 0;
  imported = 0;
  failed = 0;
  readonly errors: Fault[] = [];

  fail(faults: readonly Fault[]): void {
    this.failed += 1;
    this.errors.push(...faults.slice(0, mostErrors - this.errors.length));
  }

  get report(): ImportReport {
    const { rows, imported, failed, errors } = this;
    return { rows, imported, failed, errors };
  }
}

interface Import {
  readonly ports: ResourcePorts;
  readonly request: FastifyRequest;
  readonly resource: Resource;
}

/** Good rows in batches; the bad ones are counted on the way. */
async function* batchesOf(rows: AsyncIterable<FileRow>, tally: Tally): AsyncGenerator<Good[]> {
  let batch: Good[] = [];
  for await (const row of rows) {
    tally.rows += 1;
    if ('faults' in row) tally.fail(row.faults);
    else if (batch.push(row) === batchRows) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** Writes a batch within a transaction that goes on whatever becomes of it: each row that cannot be kept is told. */
async function writeBatch(of: Import, em: EntityManager, scope: Work, batch: readonly Good[], tally: Tally) {
  const { resource } = of;
  const put = async (rows: readonly Good[]): Promise<void> => {
    const made = await em.transactional((inner) =>
      insertRows(
        inner,
        resource.table,
        rows.map(({ row }) => ({ ...columnsOf(row), ...scope.owner })),
      ),
    );
    for (const { line, row } of rows)
      if (made.has(row.id)) tally.imported += 1;
      else
        tally.fail([
          { field: uniqueField(resource), line, message: 'is there already, or overlaps what is there' },
        ]);
  };
  const before = tally.imported;
  try {
    await put(batch);
  } catch (error) {
    if (constraintProblem(error, hintsOf(resource)) === undefined) throw error;
    // One row spoils the statement: find it.
    for (const row of batch)
      try {
        await put([row]);
      } catch (one) {
        const problem = constraintProblem(one, hintsOf(resource));
        if (problem === undefined) throw one;
        tally.fail(
          (problem.faults ?? [{ field: '', message: problem.message }]).map((f) => ({
            ...f,
            line: row.line,
          })),
        );
      }
  }
  const imported = tally.imported - before;
  if (imported > 0)
    audited(em, of.request, {
      action: `${resource.table}.import`,
      subject: resource.parent?.resource.table ?? resource.table,
      subjectId: parentIdOf(of),
      before: null,
      after: { imported, lines: [batch[0]?.line, batch.at(-1)?.line] },
      tenantId: scope.tenantId,
    });
}

function parentIdOf({ request, resource }: Import): string | null {
  const { parent } = resource;
  return parent === undefined
    ? null
    : ((request.params as Readonly<Record<string, string>>)[parent.field] ?? null);
}

/** The field that makes a row another one. */
function uniqueField(resource: Resource): string {
  return `/${resource.sort?.[0] ?? ''}`;
}

/** Each batch is a transaction of its own: what was imported stays, whatever comes after. */
async function reportAndContinue(of: Import, rows: AsyncIterable<FileRow>): Promise<ImportReport> {
  const tally = new Tally();
  // An unknown list or card is told before anything is read.
  await inScope(of.ports, of.request, of.resource, 'write', async () => {});
  try {
    for await (const batch of batchesOf(rows, tally))
      await inScope(of.ports, of.request, of.resource, 'write', (em, scope) =>
        writeBatch(of, em, scope, batch, tally),
      );
  } catch (error) {
    // The rows before it are in: say so, and where to go on.
    if (!(error instanceof Problem) || error.faults === undefined || tally.rows === 0) throw error;
    tally.fail(error.faults);
  }
  return tally.report;
}

class TakenBack extends Error {}

/** One transaction for all; with one bad row, none is kept, and all that is wrong is told. */
async function allOrNothing(of: Import, rows: AsyncIterable<FileRow>): Promise<ImportReport> {
  const tally = new Tally();
  try {
    await inScope(of.ports, of.request, of.resource, 'write', async (em, scope) => {
      for await (const batch of batchesOf(rows, tally)) await writeBatch(of, em, scope, batch, tally);
      if (tally.failed > 0) throw new TakenBack();
    });
  } catch (error) {
    if (!(error instanceof TakenBack)) throw error;
    throw new Problem(
      'invalid-body',
      `${tally.failed} of ${tally.rows} rows are wrong, so none was imported: see faults${tally.failed > mostErrors ? ' for the first' : ''}`,
      tally.errors,
    );
  }
  return tally.report;
}

/** Imports what a file holds. Rows are written as they are read: neither the file nor its rows are held in memory. */
export function importRows(
  of: Import,
  mode: ImportMode,
  rows: AsyncIterable<FileRow>,
): Promise<ImportReport> {
  return mode === 'all-or-nothing' ? allOrNothing(of, rows) : reportAndContinue(of, rows);
}
