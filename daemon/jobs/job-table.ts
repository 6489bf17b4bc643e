import { type ScheduledTask, schedule } from 'node-cron';

/** Something done again and again. */
export interface Job {
  readonly name: string;
  /** Cron expression with seconds, in UTC. */
  readonly when: string;
  /** One run at a time: a run that is not over when the next is due makes it wait for the one after. */
  run(signal: AbortSignal): Promise<unknown>;
}

export interface JobLog {
  debug(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** The daemon's table of jobs. A job that fails is logged and runs again at its next time. */
export class JobTable {
  readonly #jobs: readonly Job[];
  readonly #log: JobLog;
  readonly #ending = new AbortController();
  readonly #running = new Map<string, Promise<void>>();
  #tasks: ScheduledTask[] = [];

  constructor(jobs: readonly Job[], log: JobLog) {
    this.#jobs = jobs;
    this.#log = log;
  }

  /** Twice is harmless. */
  start(): void {
    if (this.#tasks.length > 0) return;
    this.#tasks = this.#jobs.map((job) =>
      schedule(job.when, () => this.#once(job), { name: job.name, timezone: 'Etc/UTC' }),
    );
  }

  /** No further runs; waits for those under way, which are told by their signal. */
  async stop(): Promise<void> {
    this.#ending.abort();
    for (const task of this.#tasks.splice(0)) await task.destroy();
    await Promise.allSettled(this.#running.values());
  }

  #once(job: Job): Promise<void> {
    const running = this.#running.get(job.name);
    if (running !== undefined) return running;
    const startedAtMs = Date.now();
    const run = Promise.resolve()
      .then(() => job.run(this.#ending.signal))
      .then(
        (result) => this.#log.debug({ job: job.name, ms: Date.now() - startedAtMs, result }, 'job ran'),
        (error: unknown) => this.#log.error({ job: job.name, err: error }, 'job failed'),
      )
      .finally(() => this.#running.delete(job.name));
    this.#running.set(job.name, run);
    return run;
  }
}
