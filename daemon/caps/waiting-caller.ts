import type { CallId, LeaseId } from '../telephony/ids.ts';
import { newId } from '../telephony/ids.ts';
import type { CapClaim, CapLease, CapScope, LeaseHolder } from './cap-lease.ts';
import type { WaitingPlace } from './waiting-line.ts';

/** What a waiting caller asks of the lines it stands in. */
export interface CallerLines {
  position(caller: WaitingCaller): Promise<number>;
  expectedWaitMs(caller: WaitingCaller): Promise<number | undefined>;
  leave(caller: WaitingCaller): Promise<void>;
}

/** One call of this daemon in a waiting line. */
export class WaitingCaller implements WaitingPlace {
  readonly placeId: string = newId<'PlaceId'>();
  /** The lease it will get: fixed beforehand, so that asking twice cannot grant twice. */
  readonly leaseId: LeaseId = newId<'LeaseId'>();
  readonly callId: CallId;
  readonly line: string;
  readonly options: readonly (readonly CapClaim[])[];
  readonly holder: LeaseHolder | undefined;
  /** Its order in the line, as Redis gave it. */
  score = '0';
  /** take.lua was sent and has not answered: whether we still stand in the line is unknown. */
  asking = false;
  /** Given up or lost: a grant that still comes is released. */
  left = false;
  #grant: WaitingPlace['grant'];
  readonly #ready = new AbortController();
  readonly #lines: CallerLines;
  readonly #scopes: ReadonlySet<CapScope>;

  constructor(
    lines: CallerLines,
    request: {
      readonly line: string;
      readonly callId: CallId;
      readonly options: readonly (readonly CapClaim[])[];
      readonly holder?: LeaseHolder;
    },
  ) {
    this.#lines = lines;
    this.callId = request.callId;
    this.line = request.line;
    this.options = request.options;
    this.holder = request.holder;
    this.#scopes = new Set(request.options.flat().map((claim) => claim.scope));
  }

  get ready(): AbortSignal {
    return this.#ready.signal;
  }

  get grant(): WaitingPlace['grant'] {
    return this.#grant;
  }

  /** Its turn has come: from now on it holds the lease. */
  give(lease: CapLease, option: number): void {
    this.#grant = { lease, option };
    this.#ready.abort();
  }

  /** The line is no more: it goes on without a lease. */
  lose(): void {
    this.left = true;
    this.#ready.abort();
  }

  /** Whether a free slot of these scopes could be its turn. */
  wants(freed: readonly CapScope[]): boolean {
    return freed.some((scope) => this.#scopes.has(scope));
  }

  position(): Promise<number> {
    return this.#lines.position(this);
  }

  expectedWaitMs(): Promise<number | undefined> {
    return this.#lines.expectedWaitMs(this);
  }

  leave(): Promise<void> {
    return this.#lines.leave(this);
  }
}
