import type { LeaseHolder } from '../caps/cap-lease.ts';
import type { WaitingLines, WaitingPlace } from '../caps/waiting-line.ts';
import type { CandidateSource, NodeLog, QueuePlace, Queues } from '../flow/node-context.ts';
import type { CallId, CampaignId, TenantId } from '../telephony/ids.ts';
import type { RoutedCandidate } from './buyer-order.ts';
import type { Dialer } from './dialer.ts';

export interface QueueingParts {
  readonly lines: WaitingLines;
  readonly dialer: Dialer;
  readonly call: { readonly callId: CallId; readonly tenantId: TenantId; readonly campaignId: CampaignId };
  /** Whose life a granted slot follows. */
  readonly holder?: LeaseHolder;
  readonly log: NodeLog;
}

/** Waiting lines for one call: what it waits for are its candidates' caps, and a granted one is held by the dialer. */
export class Queueing implements Queues {
  readonly #parts: QueueingParts;

  constructor(parts: QueueingParts) {
    this.#parts = parts;
  }

  async join(request: {
    readonly queue: string;
    readonly priority: number;
    readonly maxSize: number;
    readonly source: CandidateSource;
  }): ReturnType<Queues['join']> {
    const { lines, dialer, call, holder, log } = this.#parts;
    const candidates = dialer.plan(request.source).filter(({ rejected }) => rejected === undefined);
    if (candidates.length === 0) return { joined: false, reason: 'noCandidates' };
    // Held from an earlier line and not dialled: whoever waits again would wait for the place it keeps itself.
    await dialer.dropHeld();
    // Who waits for one buyer must not stand in the way of who waits for another.
    const own = request.source.from === 'buyer' ? `:${candidates[0]?.buyerId ?? request.source.buyer}` : '';
    const joined = await lines.join({
      line: `${call.tenantId}:${call.campaignId}:${request.queue}${own}`,
      callId: call.callId,
      priority: request.priority,
      maxSize: request.maxSize,
      options: candidates.map(({ claims }) => claims),
      ...(holder === undefined ? {} : { holder }),
    });
    switch (joined.joined) {
      case true:
        return { joined: true, place: new HeldPlace(joined.place, dialer, candidates) };
      case false:
        return { joined: false, reason: joined.reason };
      case 'unavailable':
        // Nobody can say whose turn it is: the attempt itself then meets the policy for caps that cannot be asked.
        log.warn({ reason: joined.reason }, 'waiting line unavailable, went on without it');
        return { joined: true, place: lostPlace };
    }
  }
}

/** A place whose grant goes to the dialer before anybody hears of it. */
class HeldPlace implements QueuePlace {
  readonly #place: WaitingPlace;
  readonly #dialer: Dialer;
  readonly #candidates: readonly RoutedCandidate[];
  readonly #ready = new AbortController();
  #left = false;
  #holding = false;

  constructor(place: WaitingPlace, dialer: Dialer, candidates: readonly RoutedCandidate[]) {
    this.#place = place;
    this.#dialer = dialer;
    this.#candidates = candidates;
    if (place.ready.aborted) this.#turn();
    else place.ready.addEventListener('abort', () => this.#turn(), { once: true });
  }

  get ready(): AbortSignal {
    return this.#ready.signal;
  }

  get lost(): boolean {
    return this.#ready.signal.aborted && !this.#holding;
  }

  position(): Promise<number> {
    return this.#place.position().catch(() => 0);
  }

  expectedWaitMs(): Promise<number | undefined> {
    return this.#place.expectedWaitMs().catch(() => undefined);
  }

  async leave(): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    // The place itself gives back a grant that comes now; one that came before is the dialer's.
    await (this.#holding ? this.#dialer.dropHeld() : this.#place.leave());
  }

  #turn(): void {
    if (this.#left) return;
    const { grant } = this.#place;
    const candidate = grant === undefined ? undefined : this.#candidates[grant.option];
    if (grant !== undefined && candidate !== undefined) {
      this.#holding = true;
      void this.#dialer.hold(candidate, grant.lease); // releases an older one; caps.release never rejects
    } else void this.#place.leave(); // lost
    this.#ready.abort();
  }
}

const lostPlace: QueuePlace = {
  ready: AbortSignal.abort(),
  lost: true,
  position: () => Promise.resolve(0),
  expectedWaitMs: () => Promise.resolve(undefined),
  leave: () => Promise.resolve(),
};
