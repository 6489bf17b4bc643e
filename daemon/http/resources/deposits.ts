import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import { newId } from '../../telephony/ids.ts';
import { tenantOf } from '../access.ts';
import { audited } from '../audited.ts';
import { Problem } from '../problem.ts';
import { billingAccounts } from './billing.ts';
import { Id, Micros, Note } from './fields.ts';
import { IdempotencySchema, once } from './idempotency.ts';
import { paramsOf } from './resource-routes.ts';
import type { ResourcePorts } from './resource-scope.ts';

interface Account {
  readonly currency: string;
  readonly kind: string;
}

/** `POST /billing-accounts/:id/deposits`: somebody paid in. */
export function depositRoutes(ports: ResourcePorts): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.post(
      `${billingAccounts.address}/:id/deposits`,
      {
        config: { access: { scope: 'billing:write' } },
        schema: {
          summary: 'Put money into an account of a buyer, a publisher or a carrier',
          description:
            'Two ledger entries that sum to zero: into the account, out of the funding account of its currency, which is opened with the first.',
          tags: ['billing'],
          params: paramsOf(billingAccounts, true),
          headers: IdempotencySchema,
          body: Type.Object(
            { amountMicros: Type.String({ pattern: '^[1-9][0-9]{0,14}$' }), note: Type.Optional(Note) },
            { additionalProperties: false },
          ),
          response: { 201: Type.Object({ transactionId: Id, balanceMicros: Micros }) },
        },
      },
      async (request, reply) => {
        const tenantId = tenantOf(request);
        const { amountMicros, note = null } = request.body;
        const { id } = request.params as { id: string };
        // The ledger is written by the daemon's role alone, so the tenant is asked for in every statement.
        const answer = await ports.orm.em.fork().transactional((em) =>
          once(em, request, tenantId, async () => {
            const [account] = await em.execute<Account[]>(
              'select currency, kind from billing_account where id = ? and tenant_id = ? for update',
              [id, tenantId],
            );
            if (account === undefined) throw new Problem('not-found', 'no billing account has this id');
            if (!['buyer', 'publisher', 'carrier'].includes(account.kind))
              throw new Problem('conflict', "this is one of the tenant's own books: nobody pays into it");
            const name = `Funding ${account.currency}`;
            await em.execute(
              `insert into billing_account (id, tenant_id, name, kind, currency) values (?, ?, ?, 'funding', ?)
               on conflict (tenant_id, name) do nothing`,
              [newId(), tenantId, name, account.currency],
            );
            const [funding] = await em.execute<(Account & { id: string })[]>(
              'select id, currency, kind from billing_account where tenant_id = ? and name = ?',
              [tenantId, name],
            );
            if (funding?.kind !== 'funding' || funding.currency !== account.currency)
              throw new Problem('conflict', `the account '${name}' is no funding account: rename it`);
            const transactionId = newId();
            await em.execute(
              `insert into ledger_entry (id, tenant_id, transaction_id, account_id, kind, amount_micros, currency, note)
               values (?, ?, ?, ?, 'deposit', ?::bigint, ?, ?), (?, ?, ?, ?, 'deposit', -?::bigint, ?, ?)`,
              [
                [newId(), tenantId, transactionId, id, amountMicros, account.currency, note],
                [newId(), tenantId, transactionId, funding.id, amountMicros, account.currency, note],
              ].flat(),
            );
            const [balance] = await em.execute<{ micros: string }[]>(
              'select amount_micros::text as micros from balance where account_id = ?',
              [id],
            );
            const body = { transactionId, balanceMicros: balance?.micros ?? '0' };
            audited(em, request, {
              action: 'billing_account.deposit',
              subject: 'billing_account',
              subjectId: id,
              before: null,
              after: { amountMicros, note, transactionId },
              tenantId,
            });
            return { status: 201, body, headers: {} };
          }),
        );
        if (answer.replayed) reply.header('idempotency-replayed', 'true');
        return reply.code(201).send(answer.body as { transactionId: string; balanceMicros: string });
      },
    );
  };
}
