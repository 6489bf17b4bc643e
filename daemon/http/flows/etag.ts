import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { Problem } from '../problem.ts';

/** The header `If-Match` as a route's schema tells of it. */
export const IfMatchSchema = Type.Object({
  'if-match': Type.Optional(Type.String({ maxLength: 1000, description: 'The etag of what you read' })),
});

/** The tags a client says it saw (RFC 9110, 13.1.1); undefined where it says nothing. */
export function seenBy(request: FastifyRequest): string[] | undefined {
  const header = request.headers['if-match'];
  if (header === undefined) return undefined;
  return header.match(/(?:W\/)?"[^"]*"|\*/g) ?? [];
}

/** The same where nothing may be changed unseen. */
export function mustHaveSeen(request: FastifyRequest): string[] {
  const seen = seenBy(request);
  if (seen === undefined || seen.length === 0)
    throw new Problem(
      'precondition-required',
      'send the header if-match with the etag of what you read, so that nobody else’s change is lost',
    );
  return seen;
}
