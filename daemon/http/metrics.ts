import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { CallObserver } from '../call/observer.ts';
import {
  type AttemptOutcome,
  attemptOutcomes,
  type CallOutcome,
  callOutcomes,
  type Refusal,
  refusals,
} from '../telephony/outcome.ts';
import type { MetricsSources } from './ports.ts';

/** Seconds; the promise is a p99 under 2 ms, so most buckets lie around it. */
const decisionBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 2];
const postDialBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2, 3, 4, 6, 8, 10, 15, 20, 30, 60];
const durationBuckets = [1, 5, 10, 20, 30, 60, 90, 120, 180, 300, 600, 1200, 1800, 3600];
/** How often the event loop is looked at; Node counts this interval itself as delay. */
const delayResolutionMs = 10;
const delayQuantiles = [
  [50, '0.5'],
  [99, '0.99'],
  [100, '1'],
] as const;

/** Nanoseconds between two looks as seconds of delay. */
function beyondInterval(nanoseconds: number): number {
  return Math.max(0, nanoseconds / 1e9 - delayResolutionMs / 1e3);
}

/** One child a known label, made beforehand: counting then is one addition, without a label to look up. */
function counters<const Value extends string>(
  counter: Counter<string>,
  label: string,
  values: readonly Value[],
): ReadonlyMap<Value, Counter.Internal> {
  return new Map(
    values.map((value) => {
      const child = counter.labels({ [label]: value });
      child.inc(0);
      return [value, child];
    }),
  );
}

/** Counts what the calls tell, reads the rest when asked, and writes it all in Prometheus' text form. */
export class Metrics implements CallObserver {
  readonly #registry = new Registry();
  readonly #sources: MetricsSources;
  readonly #started: Counter;
  readonly #takenOver: Counter;
  readonly #ended: ReadonlyMap<CallOutcome, Counter.Internal>;
  readonly #refused: ReadonlyMap<Refusal, Counter.Internal>;
  readonly #attempts: ReadonlyMap<AttemptOutcome, Counter.Internal>;
  readonly #durations: Histogram;
  readonly #decisions: Histogram;
  readonly #postDial: Histogram;
  readonly #delay = monitorEventLoopDelay({ resolution: delayResolutionMs });

  constructor(sources: MetricsSources) {
    this.#sources = sources;
    const registers = [this.#registry];
    const counter = (name: string, help: string, labelNames: readonly string[] = []): Counter<string> =>
      new Counter({ name: `callfabric_${name}`, help, labelNames, registers });
    const histogram = (name: string, help: string, buckets: readonly number[]): Histogram =>
      new Histogram({ name: `callfabric_${name}`, help, buckets: [...buckets], registers });
    this.#started = counter('calls_started_total', 'Calls that entered their flow');
    this.#takenOver = counter('calls_taken_over_total', 'Calls another daemon had begun');
    const ended = counter('calls_ended_total', 'Calls that ended, by outcome', ['outcome']);
    this.#ended = counters(ended, 'outcome', callOutcomes);
    const refused = counter('calls_refused_total', 'Calls turned away, by reason', ['reason']);
    this.#refused = counters(refused, 'reason', refusals);
    const attempts = counter('attempts_total', 'Attempts on endpoints, by outcome', ['outcome']);
    this.#attempts = counters(attempts, 'outcome', attemptOutcomes);
    this.#durations = histogram('call_duration_seconds', 'Offer of the A-leg to its end', durationBuckets);
    this.#decisions = histogram('decision_seconds', 'Event in to next command out', decisionBuckets);
    this.#postDial = histogram(
      'post_dial_delay_seconds',
      'Offer to first ringing or answer',
      postDialBuckets,
    );
  }

  /** Starts what measures all the time. Twice is harmless. */
  start(): void {
    if (this.#registry.getSingleMetric('callfabric_live_calls') !== undefined) return;
    this.#delay.enable();
    collectDefaultMetrics({ register: this.#registry });
    this.#readWhenAsked();
  }

  stop(): void {
    this.#delay.disable();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  callStarted(): void {
    this.#started.inc();
  }
  callTakenOver(): void {
    this.#takenOver.inc();
  }
  callRefused(refusal: Refusal): void {
    this.#refused.get(refusal)?.inc();
  }
  callEnded(outcome: CallOutcome, durationMs: number): void {
    this.#ended.get(outcome)?.inc();
    this.#durations.observe(durationMs / 1000);
  }
  decisionTook(durationMs: number): void {
    this.#decisions.observe(durationMs / 1000);
  }
  postDialDelay(durationMs: number): void {
    this.#postDial.observe(durationMs / 1000);
  }
  attemptEnded(outcome: AttemptOutcome): void {
    this.#attempts.get(outcome)?.inc();
  }

  #readWhenAsked(): void {
    const sources = this.#sources;
    const gauge = (
      name: string,
      help: string,
      labelNames: readonly string[],
      read: (gauge: Gauge<string>) => void,
    ): void => {
      const registers = [this.#registry];
      const made: Gauge<string> = new Gauge<string>({
        name: `callfabric_${name}`,
        help,
        labelNames,
        registers,
        collect: () => read(made),
      });
    };
    gauge('live_calls', 'Calls this daemon runs, by what they are doing', ['state'], (live) => {
      live.reset();
      for (const call of sources.liveCalls()) live.inc({ state: call.state });
    });
    gauge('cap_leases', 'Cap leases this daemon holds', [], (leases) => leases.set(sources.leases()));
    gauge('call_records', 'Call records since the start, by what became of them', ['fate'], (records) => {
      for (const [fate, count] of Object.entries(sources.records())) records.set({ fate }, count);
    });
    gauge('spool_records', 'Call records waiting on disk', [], (spool) => spool.set(sources.spool().records));
    gauge('spool_bytes', 'Bytes of the records waiting on disk', [], (spool) =>
      spool.set(sources.spool().bytes),
    );
    gauge('event_sockets', 'Open event sockets', [], (sockets) => sockets.set(sources.sockets()));
    gauge('switch_connected', '1 where the connection to this FreeSWITCH stands', ['switch'], (up) => {
      for (const { name, connected } of sources.switches()) up.set({ switch: name }, connected ? 1 : 0);
    });
    gauge(
      'switch_api_expansion',
      '1 where this FreeSWITCH has api-expansion on, which must be off',
      ['switch'],
      (on) => {
        for (const { name, apiExpansion } of sources.switches())
          if (apiExpansion !== undefined) on.set({ switch: name }, apiExpansion ? 1 : 0);
      },
    );
    // Since the last time it was asked: a summary over the daemon's whole life would hide today's trouble.
    gauge(
      'event_loop_delay_seconds',
      'Delay of the event loop since the last scrape',
      ['quantile'],
      (delay) => {
        for (const [percentile, quantile] of delayQuantiles)
          delay.set(
            { quantile },
            this.#delay.count === 0 ? 0 : beyondInterval(this.#delay.percentile(percentile)),
          );
        this.#delay.reset();
      },
    );
  }
}
