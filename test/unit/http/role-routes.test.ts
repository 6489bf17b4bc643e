import t from 'tap';
import type { LiveReader } from '../../../daemon/http/live/live-reader.ts';
import { headersOf, peopleAccess } from './access/people.ts';
import { quietFeed } from './live/fake-bus.ts';
import { filled, registeredRoutes } from './registered-routes.ts';
import { columns, otherRoutes, roleRoutes } from './role-routes.ts';
import { callId, testApi } from './test-api.ts';

function finished(reader: LiveReader): LiveReader {
  reader.finish();
  return reader;
}

const params: Record<string, string> = { version: '1', scope: 'buyer:1' };

void t.test('every route lets in those whom the table says, and nobody else', async (t) => {
  // A stream that ends at once: who waits for the end of one that is open waits for ever.
  const live = quietFeed();
  const ending = {
    read: (of: Parameters<typeof live.read>[0]) => finished(live.read(of)),
    stop: () => live.stop(),
    endAll: () => live.endAll(),
  };
  const app = testApi(t, { access: peopleAccess, live: ending });
  const routes = await registeredRoutes(app);
  const names = routes.map(({ method, url }) => `${method} ${url}`);
  for (const name of Object.keys(roleRoutes))
    t.ok(
      names.includes(name),
      `${name} stands in test/unit/http/role-routes.ts, but there is no such route: remove it`,
    );
  for (const { method, url } of routes) {
    const name = `${method} ${url}`;
    if (otherRoutes.some((other) => other.test(name))) continue;
    const line = roleRoutes[name];
    if (line?.length !== columns.length) {
      t.fail(
        `${name} is not in test/unit/http/role-routes.ts: add the line '${name}': '……', with x or . for each of ${columns.join(', ')}`,
      );
      continue;
    }
    let seen = '';
    for (const person of columns) {
      const answer = await app.inject({
        method: method as 'GET',
        url: filled(url, (param) => params[param] ?? callId),
        headers: headersOf(person),
      });
      // What came of it is another matter: nothing is found here, and bodies are missing.
      seen += [401, 403].includes(answer.statusCode) ? '.' : 'x';
    }
    t.equal(seen, line, `${name}: ${columns.join(', ')}`);
  }
});
