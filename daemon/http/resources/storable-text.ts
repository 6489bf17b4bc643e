import type { FastifyRequest } from 'fastify';
import { Problem } from '../problem.ts';

/** Pointer to the first text in `value` that PostgreSQL cannot keep: one with NUL, or half of a surrogate pair. */
export function unstorable(value: unknown, at = ''): string | undefined {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? at : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, inner] of Object.entries(value)) {
    if (unstorable(name) !== undefined) return at;
    const found = unstorable(inner, `${at}/${name}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

const message = 'has a character that cannot be kept (NUL, or half of a surrogate pair)';

/** A `preHandler` hook, after the schemas: they bound how deep a body is. */
export async function refuseUnstorable(request: FastifyRequest): Promise<void> {
  // A file that is sent is a stream, and checked row by row.
  const isFile = typeof (request.body as { pipe?: unknown } | null | undefined)?.pipe === 'function';
  const inBody = isFile ? undefined : unstorable(request.body);
  if (inBody !== undefined) throw new Problem('invalid-body', 'see faults', [{ field: inBody, message }]);
  const inQuery = unstorable(request.query);
  if (inQuery !== undefined)
    throw new Problem('invalid-parameters', 'see faults', [{ field: inQuery, message }]);
}
