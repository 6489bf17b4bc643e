import SerializerSelector from '@fastify/fast-json-stringify-compiler';
import type { RouteOptions } from 'fastify';
import t from 'tap';
import { testApi } from './test-api.ts';

type Responses = Readonly<
  Record<string, { readonly content?: Readonly<Record<string, { schema: object }>> }>
>;

void t.test('a serializer can be made of every answer, though each is made late', async (t) => {
  const app = testApi(t);
  const routes: RouteOptions[] = [];
  app.addHook('onRoute', (route) => void routes.push(route));
  await app.ready();
  const compile = SerializerSelector()(app.getSchemas(), {});
  let made = 0;
  for (const { method, url, schema } of routes)
    for (const [httpStatus, response] of Object.entries((schema?.response ?? {}) as Responses)) {
      const contents = response.content === undefined ? [response] : Object.values(response.content);
      for (const content of contents) {
        const of = 'schema' in content ? content.schema : content;
        made += 1;
        t.doesNotThrow(
          () => compile({ schema: of, method: String(method), url, httpStatus }),
          `${url} ${httpStatus}`,
        );
      }
    }
  t.ok(made > 500, `${made} answers of ${routes.length} routes`);
});
