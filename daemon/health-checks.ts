import { type openOrm, poolOf } from '../orm/config.ts';
import type { RedisCaps } from './caps/redis-caps.ts';
import type { HealthCheck } from './http/ports.ts';
import type { SwitchConnections } from './switch-connections.ts';

/** Less than a readiness check may take: what is not answered then waits no longer, and its connection is given up. */
export const postgresDeadlineMs = 1_500;

/**
 * What a daemon's readiness depends on. `orm`: neither the calls' nor the API's, for it takes one of its connections, and a
 * busy API is no reason to send calls elsewhere.
 */
export function healthChecks(
  orm: ReturnType<typeof openOrm>,
  caps: RedisCaps,
  switches: SwitchConnections,
): HealthCheck[] {
  return [
    {
      kind: 'postgres',
      name: 'postgres',
      check: async () => {
        const query = { text: 'select 1', query_timeout: postgresDeadlineMs };
        await (await poolOf(orm)).query(query);
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
