import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify';
import { pino } from 'pino';
import type { Test } from 'tap';
import { postgresAccess } from '../../../../daemon/http/access/postgres-access.ts';
import type { ApiSettings } from '../../../../daemon/http/app.ts';
import type { ApiPorts } from '../../../../daemon/http/ports.ts';
import { keepInPlace } from '../../../../daemon/records/recording-target.ts';
import type { TestDatabase } from '../../../../ops/dev-services/test-database.ts';
import { closeOrm, openOrm, poolOf } from '../../../../orm/config.ts';
import { checkedApp, fakePorts, settings } from '../../../unit/http/test-api.ts';
import { seededDatabase } from '../../seeded-database.ts';

type Orm = ReturnType<typeof openOrm>;

export interface AccessApi {
  readonly app: FastifyInstance;
  readonly orm: Orm;
  readonly database: TestDatabase;
  /** Straight to PostgreSQL, past every policy. */
  sql<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Another app on the same database, as another daemon would be. */
  another(of?: Partial<ApiSettings>): FastifyInstance;
}

/**
 * The API on a seeded database, each answer held to what its route documents; `ports` from its ORM where a test needs
 * more than access.
 */
export async function accessApi(
  t: Test,
  ports: (orm: Orm) => Partial<ApiPorts> = () => ({}),
): Promise<AccessApi> {
  const database = await seededDatabase();
  const orm = openOrm(database.url);
  const owner = openOrm(database.url, { as: 'login', maxConnections: 1 });
  const apps: FastifyInstance[] = [];
  const another = (of: Partial<ApiSettings> = {}): FastifyInstance => {
    const app = checkedApp({
      settings: { ...settings, ...of },
      ports: fakePorts({
        access: postgresAccess({
          orm,
          target: keepInPlace,
          recordingsFolder: '/nowhere',
          log: pino({ level: 'silent' }),
        }),
        ...ports(orm),
      }),
    });
    apps.push(app);
    return app;
  };
  t.teardown(async () => {
    for (const app of apps) await app.close();
    await closeOrm(orm);
    await closeOrm(owner);
    await database.drop();
  });
  return {
    app: another(),
    orm,
    database,
    another,
    sql: async <Row extends object>(text: string, values: readonly unknown[] = []) =>
      (await (await poolOf(owner)).query<Row>(text, [...values])).rows,
  };
}

export const seededAdmin = { email: 'admin@test.callfabric.local', password: 'password123' };

/** A browser: keeps cookies and the CSRF token of whoever signed in. */
export class Browser {
  readonly #app: FastifyInstance;
  readonly cookies = new Map<string, string>();
  csrf = '';

  constructor(app: FastifyInstance) {
    this.#app = app;
  }

  async send(
    method: string,
    url: string,
    payload?: object,
    of: InjectOptions = {},
  ): Promise<LightMyRequestResponse> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await this.#app.inject({
      method: method as 'GET',
      url,
      ...(payload === undefined ? {} : { payload }),
      ...of,
      // Whatever state it is in, where a test does not say.
      headers: { host: 'cf.example', cookie, 'x-csrf-token': this.csrf, 'if-match': '*', ...of.headers },
    });
    for (const { name, value } of answer.cookies)
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
    const { csrfToken } = answer.body.startsWith('{') ? answer.json<{ csrfToken?: unknown }>() : {};
    if (typeof csrfToken === 'string') this.csrf = csrfToken;
    return answer;
  }

  signIn(
    who: { readonly email: string; readonly password: string } = seededAdmin,
  ): Promise<LightMyRequestResponse> {
    return this.send('POST', '/session', who);
  }

  /** Signs in with a password that was given, and chooses another. */
  async settle(
    email: string,
    given: string,
    chosen = 'a password of my own',
  ): Promise<LightMyRequestResponse> {
    await this.signIn({ email, password: given });
    return this.send('PUT', '/session/password', { current: given, new: chosen });
  }
}
