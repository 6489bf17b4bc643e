import type { SwitchConfig } from './config.ts';

/** What PostgreSQL said of itself. */
export interface PostgresFacts {
  /** `server_version_num`: 150004 is 15.4. */
  readonly versionNumber: number;
  readonly mayCreate: boolean;
  /** Undefined where the schema is this code's; else what is wrong with it and what to do. */
  readonly schemaFault: string | undefined;
  /** The login of DATABASE_URL: its name, and what it is. */
  readonly login: {
    readonly name: string;
    readonly superuser: boolean;
    readonly ownsTables: boolean;
    /** Of the daemon's two roles those it may not take on. */
    readonly lacks: readonly string[];
  };
  /** Tables of CallFabric's whose row-level security is not forced. */
  readonly unforced: readonly string[];
  /** PostgreSQL's clock minus ours. */
  readonly skewMs: number;
}

/** What Redis said of itself. */
export interface RedisFacts {
  readonly version: string;
  readonly role: string;
  readonly appendOnly: boolean;
  /** Snapshots (`save`) are set up and the last one worked. */
  readonly snapshots: boolean;
  /** `maxmemory-policy` where there is a `maxmemory`; undefined where memory is not bounded. */
  readonly evictionPolicy: string | undefined;
}

/** What one FreeSWITCH said of itself; undefined where it would not tell. */
export interface SwitchFacts {
  readonly version: string | undefined;
  readonly apiExpansion: boolean | undefined;
  /** Arguments of the dialplan's `socket` actions, in order. */
  readonly socketActions: readonly string[] | undefined;
  /** FreeSWITCH's clock minus ours. */
  readonly skewMs: number | undefined;
}

/** What is known of a folder. */
export interface FolderFacts {
  readonly exists: boolean;
  readonly writable: boolean;
  readonly freeBytes: number;
}

/** Where the doctor looks. Each rejects with a sentence that says why nothing could be seen. */
export interface DoctorProbes {
  nodeVersion(): string;
  postgres(url: string, signal: AbortSignal): Promise<PostgresFacts>;
  redis(url: string, signal: AbortSignal): Promise<RedisFacts>;
  freeswitch(node: SwitchConfig, signal: AbortSignal): Promise<SwitchFacts>;
  folder(path: string): Promise<FolderFacts>;
}
