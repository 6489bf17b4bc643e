import { type openOrm, poolOf } from '../orm/config.ts';
import type { RedisCaps } from './caps/redis-caps.ts';
import type { HealthCheck } from './http/ports.ts';
import type { SchemaCheck } from './schema-check.ts';
import type { SwitchConnections } from './switch-connections.ts';

/** Less than a readiness check may take: what is not answered then waits no longer, and its connection is given up. */
export const postgresDeadlineMs = 1_500;

export interface HealthParts {
  /** Neither the calls' nor the API's: it takes one of its connections, and a busy API sends no calls elsewhere. */
  readonly orm: ReturnType<typeof openOrm>;
  readonly schema: Pick<SchemaCheck, 'pass'>;
  readonly caps: RedisCaps;
  readonly switches: SwitchConnections;
}

/** What a daemon's readiness depends on. */
export function healthChecks({ orm, schema, caps, switches }: HealthParts): HealthCheck[] {
  return [
    {
      kind: 'postgres',
      name: 'postgres',
      check: async () => {
        const query = { text: 'select 1', query_timeout: postgresDeadlineMs };
        await (await poolOf(orm)).query(query);
        await schema.pass();
        return 'answers';
      },
    },
    {
      kind: 'redis',
      name: 'redis',
      check: async () => {
        if (!caps.health.connected) throw new Error('not connected');
        return `connected, ${caps.health.leases} leases held`;
      },
    },
    ...switches.states.map(
      ({ name, client }): HealthCheck => ({
        kind: 'freeswitch',
        name,
        check: async () => {
          if (!client.connected) throw new Error(client.health.lastFault ?? 'not connected');
          return 'connected';
        },
      }),
    ),
  ];
}
