import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../problem.ts';
import type { Row } from './resource-rows.ts';

/** A strong validator of a whole row (RFC 9110, 8.8.3): with `?fields=` it is still that of the whole. */
export function etagOf(row: Row): string {
  return `"${createHash('sha256').update(JSON.stringify(row)).digest('base64url').slice(0, 27)}"`;
}

/** The tags of an `If-Match` or `If-None-Match`; a weak one is told by its `W/`. */
function tagsOf(header: string): string[] {
  return header.match(/(?:W\/)?"[^"]*"|\*/g) ?? [];
}

/** True where the client has this representation already. */
export function isKnown(request: FastifyRequest, etag: string): boolean {
  const tags = tagsOf(request.headers['if-none-match'] ?? '');
  return tags.some((tag) => tag === '*' || tag.replace(/^W\//, '') === etag);
}

/** Before anything is read: who changes a row says which state of it was seen. */
export function demandIfMatch(request: FastifyRequest): void {
  if (tagsOf(request.headers['if-match'] ?? '').length === 0)
    throw new Problem(
      'precondition-required',
      'send the header if-match with the etag of what you read, so that nobody else’s change is lost',
    );
}

/** With the row locked: throws 412 where it is not what the client saw. */
export function checkIfMatch(request: FastifyRequest, row: Row): void {
  const etag = etagOf(row);
  if (tagsOf(request.headers['if-match'] ?? '').some((tag) => tag === '*' || tag === etag)) return;
  throw new Problem('precondition-failed', 'it was changed since you read it: read it again');
}
