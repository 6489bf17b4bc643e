import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { audited } from './audited.ts';
import type { ApiPorts } from './ports.ts';
import { Problem } from './problem.ts';
import { UuidSchema } from './schemas.ts';

/** As many and as long as a flow's own may be. */
const TagsSchema = Type.Object(
  {
    tags: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 50, uniqueItems: true }),
  },
  { additionalProperties: false },
);

/** `PUT /calls/:id/tags`. */
export function callTagsRoute({ resources }: Pick<ApiPorts, 'resources'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.put(
      '/calls/:id/tags',
      {
        config: { access: { scope: 'calls:write' } },
        schema: {
          summary: 'Gives an ended call these tags and no others',
          description:
            'Any words: those of GET /tags are only described there. The publisher of the call reads them too. 404 also while the call lives: until it ends its tags are those its flow gives it.',
          tags: ['calls'],
          params: Type.Object({ id: UuidSchema }),
          body: TagsSchema,
          response: { 200: Type.Object({ id: Type.String(), tags: Type.Array(Type.String()) }) },
        },
      },
      async (request) => {
        const id = request.params.id.toLowerCase();
        const { tags } = request.body;
        const { tenantId } = request.principal;
        // As the daemon: a tenant's own role changes no call, and so not what is counted and found by its tags either.
        await resources.orm.em.fork().transactional(async (em) => {
          const [call] = await em.execute<{ tenant: string; tags: string[] }[]>(
            'select tenant_id as tenant, to_jsonb(tags) as tags from call where id = ? and tenant_id = coalesce(?::uuid, tenant_id) for update',
            [id, tenantId ?? null],
          );
          if (call === undefined) throw new Problem('not-found', 'no call that ended has this id');
          // An array of the driver's would be spread over the placeholders.
          const words = 'array(select jsonb_array_elements_text(?::jsonb))';
          await em.execute(`update call set tags = ${words} where id = ?`, [JSON.stringify(tags), id]);
          audited(em, request, {
            action: 'call.tags',
            subject: 'call',
            subjectId: id,
            tenantId: call.tenant,
            before: { tags: call.tags },
            after: { tags },
          });
        });
        return { id, tags };
      },
    );
  };
}
