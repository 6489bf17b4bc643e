import { createClient } from '@redis/client';

/**
 * This Redis is new, and so would keep the first daemon waiting until lost leases were restored: it is told that
 * there are none.
 */
export async function openRedis(url: string): Promise<void> {
  const redis = createClient({ url });
  await redis.connect();
  const run = /run_id:(\w{12})/.exec(await redis.info('server'))?.[1] ?? '';
  await redis.hSet('callfabric:epoch', { until: '0', run });
  await redis.set('callfabric:fence', String(Date.now() * 1000));
  await redis.close();
}
