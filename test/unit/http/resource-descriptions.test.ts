import t from 'tap';
import { webhookFault } from '../../../daemon/http/resources/webhook-address.ts';
import { entities } from '../../../orm/index.ts';
import { testApi } from './test-api.ts';

interface Described {
  readonly paths: Record<
    string,
    Record<string, { description?: string; responses?: object; requestBody?: { content?: object } }>
  >;
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
});

void t.test('what is kept and not in force yet says so wherever it is written or read', async (t) => {
  const app = testApi(t);
  await app.ready();
  const { paths } = app.swagger() as unknown as Described;
  for (const path of [
    '/freeswitch-nodes',
    '/schedules',
    '/feature-flags',
    '/caller-id-pools',
    '/caller-id-pools/{poolId}/numbers',
    '/dnc-lists',
    '/dnc-lists/{listId}/entries',
    '/webhooks',
    '/rate-cards',
    '/rate-cards/{rateCardId}/rates',
    '/billing-accounts',
  ])
    for (const [at, method] of [
      [path, 'get'],
      [path, 'post'],
      [`${path}/{id}`, 'get'],
      [`${path}/{id}`, 'patch'],
    ] as const)
      t.match(paths[at]?.[method]?.description, /[Kk]ept, not in force yet: /, `${method} ${at}`);
  for (const path of ['/events', '/webhooks/{webhookId}/deliveries'])
    t.match(paths[path]?.['get']?.description, /^Not in force yet: /, path);
  for (const [path, method] of [
    ['/buyers', 'get'],
    ['/buyers/{id}', 'patch'],
  ] as const) {
    const { description } = paths[path]?.[method] ?? {};
    t.match(description, /Needs `parties:/, `${method} ${path} has one`);
    t.notMatch(description, /in force yet/, 'and says nothing of the kind');
  }
});

/** Where each entity is reached, or why nowhere. Whoever adds an entity adds its line. */
const reached: Readonly<Record<string, string | { readonly none: string }>> = {
  Tenant: '/tenants',
  User: '/users',
  Role: '/roles',
  Publisher: '/publishers',
  RateCard: '/rate-cards',
  Rate: '/rate-cards/{rateCardId}/rates',
  BuyerGroup: '/buyer-groups',
  Buyer: '/buyers',
  BuyerEndpoint: '/buyers/{buyerId}/endpoints',
  Membership: '/users',
  Invitation: '/invitations',
  Session: '/session',
  ApiKey: '/api-keys',
  Flow: '/flows',
  FlowVersion: '/flows/{id}/versions',
  FlowDraft: '/flows/{id}/draft',
  Node: '/flows/{id}/versions/{version}',
  Edge: '/flows/{id}/versions/{version}',
  Schedule: '/schedules',
  Campaign: '/campaigns',
  CampaignBuyer: '/campaigns/{campaignId}/buyers',
  CampaignPublisher: '/campaigns/{campaignId}/publishers',
  PhoneNumber: '/numbers',
  Carrier: '/carriers',
  Trunk: '/trunks',
  CallerIdPool: '/caller-id-pools',
  CallerIdNumber: '/caller-id-pools/{poolId}/numbers',
  FreeSwitchNode: '/freeswitch-nodes',
  Tag: '/tags',
  BillingAccount: '/billing-accounts',
  Balance: '/billing-accounts',
  BalanceReservation: '/balance-reservations',
  LedgerEntry: '/ledger-entries',
  Invoice: '/invoices',
  InvoiceLine: '/invoices/{invoiceId}/lines',
  Payout: '/payouts',
  Webhook: '/webhooks',
  WebhookDelivery: '/webhooks/{webhookId}/deliveries',
  FeatureFlag: '/feature-flags',
  DncList: '/dnc-lists',
  DncEntry: '/dnc-lists/{listId}/entries',
  ConsentToken: '/consent-tokens',
  Conversion: '/conversions',
  Event: '/events',
  Recording: '/recordings',
  Transcription: '/transcriptions',
  StirShakenVerification: '/stir-shaken-verifications',
  AuditLog: '/audit-log',
  Call: '/calls',
  CallLeg: '/calls/{id}',
  Cdr: '/calls/{id}',
  CallAttempt: '/calls/{id}',
  CallTrace: '/calls/{id}',
  CallTag: '/calls',
  CallCount: '/reports/calls',
  CallCountDelta: '/reports/calls',
  CallMoney: '/reports/calls',
  CallMoneyMark: { none: 'says which calls CallMoney must be counted of again' },
  HeldCall: { none: 'the switch’s word of a call that no session wrote down yet: it becomes a call' },
  IdempotencyKey: { none: 'what a POST answered, for its retry' },
};

void t.test('every entity is reached by a route, or it is said why not', async (t) => {
  const app = testApi(t);
  await app.ready();
  const { paths } = app.swagger() as unknown as Described;
  t.same(
    entities.map(({ meta }) => String(meta.className)).toSorted(),
    Object.keys(reached).toSorted(),
    'each has its line',
  );
  for (const [entity, at] of Object.entries(reached))
    if (typeof at === 'string') t.ok(paths[at]?.['get'], `${entity}: GET ${at}`);
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
