import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../ops/dev-services/postgres.ts';
import { startRedis } from '../../ops/dev-services/redis.ts';
import { migrate } from '../../orm/migrate.ts';
import { seed } from '../../orm/seed.ts';
import { seedBench } from './bench-seed.ts';
import { pinOurselves } from './cores.ts';

/** PostgreSQL (durable, as in production) and Redis, migrated and seeded, and a folder; all gone with `stop`. */
export interface BenchHouse {
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly folder: string;
  /** Undone last-in-first-out by `stop`. */
  onStop(undo: () => Promise<unknown>): void;
  stop(): Promise<void>;
}

/** `cores`: where Redis runs, and where everything else that is started after it. Undefined: wherever the system likes. */
export async function openHouse(
  calleeAddress: string,
  cores?: { readonly redis: string; readonly others: string },
): Promise<BenchHouse> {
  if (cores !== undefined) pinOurselves(cores.others);
  const undoing: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const undo of undoing.splice(0).reverse())
      await undo().catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
  };
  try {
    const folder = await mkdtemp(join(tmpdir(), 'callfabric-bench-'));
    undoing.push(() => rm(folder, { recursive: true, force: true }));
    const postgres = await startPostgres({ durable: true });
    undoing.push(() => postgres.stop());
    if (cores !== undefined) pinOurselves(cores.redis);
    const redis = await startRedis();
    undoing.push(() => redis.stop());
    if (cores !== undefined) pinOurselves(cores.others);
    await migrate(postgres.url);
    await seed(postgres.url, { production: false }, (em) => seedBench(em, calleeAddress));
    return {
      databaseUrl: postgres.url,
      redisUrl: redis.url,
      folder,
      onStop: (undo) => undoing.push(undo),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
