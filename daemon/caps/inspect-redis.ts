import { createClient } from '@redis/client';

/** What a Redis says of itself, for `callfabric doctor`. */
export interface RedisInspection {
  readonly version: string;
  readonly role: string;
  readonly appendOnly: boolean;
  /** Snapshots (`save`) are set up and the last one worked. */
  readonly snapshots: boolean;
  /** `maxmemory-policy` where there is a `maxmemory`; undefined where memory is not bounded. */
  readonly evictionPolicy: string | undefined;
}

/** Asks over a connection of its own; rejects with what went wrong, at the latest when `signal` aborts. */
export async function inspectRedis(url: string, signal: AbortSignal): Promise<RedisInspection> {
  const client = createClient({ url, socket: { reconnectStrategy: false, connectTimeout: 5000 } });
  // Errors come back from `connect` and the commands too; without a listener they would end the process.
  client.on('error', () => {});
  const stop = (): void => client.destroy();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await client.connect();
    const info = factsOf(await client.info());
    // `CONFIG` may be forbidden (hosted Redis): then what `INFO` shows must do.
    const save = await client.configGet('save').then(
      (found) => found['save'] ?? '',
      () => undefined,
    );
    const bounded = Number(info.get('maxmemory') ?? 0) > 0;
    return {
      version: info.get('valkey_version') ?? info.get('redis_version') ?? '0',
      role: info.get('role') ?? 'unknown',
      appendOnly: info.get('aof_enabled') === '1',
      snapshots: save !== '' && info.get('rdb_last_bgsave_status') === 'ok',
      evictionPolicy: bounded ? info.get('maxmemory_policy') : undefined,
    };
  } finally {
    signal.removeEventListener('abort', stop);
    if (client.isOpen) client.destroy();
  }
}

function factsOf(info: string): Map<string, string> {
  return new Map(
    info.split('\r\n').flatMap((line): [string, string][] => {
      const colon = line.indexOf(':');
      return colon === -1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)]];
    }),
  );
}
