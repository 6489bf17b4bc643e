import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { type CapScope, capScopeKinds } from '../caps/cap-lease.ts';
import type { ApiPorts } from './ports.ts';
import { Problem, unavailable } from './problem.ts';
import { InstantSchema, instantOfMs } from './schemas.ts';

const params = Type.Object({
  scope: Type.Unsafe<CapScope>(
    Type.String({
      pattern: `^(${capScopeKinds.join('|')}):[A-Za-z0-9_.-]{1,64}$`,
      description: `What is limited: ${capScopeKinds.join(', ')}, a colon, and its id`,
    }),
  ),
});

const HolderSchema = Type.Object({
  leaseId: Type.String(),
  callId: Type.String(),
  daemonId: Type.String(),
  since: InstantSchema,
  expiresInMs: Type.Number(),
  fence: Type.Number(),
});

/** `GET /caps/:scope/holders`: which calls fill a cap. */
export function capsRoutes(ports: Pick<ApiPorts, 'caps' | 'access'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/caps/:scope/holders',
      {
        config: { access: { scope: 'caps:read' } },
        schema: {
          summary: 'Who holds the places of a cap, longest first',
          tags: ['caps'],
          params,
          response: {
            200: Type.Object({ scope: Type.String(), holders: Type.Array(HolderSchema) }),
          },
        },
      },
      async (request) => {
        const { scope } = request.params;
        const { tenantId } = request.principal;
        if (tenantId !== undefined && !(await ports.access.facts.owns(tenantId, scope)))
          throw new Problem('not-found', 'nothing of this tenant has such a cap');
        const holders = await ports.caps.holders(scope).catch((error: unknown) => {
          request.log.warn({ err: error, scope }, 'holders of a cap could not be read');
          throw unavailable('Redis');
        });
        return {
          scope,
          holders: holders
            .toSorted((a, b) => a.sinceMs - b.sinceMs)
            .map(({ sinceMs, ...holder }) => ({ ...holder, since: instantOfMs(sinceMs) })),
        };
      },
    );
  };
}
