import type { CallSoFar } from '../call/call-so-far.ts';
import type { HangUpResult } from '../call/hang-up.ts';
import type { LiveCall } from '../call/registry.ts';
import type { Caps } from '../caps/cap-lease.ts';
import type { LeasedCall } from '../caps/leased-calls.ts';
import type { NodeTypes } from '../flow/define-node.ts';
import type { RecordingSource } from '../records/recording-source.ts';
import type { HangupCause } from '../telephony/hangup-cause.ts';
import type { CallId, DaemonId } from '../telephony/ids.ts';
import type { CallOutcome } from '../telephony/outcome.ts';
import type { AccessPorts } from './access/ports.ts';
import type { Whose } from './access.ts';
import type { CallRecords, CallSummary, CallView } from './call-schemas.ts';
import type { FlowAdmin } from './flows/flow-admin.ts';
import type { LiveStream } from './live/live-routes.ts';
import type { Reports } from './reports/ports.ts';
import type { ResourcePorts } from './resources/resource-scope.ts';

/** The calls this daemon runs. */
export interface LiveCalls {
  list(): readonly LiveCall[];
  get(id: CallId): LiveCall | undefined;
  /** What a live call has behind it; undefined where this daemon runs no such call. */
  soFar(id: CallId): CallSoFar | undefined;
  /** Of any daemon's calls. */
  hangup(id: CallId, cause: HangupCause): Promise<HangUpResult>;
}

export interface CallFilter {
  readonly tenant: string | undefined;
  /** A whole number, or the last digits of one (`lastDigits`). */
  readonly caller: string | undefined;
  readonly did: string | undefined;
  readonly campaign: string | undefined;
  readonly publisher: string | undefined;
  readonly buyer: string | undefined;
  readonly tag: string | undefined;
  readonly outcome: CallOutcome | undefined;
  /** Instants as `InstantSchema` writes them: `from` is included, `to` is not. */
  readonly from: string | undefined;
  readonly to: string | undefined;
}
/** Where a page begins: behind this call, newest first. */
export interface CallPosition {
  readonly startedAt: string;
  readonly id: string;
}
/** The calls that ended, out of PostgreSQL. Rejects where it is away. */
export interface CallReader {
  /** At most `limit` calls older than `after` (by start, then id), newest first. */
  list(
    whose: Whose,
    filter: CallFilter,
    after: CallPosition | undefined,
    limit: number,
  ): Promise<readonly CallSummary[]>;
  find(whose: Whose, id: CallId): Promise<(CallRecords & { readonly call: CallView }) | undefined>;
}

/** Something readiness depends on. Of each kind at least one must be well: of several FreeSWITCHes one will do. */
export interface HealthCheck {
  readonly kind: 'postgres' | 'redis' | 'freeswitch';
  readonly name: string;
  /** Resolves with a word about it, rejects where it is not well. Aborted by `signal` at the deadline. */
  check(signal: AbortSignal): Promise<string>;
}
export interface Health {
  readonly checks: readonly HealthCheck[];
  draining(): boolean;
}

/** Figures that are read when Prometheus asks, not counted. Each is cheap and synchronous. */
export interface MetricsSources {
  liveCalls(): Iterable<{ readonly state: string }>;
  /** Leases this daemon holds and renews. */
  leases(): number;
  /** Records given to PostgreSQL so far, put aside as unwritable, and lost (named in the log). */
  records(): { readonly written: number; readonly rejected: number; readonly lost: number };
  /** Records waiting on disk, and their bytes. */
  spool(): { readonly records: number; readonly bytes: number };
  /** Open event sockets. */
  sockets(): number;
  /** Each FreeSWITCH's inbound connection; `apiExpansion` is undefined before it was told. */
  switches(): Iterable<{
    readonly name: string;
    readonly connected: boolean;
    readonly apiExpansion: boolean | undefined;
  }>;
}

/**
 * Takes one leg's record from mod_json_cdr: parsed JSON, its variables URL-encoded or not as FreeSWITCH wrote them.
 * Resolves when CallFabric answers for it (it is queued or on disk); rejects where FreeSWITCH should keep it itself.
 */
export interface CdrSink {
  accept(record: Readonly<Record<string, unknown>>): Promise<unknown>;
}

/** Live calls of all daemons, by their leases; what is listed may be a second old. Rejects with RedisAway. */
export interface CallsOfAllDaemons {
  find(id: CallId): Promise<LeasedCall | undefined>;
  list(): Promise<{ readonly calls: readonly LeasedCall[]; readonly whole: boolean }>;
}

export interface ApiPorts {
  /** The daemon that answers. */
  readonly daemonId: DaemonId;
  readonly access: AccessPorts;
  readonly liveCalls: LiveCalls;
  readonly leased: CallsOfAllDaemons;
  readonly calls: CallReader;
  readonly flows: FlowAdmin;
  readonly nodeTypes: NodeTypes;
  readonly caps: Pick<Caps, 'holders'>;
  readonly live: LiveStream;
  readonly health: Health;
  readonly metrics: { readonly contentType: string; text(): Promise<string> };
  readonly cdrs: CdrSink;
  readonly resources: ResourcePorts;
  /** The audio of recordings. */
  readonly recordings: RecordingSource;
  readonly reports: Reports;
}
