import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { Webhook, WebhookDelivery } from '../../../orm/index.ts';
import { newSecret } from '../access/secrets.ts';
import { audited } from '../audited.ts';
import { demandIfMatch, IfMatchSchema } from '../conditional.ts';
import { InstantSchema, Nullable } from '../schemas.ts';
import { defineResource, type Resource } from './define-resource.ts';
import { createdAt, enabled, Id, id, MaybeId, Name, optional, required, shown, stamps } from './fields.ts';
import { headersOf, IdempotencySchema, once } from './idempotency.ts';
import { etagOf } from './resource-etag.ts';
import { lockRow, paramsOf } from './resource-routes.ts';
import { type Row, updateRow } from './resource-rows.ts';
import { accessTo, inScope, type ResourcePorts } from './resource-scope.ts';
import { webhookFault } from './webhook-address.ts';

const newWebhookSecret = (): string => `whsec_${newSecret()}`;

const Secret = Nullable(
  Type.String({
    description: 'Signs what is sent. Told this once: keep it; null in an answer that is given again',
  }),
);

/** The secret is written and never read back: the API's database role cannot. */
export const webhooks = ({ privateWebhooks }: Pick<ResourcePorts, 'privateWebhooks'>) =>
  defineResource({
    one: 'webhook',
    note: 'Kept, not in force yet: nothing is sent to them.',
    path: '/webhooks',
    entity: Webhook,
    of: 'tenant',
    thing: 'webhooks',
    fields: {
      ...id,
      name: required(Name),
      url: required(Type.String({ maxLength: 2000, pattern: '^https?://[^\\s]+$' }), (url) =>
        webhookFault(String(url), privateWebhooks),
      ),
      events: optional(
        Type.Array(Type.String({ maxLength: 100, pattern: '^[a-z]+([._][a-z]+)*(\\.\\*)?$' }), {
          maxItems: 100,
        }),
        [],
      ),
      enabled: enabled(),
      pausedReason: shown(Nullable(Type.String())),
      ...stamps,
    },
    filters: { name: 'prefix', enabled: 'equal' },
    sort: ['name'],
    make: {
      fields: {
        secret: Type.Optional(
          Type.String({
            minLength: 16,
            maxLength: 200,
            pattern: '^[!-~]+$',
            description: 'Your own in place of one we make',
          }),
        ),
      },
      answer: { secret: Secret },
      make({ secret = newWebhookSecret() }) {
        return { columns: { secret }, once: { secret } };
      },
    },
  });

export const webhookDeliveries = (parent: Resource) =>
  defineResource({
    one: 'delivery',
    note: 'Not in force yet: nothing is sent, and none is written.',
    path: '/deliveries',
    entity: WebhookDelivery,
    of: 'tenant',
    thing: 'webhooks',
    verbs: ['list', 'get'],
    parent: { resource: parent, field: 'webhookId' },
    period: 'createdAt',
    fields: {
      ...id,
      webhookId: shown(Id),
      eventId: shown(Id),
      callId: shown(MaybeId),
      status: shown(Type.Enum(['pending', 'delivered', 'failed'])),
      tries: shown(Type.Integer()),
      nextTryAt: shown(Nullable(InstantSchema)),
      responseStatus: shown(Nullable(Type.Integer())),
      response: shown(Nullable(Type.String())),
      durationMs: shown(Nullable(Type.Integer())),
      ...createdAt,
      deliveredAt: shown(Nullable(InstantSchema)),
    },
    filters: { status: 'equal', callId: 'equal', eventId: 'equal' },
  });

/** `POST /webhooks/:id/rotate-secret`. */
export function rotateSecret(ports: ResourcePorts, resource: Resource): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      `${resource.address}/:id/rotate-secret`,
      {
        config: { access: accessTo(resource, 'write') },
        schema: {
          summary: 'Give a webhook a new secret, told this once',
          description: 'From now on what is sent is signed with it.',
          tags: ['webhooks'],
          params: paramsOf(resource, true),
          headers: Type.Object({ ...IfMatchSchema.properties, ...IdempotencySchema.properties }),
          body: Type.Optional(Nullable(Type.Object({}, { additionalProperties: false }))),
          response: { 200: resource.schemas.created },
        },
      },
      async (request, reply) => {
        demandIfMatch(request);
        const answer = await inScope(ports, request, resource, 'write', (em, scope) =>
          // Asked again it is the same rotation, though the row has another etag since.
          once(em, request, scope.tenantId, async () => {
            const before = await lockRow(em, request, resource, scope);
            const { id } = request.params as { id: string };
            const secret = newWebhookSecret();
            const after = await updateRow(em, resource, scope, id, { secret });
            const { tenantId } = scope;
            const action = 'webhook.rotate_secret';
            audited(em, request, { action, subject: 'webhook', subjectId: id, before, after, tenantId });
            const headers = { etag: etagOf(resource, after) };
            return { status: 200, body: { ...after, secret }, headers, secrets: ['secret'] };
          }),
        );
        return reply
          .headers(headersOf(answer))
          .header('cache-control', 'no-store')
          .send(answer.body as Row);
      },
    );
  };
}
