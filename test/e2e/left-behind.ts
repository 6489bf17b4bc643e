import { createClient } from '@redis/client';
import { Pool } from 'pg';

/** Rows that no call that is over may leave: `held_call` and `pending` have times of their own, all else has none. */
const rowsLeft = `
  select 'a held_call past its time' as what, h.call_id from held_call h where h.held_until < now() - interval '5 s'
  union all
  select 'a held_call of a call that its session wrote', h.call_id from held_call h
    where h.held_until < now() and exists (select from call c where c.id = h.call_id and c.source = 'session')
  union all
  select 'a leg without its call', l.call_id from call_leg l
    where not exists (select from call c where c.id = l.call_id)
      and not exists (select from held_call h where h.call_id = l.call_id)
  union all
  select 'a CDR without its call', d.call_id from cdr d
    where not exists (select from call c where c.id = d.call_id)
      and not exists (select from held_call h where h.call_id = d.call_id)
  union all
  select 'a CDR without its leg', d.call_id from cdr d
    where not exists (select from call_leg l where l.channel_uuid = d.channel_uuid)
  union all
  select 'a recording that is still pending', r.call_id from recording r
    where r.status = 'pending' and r.stopped_at is not null`;

function clientOf(url: string) {
  const redis = createClient({ url, socket: { reconnectStrategy: false } });
  redis.on('error', () => {});
  return redis;
}

/** Looks for what calls left in PostgreSQL and Redis; keeps its connections, for it is asked after each test. */
export class LeftBehind {
  readonly #pool: Pool;
  readonly #redisUrl: string;
  #redis: ReturnType<typeof clientOf> | undefined;

  constructor(databaseUrl: string, redisUrl: string) {
    this.#redisUrl = redisUrl;
    this.#pool = new Pool({ connectionString: databaseUrl, max: 1 });
    this.#pool.on('error', () => {}); // a PostgreSQL that a test stops ends idle connections
  }

  /** What calls left in both, of one call or of all. */
  async found(callId?: string): Promise<string[]> {
    return [...(await this.#rows(callId)), ...(await this.#keys(callId)).map((key) => `${key} in Redis`)];
  }

  async close(): Promise<void> {
    this.#redis?.destroy();
    await this.#pool.end();
  }

  async #rows(callId: string | undefined): Promise<string[]> {
    const { rows } = await this.#pool.query<{ what: string; call_id: string }>(rowsLeft);
    return rows
      .filter(({ call_id }) => callId === undefined || call_id === callId)
      .map(({ what, call_id }) => `${what}, ${call_id}`);
  }

  /** Leases, and their places in scopes and lines that have not expired. */
  async #keys(callId: string | undefined): Promise<string[]> {
    const redis = await this.#connected();
    const leases = await redis.keys('callfabric:lease:*');
    if (callId !== undefined) {
      const held = leases.length === 0 ? [] : await redis.mGet(leases);
      return leases.filter((_, index) => held[index]?.split('\n').includes(callId));
    }
    const nowMs = Number((await redis.time())[0]) * 1000;
    const places: string[] = [];
    // What a dead daemon's call held of them counts no more from its time on; the key goes later, by itself.
    for (const key of [
      ...(await redis.keys('callfabric:cap:*')),
      ...(await redis.keys('callfabric:alive:*')),
    ])
      if ((await redis.zCount(key, nowMs, '+inf')) > 0) places.push(key);
    return [...leases, ...places];
  }

  /** A Redis that a test stopped and started again is connected to again. */
  async #connected(): Promise<ReturnType<typeof clientOf>> {
    if (this.#redis?.isReady === true) return this.#redis;
    const redis = clientOf(this.#redisUrl);
    this.#redis = redis;
    await redis.connect();
    return redis;
  }
}
