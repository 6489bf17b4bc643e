import { createClient } from '@redis/client';
import type { Test } from 'tap';
import type { CapClaim, CapDecision, CapLease, CapScope } from '../../../daemon/caps/cap-lease.ts';
import type { RedisCapsOptions } from '../../../daemon/caps/redis-caps.ts';
import { RedisCaps } from '../../../daemon/caps/redis-caps.ts';
import { type CallId, type DaemonId, type LeaseId, newId } from '../../../daemon/telephony/ids.ts';
import type { DevService } from '../../../ops/dev-services/docker-engine.ts';
import { startRedis, uniquePrefix } from '../../../ops/dev-services/redis.ts';

export const leaseMs = 20_000;
export const restoringMs = 7_000;

const quiet = { debug() {}, info() {}, warn() {} };

/** A Redis of the test's own, and a clock that moves only when told to. */
export interface World {
  readonly url: string;
  readonly prefix: string;
  nowMs: number;
  /** A started daemon; its restoring window has passed unless `fresh`. */
  daemon(options?: Partial<RedisCapsOptions> & { readonly fresh?: boolean }): Promise<RedisCaps>;
  /** Speaks to Redis directly. */
  redis(...command: string[]): Promise<unknown>;
}

export async function world(t: Test, server?: DevService): Promise<World> {
  const redis = server ?? (await startRedis({ own: true }));
  const client = createClient({ url: redis.url });
  client.on('error', () => {});
  await client.connect();
  const daemons: RedisCaps[] = [];
  t.teardown(async () => {
    for (const daemon of daemons) await daemon.stop();
    client.destroy();
    if (server === undefined) await redis.stop();
  });
  const it: World = {
    url: redis.url,
    prefix: uniquePrefix(),
    nowMs: 1_800_000_000_000,
    daemon: async ({ fresh = false, ...options } = {}) => {
      const caps = new RedisCaps({
        url: redis.url,
        prefix: it.prefix,
        daemonId: newId<'DaemonId'>() as DaemonId,
        log: quiet,
        leaseMs,
        restoringMs,
        deadlineMs: 10_000,
        startDeadlineMs: 30_000,
        nowMs: () => it.nowMs,
        ...options,
      });
      daemons.push(caps);
      await caps.start();
      if (!fresh) it.nowMs += restoringMs;
      return caps;
    },
    redis: (...command) => client.sendCommand(command),
  };
  return it;
}

export function claim(scope: CapScope, limit?: number): CapClaim {
  return { scope, limit };
}

export function request(...claims: CapClaim[]): { leaseId: LeaseId; callId: CallId; claims: CapClaim[] } {
  return { leaseId: newId<'LeaseId'>(), callId: newId<'CallId'>(), claims };
}

export function leaseOf(decision: CapDecision): CapLease {
  if (decision.granted !== true) throw new Error(`not granted: ${JSON.stringify(decision)}`);
  return decision.lease;
}

/** Tries until it holds; for what other processes do in their own time. */
export async function until(condition: () => boolean | Promise<boolean>, withinMs = 10_000): Promise<void> {
  const endAt = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > endAt) throw new Error('did not come true in time');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
