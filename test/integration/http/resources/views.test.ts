import Fastify from 'fastify';
import t from 'tap';
import { checkAccess, type Principal } from '../../../../daemon/http/access.ts';
import { documentProblems } from '../../../../daemon/http/api-description.ts';
import { answerWithProblems } from '../../../../daemon/http/problem.ts';
import { resourcesRoutes } from '../../../../daemon/http/resources/resources.ts';
import { ProblemSchema } from '../../../../daemon/http/schemas.ts';
import { validatorCompiler } from '../../../../daemon/http/validation.ts';
import { newId } from '../../../../daemon/telephony/ids.ts';
import { checkAnswers } from '../../../unit/http/check-answers.ts';
import { seededDatabase } from '../../seeded-database.ts';
import { resourceHouse } from './resource-house.ts';

void t.test(
  'a publisher sees its own numbers and payouts, a buyer its own endpoints and invoices',
  async (t) => {
    const tenantId = newId();
    const house = resourceHouse(await seededDatabase(), tenantId);
    t.teardown(() => house.close());
    await house.sql("insert into tenant (id, slug, name) values (?, 'one', 'One')", [tenantId]);
    const [mine, theirs] = [
      await house.make('/publishers', { name: 'Mine' }),
      await house.make('/publishers', { name: 'Theirs' }),
    ];
    const [buyer, rival] = [
      await house.make('/buyers', { name: 'Buyer' }),
      await house.make('/buyers', { name: 'Rival' }),
    ];
    const number = await house.make('/numbers', { e164: '+15551110001', publisherId: mine.id });
    const other = await house.make('/numbers', { e164: '+15551110002', publisherId: theirs.id });
    const place = { label: 'x', kind: 'pstn', destination: '+15551119999' };
    const rivalPlace = await house.make(`/buyers/${rival.id}/endpoints`, place);
    const bills: Record<string, string> = {};
    for (const { id } of [buyer, rival]) {
      const account = await house.make('/billing-accounts', {
        name: id,
        kind: 'buyer',
        currency: 'USD',
        buyerId: id,
      });
      const invoice = newId();
      bills[id] = invoice;
      await house.sql(
        "insert into invoice (id, tenant_id, account_id, period_from, period_until, currency, total_micros) values (?, ?, ?, '2026-10-01', '2026-11-01', 'USD', 5)",
        [invoice, tenantId, account.id],
      );
      await house.sql(
        "insert into invoice_line (id, tenant_id, invoice_id, number, description, amount_micros) values (?, ?, ?, 1, 'calls', 5)",
        [newId(), tenantId, invoice],
      );
    }

    let principal: Principal;
    const app = Fastify();
    t.teardown(() => app.close());
    app.setValidatorCompiler(validatorCompiler);
    answerWithProblems(app);
    app.addSchema(ProblemSchema);
    app.addHook('onRoute', documentProblems);
    checkAnswers(app);
    app.decorateRequest('principal');
    app.decorateRequest('principalNow');
    app.addHook('onRequest', async (request) => {
      const asked = principal;
      request.principal = asked;
      request.principalNow = async () => asked;
    });
    app.addHook('onRequest', checkAccess);
    await app.register(resourcesRoutes({ orm: house.orm, privateWebhooks: false }));
    const ask = async (method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object) => {
      const answer = await app.inject({
        method,
        url,
        headers: { 'if-match': '*' },
        ...(payload === undefined ? {} : { payload }),
      });
      return { status: answer.statusCode, text: answer.body };
    };
    const user = (view: Principal['view'], scopes: string[]): Principal => ({
      kind: 'user',
      id: newId(),
      tenantId,
      scopes,
      view,
    });

    principal = user({ of: 'publisher', publisherId: mine.id }, [
      'numbers:read',
      'payouts:read',
      'parties:read',
    ]);
    t.match(
      (await ask('GET', '/numbers?fields=e164')).text,
      '{"numbers":[{"e164":"+15551110001"}],"next":null}',
    );
    t.equal((await ask('GET', `/numbers/${number.id}`)).status, 200);
    t.equal((await ask('GET', `/numbers/${other.id}`)).status, 404);
    t.notMatch((await ask('GET', '/numbers/export')).text, /1110002/);
    t.equal((await ask('GET', '/payouts')).status, 200);
    t.equal((await ask('GET', `/publishers/${theirs.id}`)).status, 404);
    for (const url of ['/buyers', '/invoices', '/campaigns', '/webhooks'])
      t.equal((await ask('GET', url)).status, 403, url);
    principal = user({ of: 'publisher', publisherId: mine.id }, ['*']);
    t.equal(
      (await ask('PATCH', `/numbers/${number.id}`, { publisherId: null })).status,
      403,
      'seeing is not changing',
    );
    t.equal((await ask('POST', '/feature-flags', { name: 'x' })).status, 403);

    principal = user({ of: 'buyer', buyerId: buyer.id }, ['endpoints:write', 'invoices:read']);
    const made = await ask('POST', `/buyers/${buyer.id}/endpoints`, place);
    t.equal(made.status, 201);
    const { id } = JSON.parse(made.text) as { id: string };
    t.equal((await ask('PATCH', `/buyers/${buyer.id}/endpoints/${id}`, { enabled: false })).status, 200);
    t.equal((await ask('GET', `/buyers/${rival.id}/endpoints`)).status, 404);
    t.equal((await ask('POST', `/buyers/${rival.id}/endpoints`, place)).status, 404);
    t.equal((await ask('DELETE', `/buyers/${buyer.id}/endpoints/${rivalPlace.id}`)).status, 404);
    t.match((await ask('GET', '/invoices')).text, '{"invoices":[],"next":null}', 'a draft is nobody else’s');
    t.equal((await ask('GET', `/invoices/${bills[buyer.id]}`)).status, 404);
    t.equal((await ask('GET', `/invoices/${bills[buyer.id]}/lines`)).status, 404);
    await house.sql("update invoice set status = 'issued'");
    t.match(
      (await ask('GET', '/invoices?fields=id')).text,
      `{"invoices":[{"id":"${bills[buyer.id]}"}],"next":null}`,
    );
    t.equal((await ask('GET', `/invoices/${bills[buyer.id]}/lines`)).status, 200);
    t.equal((await ask('GET', `/invoices/${bills[rival.id]}/lines`)).status, 404);
    t.match(
      await house.sql(
        "select actor_kind, actor_id from audit_log where action = 'buyer_endpoint.create' order by id desc limit 1",
      ),
      [{ actor_kind: 'user', actor_id: principal.id }],
    );
  },
);
