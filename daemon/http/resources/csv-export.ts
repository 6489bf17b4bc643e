import { Readable } from 'node:stream';
import { stringify } from 'csv-stringify/sync';
import type { FastifyReply } from 'fastify';
import { Type } from 'typebox';
import { stillAllowed } from '../access.ts';
import { Problem } from '../problem.ts';
import { cellOf } from './csv-cells.ts';
import type { Row } from './resource-rows.ts';

/** Rows that are read, turned into text and sent at once: memory does not grow with what is exported. */
export const exportBatch = 1000;
/** A slow reader may take this long. */
export const exportTimeoutMs = 30 * 60_000;

export const csvResponse = {
  200: {
    description: 'CSV (RFC 4180) in UTF-8 with a header line',
    content: { 'text/csv': { schema: Type.String() } },
  },
};

async function* linesOf(
  columns: readonly string[],
  batches: AsyncIterator<readonly Row[]>,
  first: readonly Row[],
  allowed: () => Promise<boolean>,
) {
  yield stringify([[...columns]], { record_delimiter: 'windows' });
  for (let rows = first; rows.length > 0; ) {
    yield stringify(
      rows.map((row) => columns.map((column) => cellOf(row[column]))),
      { record_delimiter: 'windows' },
    );
    if (!(await allowed()))
      throw new Problem('unauthorized', 'the key or session this was asked with is over');
    const next = await batches.next();
    if (next.done === true) return;
    rows = next.value;
  }
}

/**
 * Answers with a file of these rows. The first batch is read before the answer begins, so that what cannot be read is
 * still a problem; a failure later cuts the connection, so that half a file is never taken for a whole one.
 */
export async function sendCsv(
  reply: FastifyReply,
  name: string,
  columns: readonly string[],
  batches: AsyncGenerator<readonly Row[]>,
): Promise<FastifyReply> {
  const first = await batches.next();
  const lines = linesOf(columns, batches, first.done === true ? [] : first.value, () =>
    stillAllowed(reply.request),
  );
  return reply
    .type('text/csv; charset=utf-8; header=present')
    .header('content-disposition', `attachment; filename="${name}.csv"`)
    .send(Readable.from(lines, { highWaterMark: 1 }));
}
