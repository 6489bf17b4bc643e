import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Problem } from './problem.ts';

/** The header `If-Match` as a route's schema tells of it. */
export const IfMatchSchema = Type.Object({
  'if-match': Type.Optional(
    Type.String({ maxLength: 1000, description: 'The etag of what you read; 428 without' }),
  ),
});

/** A strong validator of a whole row (RFC 9110, 8.8.3): with `?fields=` it is still that of the whole. */
export function etagOf(row: object): string {
  return `"${createHash('sha256').update(JSON.stringify(row)).digest('base64url').slice(0, 27)}"`;
}

/** The tags of an `If-Match` or `If-None-Match`; a weak one is told by its `W/`. */
function tagsOf(header: string | undefined): string[] {
  return (header ?? '').match(/(?:W\/)?"[^"]*"|\*/g) ?? [];
}

/** True where the client has this representation already. */
export function isKnown(request: FastifyRequest, etag: string): boolean {
  const tags = tagsOf(request.headers['if-none-match']);
  return tags.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag);
}

/** The tags a client says it saw (RFC 9110, 13.1.1); undefined where it says nothing. */
export function seenBy(request: FastifyRequest): string[] | undefined {
  const header = request.headers['if-match'];
  return header === undefined ? undefined : tagsOf(header);
}

/** The same where nothing may be changed unseen. Before anything is read. */
export function demandIfMatch(request: FastifyRequest): string[] {
  const seen = seenBy(request);
  if (seen === undefined || seen.length === 0)
    throw new Problem(
      'precondition-required',
      'send the header if-match with the etag of what you read, so that nobody else’s change is lost',
    );
  return seen;
}

/** With the row locked: throws 412 where it is none of what the client saw. */
export function checkSeen(seen: readonly string[], row: object): void {
  const etag = etagOf(row);
  if (seen.some((tag) => tag === '*' || tag === etag)) return;
  throw new Problem('precondition-failed', 'it was changed since you read it: read it again');
}

/** The same of a request. */
export function checkIfMatch(request: FastifyRequest, row: object): void {
  checkSeen(tagsOf(request.headers['if-match']), row);
}
