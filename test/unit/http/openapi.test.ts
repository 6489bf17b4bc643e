import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { generateApi } from 'swagger-typescript-api';
import t from 'tap';
import { operationIdOf } from '../../../daemon/http/operation-id.ts';
import { nodeTypes } from '../../../daemon/nodes/index.ts';
import { ask, testApi } from './test-api.ts';

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly description?: string;
  }[];
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { schema?: object }>> }>
  >;
}
interface OpenApi {
  readonly openapi: string;
  readonly info: { readonly description: string };
  readonly security: readonly object[];
  readonly tags: readonly { readonly name: string }[];
  readonly components: {
    readonly securitySchemes: Readonly<Record<string, object>>;
    readonly schemas: Readonly<Record<string, object>>;
  };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** Whoever asks may have these; everything else needs to be known. */
const open = ['get /health/live', 'get /health/ready', 'post /session'];

const app = testApi(t, { nodeTypes });
const routes: string[] = [];
app.addHook('onRoute', ({ method, url }) => {
  if (url.startsWith('/docs')) return;
  const path = url.replaceAll(/:(\w+)/g, '{$1}');
  for (const one of [method].flat()) if (one !== 'HEAD') routes.push(`${one.toLowerCase()} ${path}`);
});
await app.ready();
const document = app.swagger() as unknown as OpenApi;
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
);

void t.test('the description is a valid OpenAPI 3.1 document, and the one that is served', async (t) => {
  t.equal(document.openapi, '3.1.0');
  const result = await new Validator().validate({ ...structuredClone(document) });
  t.same(result.errors ?? [], []);
  t.ok(result.valid);
  t.same((await ask(app, { url: '/docs/json' })).body, JSON.parse(JSON.stringify(document)));
});

void t.test('the description is written once, however often it is asked for', async (t) => {
  const asking = testApi(t);
  await asking.ready();
  const described = t.capture(asking, 'swagger', asking.swagger);
  const [first, again, yaml] = [
    await asking.inject('/docs/json'),
    await asking.inject('/docs/json'),
    await asking.inject('/docs/yaml'),
  ];
  t.equal((await asking.inject('/docs/yaml')).body, yaml.body);
  t.equal(again.body, first.body);
  t.match(yaml.body, /^openapi: 3\.1\.0/);
  t.equal(described().length, 2);
});

