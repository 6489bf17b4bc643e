import type { FastifyRequest } from 'fastify';
import * as conditional from '../conditional.ts';
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
 * What a row's etag tells of. Of rows that people change it is what they wrote: otherwise nobody could change a busy
 * account, whose balance moves between reading and writing.
 */
function stateOf(resource: Resource, row: Row): object {
  if (!may(resource, 'update') && !may(resource, 'delete')) return row;
  const written = ([name]: [string, unknown]): boolean =>
    name === 'id' || name === 'updatedAt' || resource.fields[name]?.written !== 'never';
  return Object.entries(row).filter(written);
}

/** The state of a row (RFC 9110, 8.8.3), with `?fields=` still that of the whole. */
export function etagOf(resource: Resource, row: Row): string {
  return conditional.etagOf(stateOf(resource, row));
}

/** True where the client has this representation already; never where its tag does not tell of all of it. */
export function isKnown(request: FastifyRequest, resource: Resource, etag: string): boolean {
  return !(may(resource, 'update') && movesByItself(resource)) && conditional.isKnown(request, etag);
}

/** With the row locked: throws 412 where it is not what the client saw. */
export function checkIfMatch(request: FastifyRequest, resource: Resource, row: Row): void {
  conditional.checkIfMatch(request, stateOf(resource, row));
}
