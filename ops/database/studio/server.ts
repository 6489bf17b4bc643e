import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { MikroORM } from '@mikro-orm/postgresql';
import { type FastifyReply, fastify } from 'fastify';
import { closeOrm, openOrm, poolOf } from '../../../orm/config.ts';
import { codeOf, explainDatabaseFault, nameOf } from '../../../orm/database-fault.ts';
import { checkSchema } from '../../../orm/migrate.ts';
import { catalogueOf, type StudioTable } from './catalogue.ts';
import { html } from './html.ts';
import { detail, list, page, pageSize, stylesheet, welcome } from './pages.ts';
import { readRows } from './rows.ts';

/** A studio that answers. */
export interface Studio {
  /** Where it is, with the token that it asks for. */
  readonly address: string;
  stop(): Promise<void>;
}

const headers = {
  'content-security-policy':
    "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  // The token is in the address: no other site may learn it.
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

const slow = 'It took longer than 10 seconds and was given up: look for an id, which is indexed.';

/** A list of strings out of an address; undefined where it is none of that length. */
function keyFrom(text: string | undefined, length: number): string[] | undefined {
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    const fits =
      Array.isArray(parsed) && parsed.length === length && parsed.every((one) => typeof one === 'string');
    return fits ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** The first of a parameter that came several times. */
const single = (value: unknown): string | undefined => {
  const first: unknown = Array.isArray(value) ? value[0] : value;
  return typeof first === 'string' ? first : undefined;
};

/**
 * Starts a page on the loopback that shows the data of the database at `url` and cannot change it. Only who has the
 * address with its token is answered. Throws DatabaseFault where the database cannot be used.
 */
export async function startStudio(url: string, port = 0, setting?: string): Promise<Studio> {
  const orm = openOrm(url, {
    as: 'login',
    applicationName: 'callfabric studio',
    maxConnections: 4,
    statementTimeoutMs: 10_000,
    lockTimeoutMs: 3000,
  });
  try {
    await checkSchema(orm, url, setting);
    return await serve(orm, url, port);
  } catch (error) {
    await closeOrm(orm);
    throw error;
  }
}

async function serve(orm: MikroORM, url: string, port: number): Promise<Studio> {
  const token = randomBytes(24).toString('base64url');
  const base = `/${token}/`;
  const catalogue = catalogueOf(orm);
  const pool = await poolOf(orm);
  const app = fastify({ requestTimeout: 15_000, forceCloseConnections: true });
  const send = (reply: FastifyReply, title: string, body: ReturnType<typeof html>, status = 200) =>
    reply
      .status(status)
      .type('text/html; charset=utf-8')
      .send(page(base, title, catalogue, body));

  app.addHook('onRequest', async (request, reply) => {
    void reply.headers(headers);
    const given = Buffer.from(request.url.slice(1, token.length + 1));
    const right = Buffer.from(token);
    if (given.length !== right.length || !timingSafeEqual(given, right))
      return reply
        .status(404)
        .type('text/plain')
        .send('Open the address that `npm run db:studio` printed.\n');
  });
  app.setNotFoundHandler((_request, reply) =>
    send(reply, 'Not here', html`<p>There is no such page.</p>`, 404),
  );
  app.setErrorHandler((error, _request, reply) => {
    // Class 22: the person's value is none of the column's type.
    if (codeOf(error)?.startsWith('22') === true && error instanceof Error)
      return send(reply, 'Not a value of that column', html`<p>${error.message}</p>`, 400);
    if (codeOf(error) === '57014')
      return send(reply, 'Too many rows to look through', html`<p>${slow}</p>`, 503);
    return send(reply, 'The database', html`<p>${explainDatabaseFault(error, url).message}</p>`, 503);
  });

  app.get(base, (_request, reply) => send(reply, 'Data', welcome(nameOf(url).place)));
  app.get(`${base}studio.css`, (_request, reply) => reply.type('text/css; charset=utf-8').send(stylesheet));
  app.get<{ Params: { table: string }; Querystring: Record<string, unknown> }>(
    `${base}:table`,
    async (request, reply) => {
      const table = catalogue.get(request.params.table);
      if (table === undefined) return reply.callNotFound();
      const where = filterOf(table, request.query);
      const after = keyFrom(single(request.query['after']), table.primaryKey.length);
      const rows = await readRows(pool, table, { where, after, limit: pageSize + 1, letters: 120 });
      const shown = where === undefined ? undefined : { column: where.column.name, value: where.value };
      return send(reply, table.name, list(base, table, rows, shown));
    },
  );
  app.get<{ Params: { table: string }; Querystring: Record<string, unknown> }>(
    `${base}:table/row`,
    async (request, reply) => {
      const table = catalogue.get(request.params.table);
      const key = table && keyFrom(single(request.query['key']), table.primaryKey.length);
      if (table === undefined || key === undefined) return reply.callNotFound();
      const [row] = await readRows(pool, table, { key, limit: 1, letters: 100_000 });
      if (row === undefined) return send(reply, table.name, html`<p>That row is gone.</p>`, 404);
      return send(reply, table.name, detail(base, table, row));
    },
  );

  await app.listen({ host: '127.0.0.1', port });
  const { port: taken } = app.server.address() as AddressInfo;
  let stopped: Promise<void> | undefined;
  return {
    address: `http://127.0.0.1:${taken}${base}`,
    stop: () => {
      stopped ??= app.close().then(() => closeOrm(orm));
      return stopped;
    },
  };
}

function filterOf(table: StudioTable, query: Record<string, unknown>) {
  const name = single(query['column']);
  const value = single(query['value']);
  // A secret cannot be asked for either: its answer would tell it.
  const column = table.columns.find((one) => one.name === name && !one.secret);
  return column === undefined || value === undefined || value === '' ? undefined : { column, value };
}