void t.test('every route says what it is for, what it answers, and who may ask', async (t) => {
  t.ok(operations.length > 25);
  const tags = document.tags.map(({ name }) => name);
  for (const { name, operation } of operations) {
    const { summary = '', security = document.security, responses } = operation;
    t.match(summary, /^[A-Z].{9,}[^.]$/, `${name}: summary`);
    t.ok((operation.tags ?? []).length > 0, `${name}: tag`);
    for (const tag of operation.tags ?? []) t.ok(tags.includes(tag), `${name}: the tag ${tag} is described`);
    t.equal(security.length === 0, open.includes(name), `${name}: security`);
    for (const scheme of security.flatMap((one) => Object.keys(one)))
      t.ok(scheme in document.components.securitySchemes, `${name}: ${scheme}`);
    const good = Object.keys(responses).filter((status) => status.startsWith('2'));
    t.ok(good.length > 0, `${name}: what it answers where all is well`);
    for (const status of good)
      for (const [type, { schema }] of Object.entries(responses[status]?.content ?? {}))
        t.ok(schema !== undefined, `${name}: ${status} ${type}`);
    for (const status of ['4XX', '5XX'])
      t.same(
        responses[status]?.content,
        { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
        `${name}: ${status}`,
      );
  }
});

void t.test('no route is left out', async (t) => {
  const described = new Set(operations.map(({ name }) => name));
  t.ok(routes.length > 25);
  for (const route of routes) t.ok(described.has(route), route);
});

void t.test('every operation has a name of its own that a client can have', (t) => {
  const names = operations.map(({ operation }) => operation.operationId ?? '');
  for (const [at, name] of names.entries()) {
    t.match(name, /^[a-z][a-z]*([A-Z][a-z]+)*$/, `${operations[at]?.name}: ${name}`);
    t.equal(names.indexOf(name), at, `${name} is one alone`);
  }
  t.end();
});

void t.test('an operation is called by its method and address', (t) => {
  for (const [method, url, id] of [
    ['GET', '/calls', 'listCalls'],
    ['GET', '/calls/:id', 'getCall'],
    ['GET', '/calls/export', 'exportCalls'],
    ['POST', '/calls/:id/hangup', 'hangupCall'],
    ['POST', '/buyers', 'createBuyer'],
    ['PATCH', '/buyers/:id', 'updateBuyer'],
    ['GET', '/buyers/:buyerId/endpoints', 'listBuyerEndpoints'],
    ['DELETE', '/dnc-lists/:listId/entries/:id', 'deleteDncListEntry'],
    ['GET', '/flows/:id/draft', 'getFlowDraft'],
    ['PUT', '/flows/:id/draft', 'setFlowDraft'],
    ['POST', '/flows/:id/draft/publish', 'publishFlowDraft'],
    ['POST', '/flows/:id/versions/:version/rollback', 'rollbackFlowVersion'],
    ['POST', '/webhooks/:id/rotate-secret', 'rotateWebhookSecret'],
    ['GET', '/caps/:scope/holders', 'listCapHolders'],
  ] as const)
    t.equal(operationIdOf(method, url), id);
  t.end();
});

/** An operation of the document, by method and address. */
function operation(name: string): Operation {
  const found = operations.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no ${name}`);
  return found.operation;
}

void t.test('every operation says what it needs', (t) => {
  for (const { name, operation: of } of operations) {
    if (of.security?.some((one) => 'cdrSecret' in one)) continue;
    const text = of.description ?? '';
    t.match(text, /Needs `[a-z]+:(read|write)`\.|For operators|For whoever is known|Open to everybody/, name);
    t.equal(text.includes('Open to everybody'), open.includes(name), name);
  }
  t.match(operation('get /flows').description, /Needs `flows:read`\.$/);
  t.match(
    operation('get /calls').description,
    /Needs `calls:read`\. Also for the role of a publisher and of a buyer\.$/,
  );
  t.match(operation('post /tenants').description, /For operators of the platform alone\.$/);
  t.match(document.info.description, /things are access, audit, .*webhooks\./);
  t.end();
});

void t.test('the tenant is a parameter wherever it counts, the CSRF token of every change by cookie', (t) => {
  const tenantOf = (of: Operation) => of.parameters?.find(({ name }) => name === 'x-callfabric-tenant');
  for (const { name, operation: of } of operations) {
    const needs = /Needs `|For whoever/.test(of.description ?? '');
    if (needs) t.match(tenantOf(of), { in: 'header', description: /tenant/, required: false }, name);
    const byCookie = (of.security ?? document.security).filter((one) => 'session' in one);
    for (const one of byCookie) t.equal('csrf' in one, !name.startsWith('get '), name);
  }
  for (const name of ['get /operators', 'post /tenants', 'get /freeswitch-nodes', 'get /health/live'])
    t.equal(tenantOf(operation(name)), undefined, name);
  t.ok(tenantOf(operation('post /feature-flags')), 'an operator gives a flag to a tenant');
  t.match(
    operation('patch /buyers/{id}').parameters?.map(({ name }) => name),
    ['id', 'x-callfabric-tenant', 'if-match'],
  );
  t.match(document.components.securitySchemes, {
    key: { type: 'http', scheme: 'bearer' },
    session: { type: 'apiKey', in: 'cookie', name: '__Host-callfabric' },
    csrf: { type: 'apiKey', in: 'header', name: 'x-csrf-token' },
  });
  t.end();
});

void t.test('the cookie is called in the document what browsers get', async (t) => {
  const plain = testApi(t, {}, { secureCookies: false });
  await plain.ready();
  const { components } = plain.swagger() as unknown as OpenApi;
  t.match(components.securitySchemes['session'], { name: 'callfabric' });
});

const usage = `import { Api } from './client.ts';
const api = new Api({ baseUrl: 'http://127.0.0.1:8085' });
export async function publish(name: string, tenant: string): Promise<number> {
  const { data: flow } = await api.flows.createFlow({ name }, { headers: { 'x-callfabric-tenant': tenant } });
  const { data: draft } = await api.flows.getFlowDraft(flow.id);
  for (const fault of draft.faults) console.log(fault.field, fault.message);
  const { data: version } = await api.flows.publishFlowDraft(flow.id);
  // @ts-expect-error a version has a number, no title
  console.log(version.title);
  return version.version;
}
`;

void t.test('a client made of the description compiles', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'callfabric-client-'));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  await generateApi({
    spec: structuredClone(document) as never,
    output: folder,
    fileName: 'client.ts',
    httpClientType: 'fetch',
    silent: true,
  });
  writeFileSync(join(folder, 'usage.ts'), usage);
  const root = resolve(import.meta.dirname, '../../..');
  const options =
    '--noEmit --strict --skipLibCheck --allowImportingTsExtensions --module nodenext --target es2024';
  // tap puts its loader into every node it starts, and this one cannot load the compiler.
  const { status, stdout, stderr } = spawnSync(
    'env',
    [
      '-u',
      'NODE_OPTIONS',
      join(root, 'node_modules/.bin/tsc'),
      ...options.split(' '),
      '--lib',
      'es2024,dom,dom.iterable',
      join(folder, 'usage.ts'),
    ],
    { encoding: 'utf8', cwd: folder },
  );
  t.equal(status, 0, stdout + stderr);
});
