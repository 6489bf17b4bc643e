import t from 'tap';
import { webhookFault } from '../../../daemon/http/resources/webhook-address.ts';
import { entities } from '../../../orm/index.ts';
import { testApi } from './test-api.ts';

interface Described {
  readonly paths: Record<string, Record<string, { responses?: object; requestBody?: { content?: object } }>>;
}

void t.test('every entity that people configure has its routes, described', async (t) => {
  const app = testApi(t);
  await app.ready();
  const { paths } = app.swagger() as unknown as Described;
  const all = ['get', 'post'];
  const item = ['get', 'patch', 'delete'];
  for (const path of [
    '/publishers',
    '/buyers',
    '/buyers/{buyerId}/endpoints',
    '/buyer-groups',
    '/campaigns',
    '/campaigns/{campaignId}/buyers',
    '/campaigns/{campaignId}/publishers',
    '/numbers',
    '/carriers',
    '/trunks',
    '/caller-id-pools',
    '/caller-id-pools/{poolId}/numbers',
    '/freeswitch-nodes',
    '/schedules',
    '/tags',
    '/rate-cards',
    '/rate-cards/{rateCardId}/rates',
    '/webhooks',
    '/feature-flags',
    '/dnc-lists',
    '/dnc-lists/{listId}/entries',
  ]) {
    t.same(
      Object.keys(paths[path] ?? {}).filter((method) => all.includes(method)),
      all,
      path,
    );
    t.same(
      Object.keys(paths[`${path}/{id}`] ?? {})
        .filter((method) => item.includes(method))
        .toSorted(),
      item.toSorted(),
      path,
    );
  }
  for (const path of [
    '/ledger-entries',
    '/invoices',
    '/payouts',
    '/consent-tokens',
    '/webhooks/{webhookId}/deliveries',
  ])
    t.same(Object.keys(paths[path] ?? {}), ['get'], `${path} is read only`);
  t.same(Object.keys(paths['/numbers/import']?.['post']?.requestBody?.content ?? {}), ['text/csv']);
  t.ok(entities.length > 40);
});

void t.test('webhooks go to public addresses, unless private ones are allowed', async (t) => {
  for (const url of [
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0/',
    'http://10.1.2.3/',
    'http://172.16.0.1/',
    'http://192.168.1.1/',
    'http://100.64.0.1/',
    'http://169.254.169.254/latest/meta-data',
    'http://[::]/',
    'http://[::1]/',
    'http://[fe80::1]/',
    'http://[fd00::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[64:ff9b::7f00:1]/',
    'http://localhost/',
    'http://LOCALHOST./',
    'http://a.localhost/',
    'http://printer.local/',
    'http://db.internal/',
    'http://intranet/',
  ]) {
    t.match(webhookFault(url, false), /inside a private network/, url);
    t.equal(webhookFault(url, true), undefined, url);
  }
  for (const url of ['https://hooks.example.com/a?b', 'http://8.8.8.8:8080/', 'https://[2606:4700::1111]/'])
    t.equal(webhookFault(url, false), undefined, url);
  for (const url of ['ftp://example.com/', 'https://u:p@example.com/', 'https://example.com/#x', 'nonsense'])
    t.ok(webhookFault(url, true), url);
});
