import type { openOrm } from '../orm/config.ts';
import type { RedisCaps } from './caps/redis-caps.ts';
import type { HealthCheck } from './http/ports.ts';
import type { SwitchConnections } from './switch-connections.ts';

/** What a daemon's readiness depends on. */
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
        await orm.em.getConnection().execute('select 1');
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
