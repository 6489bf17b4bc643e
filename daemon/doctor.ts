import type { Config } from './config.ts';
import {
  checkFolder,
  checkNode,
  checkPostgres,
  checkRedis,
  checkSwitch,
  type DoctorCheck,
  unseen,
} from './doctor-checks.ts';
import type { DoctorProbes } from './doctor-facts.ts';
import { realProbes } from './doctor-probes.ts';

export interface DoctorReport {
  /** In a fixed order, faults and all. */
  readonly checks: readonly DoctorCheck[];
}

export interface DoctorOptions {
  /** Where to look; tests bring their own. Default: the real things. */
  readonly probes?: DoctorProbes;
  /** How long anything asked may take. Default 8,000 ms. */
  readonly deadlineMs?: number;
}

/**
 * Looks at everything the daemon needs and says what to do about each fault, in a fixed order. Never rejects: what
 * cannot be seen is a fault too. All is well where every check is `ok`.
 */
export async function doctor(config: Config, options: DoctorOptions = {}): Promise<DoctorReport> {
  const { probes = realProbes, deadlineMs = 8000 } = options;
  const folder = (name: string, setting: string, path: string): Promise<DoctorCheck[]> =>
    looked(name, `correct ${setting}`, deadlineMs, async () => [
      checkFolder(name, path, setting, await probes.folder(path)),
    ]);
  const found = await Promise.all([
    looked('PostgreSQL', 'start PostgreSQL, or correct DATABASE_URL', deadlineMs, async (signal) =>
      checkPostgres(await probes.postgres(config.databaseUrl, signal)),
    ),
    looked('Redis', 'start Redis, or correct REDIS_URL', deadlineMs, async (signal) =>
      checkRedis(await probes.redis(config.redisUrl, signal)),
    ),
    ...config.switches.map((node) =>
      looked(
        `FreeSWITCH ${node.name}`,
        'nothing else of it could be looked at: mend this, then ask again',
        deadlineMs,
        async (signal) => checkSwitch(node, await probes.freeswitch(node, signal), config.socket.port),
      ),
    ),
    folder('Recordings folder', 'CALLFABRIC_RECORDINGS_DIR', config.recordings.folder),
    ...(config.recordings.store.kind === 'folder'
      ? [folder('Recordings store', 'CALLFABRIC_RECORDINGS_STORE', config.recordings.store.folder)]
      : []),
    folder('Spool folder', 'CALLFABRIC_SPOOL_DIR', config.spool.folder),
  ]);
  return { checks: [checkNode(probes.nodeVersion()), ...found.flat()] };
}

async function looked(
  name: string,
  remedy: string,
  deadlineMs: number,
  look: (signal: AbortSignal) => Promise<DoctorCheck[]>,
): Promise<DoctorCheck[]> {
  const deadline = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    deadline.abort();
    reject(new Error(`no answer within ${deadlineMs} ms`));
  }, deadlineMs);
  try {
    return await Promise.race([look(deadline.signal), late]);
  } catch (error) {
    return [unseen(name, error instanceof Error ? error.message : String(error), remedy)];
  } finally {
    clearTimeout(timer);
  }
}

/** The report as a person reads it in a terminal; ends with a line break. */
export function doctorText({ checks }: DoctorReport): string {
  const lines = checks.flatMap(({ name, ok, detail, remedy }) => [
    `${ok ? (remedy === '' ? 'ok    ' : 'advice') : 'FAULT '} ${name}: ${detail}`,
    ...(remedy === '' ? [] : [`         ${remedy}`]),
  ]);
  const faults = checks.filter((check) => !check.ok).length;
  const end = faults === 0 ? 'all is well' : `${faults} ${faults === 1 ? 'fault' : 'faults'}`;
  return `${[...lines, '', end].join('\n')}\n`;
}
