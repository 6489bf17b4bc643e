import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import { generateApi } from 'swagger-typescript-api';
import t from 'tap';
import { nodeTypes } from '../../../daemon/nodes/index.ts';
import { ask, testApi } from './test-api.ts';

interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly object[];
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { schema?: object }>> }>
  >;
}
interface OpenApi {
  readonly openapi: string;
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

const usage = `import { Api } from './client.ts';
const api = new Api({ baseUrl: 'http://127.0.0.1:8085' });
export async function publish(name: string): Promise<number> {
  const { data: flow } = await api.flows.flowsCreate({ name });
  const { data: draft } = await api.flows.draftList(flow.id);
  for (const fault of draft.faults) console.log(fault.field, fault.message);
  const { data: version } = await api.flows.draftPublishCreate(flow.id);
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
