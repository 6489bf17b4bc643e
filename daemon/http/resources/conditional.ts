import { createHash } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { Problem } from '../problem.ts';
import { may, type Resource } from './define-resource.ts';
import type { Row } from './resource-rows.ts';

/** Fields of a row that change though nobody wrote the row: a balance, how often a number was taken. */
function movesByItself(resource: Resource): boolean {
  const still = new Set(['id', 'createdAt', 'updatedAt', 'tenantId', resource.parent?.field]);
  return Object.entries(resource.fields).some(
    ([name, { written }]) => written === 'never' && !still.has(name),
  );
}

/**
 * The state of a row (RFC 9110, 8.8.3), with `?fields=` still that of the whole. Of rows that people change it is what
 * they wrote: otherwise nobody could change a busy account, whose balance moves between reading and writing.
 */
export function etagOf(resource: Resource, row: Row): string {
  const written = ([name]: [string, unknown]): boolean =>
    name === 'id' || name === 'updatedAt' || resource.fields[name]?.written !== 'never';
  const changes = may(resource, 'update') || may(resource, 'delete');
  const state = changes ? Object.entries(row).filter(written) : row;
  return `"${createHash('sha256').update(JSON.stringify(state)).digest('base64url').slice(0, 27)}"`;
}

/** The tags of an `If-Match` or `If-None-Match`; a weak one is told by its `W/`. */
function tagsOf(header: string): string[] {
  return header.match(/(?:W\/)?"[^"]*"|\*/g) ?? [];
}

/** True where the client has this representation already; never where its tag does not tell of all of it. */
export function isKnown(request: FastifyRequest, resource: Resource, etag: string): boolean {
  if (may(resource, 'update') && movesByItself(resource)) return false;
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
export function checkIfMatch(request: FastifyRequest, resource: Resource, row: Row): void {
  const etag = etagOf(resource, row);
  if (tagsOf(request.headers['if-match'] ?? '').some((tag) => tag === '*' || tag === etag)) return;
  throw new Problem('precondition-failed', 'it was changed since you read it: read it again');
}
