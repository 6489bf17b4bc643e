import { pino } from 'pino';
import t from 'tap';
import { buildApp } from '../../../daemon/http/app.ts';
import { sendCsv } from '../../../daemon/http/resources/csv-export.ts';
import { fakeAccess, fakePorts, settings, tenantId } from './test-api.ts';

void t.test('an export stops where the key it was asked with is revoked, and is no whole file', async (t) => {
  let revoked = false;
  const identities = {
    ofKey: async () => (revoked ? undefined : { keyId: 'k', tenantId, scopes: ['*:read'] }),
    ofSession: async () => undefined,
    forget: () => {},
  };
  const batches = [1, 2, 3];
  let read = 0;
  async function* rows() {
    for (const n of batches) {
      read += 1;
      yield [{ n }];
      if (n === 2) revoked = true;
    }
  }
  const ports = fakePorts({ access: fakeAccess({ identities }) });
  const app = buildApp({ settings, ports, log: pino({ level: 'silent' }) });
  t.teardown(() => app.close());
  // In place of the node types' answer: whatever stands behind the guard will do.
  app.addHook('preHandler', async (request, reply) => {
    if (request.routeOptions.url === '/node-types') await sendCsv(reply, 'rows', ['n'], rows());
  });
  const address = await app.listen({ host: '127.0.0.1', port: 0 });
  const headers = { authorization: 'Bearer cf_0123456789ab_0000000000' };
  const answer = await fetch(`${address}/node-types`, { headers });
  await t.rejects(answer.text(), { name: 'TypeError' });
  t.equal(read, 3, 'what was being read when it was revoked');
});
