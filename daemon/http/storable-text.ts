import type { FastifyRequest } from 'fastify';
import { Problem } from './problem.ts';
import type { Fault } from './schemas.ts';

/** Deeper documents are nobody's, and would overflow the stack of whoever walks them. */
const deepest = 40;
/** So many say enough. */
const mostFaults = 50;

const isText = (text: string): boolean => !text.includes('\0') && text.isWellFormed();

/**
 * What PostgreSQL cannot keep, or nobody can walk: NUL, half a surrogate pair, nesting without end; with JSON
 * pointers. Goes before whatever calls itself on the value, so it does not.
 */
export function unstorable(value: unknown): Fault[] {
  const faults: Fault[] = [];
  const open: { readonly value: unknown; readonly field: string; readonly depth: number }[] = [
    { value, field: '', depth: 0 },
  ];
  for (let one = open.pop(); one !== undefined && faults.length < mostFaults; one = open.pop()) {
    const { value, field, depth } = one;
    if (typeof value === 'string' && !isText(value))
      faults.push({
        field,
        message: 'has a character that cannot be kept (NUL, or half of a surrogate pair)',
      });
    if (typeof value !== 'object' || value === null) continue;
    if (depth >= deepest) {
      faults.push({ field, message: `is nested deeper than ${deepest} levels` });
      continue;
    }
    for (const [key, inner] of Object.entries(value)) {
      if (isText(key)) open.push({ value: inner, field: `${field}/${escaped(key)}`, depth: depth + 1 });
      else faults.push({ field, message: 'has a name with a character that cannot be kept' });
    }
  }
  return faults;
}

function escaped(key: string): string {
  return key.slice(0, 80).replaceAll('~', '~0').replaceAll('/', '~1');
}

/** A `preHandler` hook of every route that knows who asks. */
export async function refuseUnstorable(request: FastifyRequest): Promise<void> {
  // A file that is sent is a stream, and checked row by row.
  const isFile = typeof (request.body as { pipe?: unknown } | null | undefined)?.pipe === 'function';
  const inBody = isFile ? [] : unstorable(request.body);
  if (inBody.length > 0) throw new Problem('invalid-body', 'see faults', inBody);
  const inQuery = unstorable(request.query);
  if (inQuery.length > 0) throw new Problem('invalid-parameters', 'see faults', inQuery);
}
