import { startRedis } from '../../../ops/dev-services/redis.ts';

// Started by dev-services.test.ts: brings a server up, prints its port, and waits to be killed.
const redis = await startRedis({ own: true });
process.stdout.write(`${new URL(redis.url).port}\n`);
setInterval(() => {}, 60_000);
