import { performance } from 'node:perf_hooks';
import { type Static, Type } from 'typebox';
import type { Health, HealthCheck } from './ports.ts';

export const ReadinessSchema = Type.Object({
  ready: Type.Boolean(),
  draining: Type.Boolean(),
  checks: Type.Array(
    Type.Object({
      kind: Type.Enum(['postgres', 'redis', 'freeswitch']),
      name: Type.String(),
      ok: Type.Boolean(),
      detail: Type.String(),
      ms: Type.Integer(),
    }),
  ),
});
export type Readiness = Static<typeof ReadinessSchema>;

export interface ReadinessOptions {
  /** How long one check may take. Default 2,000 ms. */
  readonly deadlineMs?: number;
  /** How long a result is good enough. Default 1,000 ms. */
  readonly freshMs?: number;
  /** Told why a check failed: its own words may name hosts and users, so they go to the log, not to the client. */
  readonly onFault?: (check: HealthCheck, error: unknown) => void;
}

/**
 * Readiness for whoever asks, and however many: everybody may, without a key. Everything is checked at once, about once
 * a second, and shared; whether the daemon drains is told as it is. Ready: not draining, and of each kind (PostgreSQL,
 * Redis, FreeSWITCH) at least one is well. Live calls go on where it is not ready; it says whether new ones should be
 * sent here.
 */
export function sharedReadiness(health: Health, options: ReadinessOptions = {}): () => Promise<Readiness> {
  const { freshMs = 1_000 } = options;
  let last: { readonly checks: Promise<Checked>; readonly beganAtMs: number } | undefined;
  let under: Promise<Checked> | undefined;
  return async () => {
    // A check may take longer than its result is fresh.
    if (under === undefined && (last === undefined || performance.now() - last.beganAtMs >= freshMs)) {
      under = checked(health, options).finally(() => {
        under = undefined;
      });
      last = { checks: under, beganAtMs: performance.now() };
    }
    return stateOf(health, (await last?.checks) ?? []);
  };
}

type Checked = Readiness['checks'];

async function checked(health: Health, options: ReadinessOptions): Promise<Checked> {
  const deadlineMs = options.deadlineMs ?? 2000;
  return Promise.all(
    health.checks.map(async (check) => {
      const startedAt = performance.now();
      const { ok, detail } = await asked(check, deadlineMs, options.onFault);
      return {
        kind: check.kind,
        name: check.name,
        ok,
        detail,
        ms: Math.round(performance.now() - startedAt),
      };
    }),
  );
}

function stateOf(health: Health, checks: Checked): Readiness {
  const kinds = new Set(checks.map((check) => check.kind));
  const well = new Set(checks.filter((check) => check.ok).map((check) => check.kind));
  const draining = health.draining();
  return { ready: !draining && kinds.size === well.size, draining, checks };
}

async function asked(
  check: HealthCheck,
  deadlineMs: number,
  onFault: ReadinessOptions['onFault'],
): Promise<{ ok: boolean; detail: string }> {
  const deadline = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    deadline.abort();
    reject(new Error(`no answer within ${deadlineMs} ms`));
  }, deadlineMs);
  try {
    // The race is for checks that do not listen to the signal.
    return { ok: true, detail: await Promise.race([check.check(deadline.signal), late]) };
  } catch (error) {
    onFault?.(check, error);
    return { ok: false, detail: deadline.signal.aborted ? `no answer within ${deadlineMs} ms` : 'away' };
  } finally {
    clearTimeout(timer);
  }
}
