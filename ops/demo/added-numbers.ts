import type { openOrm } from '../../orm/config.ts';
import type { CallOffer } from '../switch-simulator/simulator.ts';

type Orm = ReturnType<typeof openOrm>;
/** Offers a call to the switch. */
type Place = (offer: Pick<CallOffer, 'to' | 'script'>) => { readonly ended: Promise<unknown> };

const lookEveryMs = 2_000;
const mostNumbers = 20;

/** What somebody who calls an added number does: presses 1, and talks until this is over. */
const script = { keys: [{ afterPrompt: 1, delayMs: 700, digits: '1' }], talkMs: 3_000 };

/**
 * Calls the numbers that somebody adds while the demo runs, the newest twenty: each again as soon as its last call is
 * over, so that a flow without an end has one caller and no crowd.
 */
export class AddedNumbers {
  readonly #orm: Orm;
  readonly #own: readonly string[];
  readonly #place: Place;
  readonly #busy = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  /** `own`: the demo's numbers, which have callers already. */
  constructor(orm: Orm, own: readonly string[], place: Place) {
    this.#orm = orm;
    this.#own = own;
    this.#place = place;
  }

  start(): void {
    // PostgreSQL may be away for a while: the next look finds them.
    this.#timer ??= setInterval(() => void this.#look().catch(() => {}), lookEveryMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  async #look(): Promise<void> {
    const rows = await this.#orm.em.getConnection().execute<{ readonly e164: string }[]>(
      `select e164 from phone_number where enabled and campaign_id is not null and not e164 = any(?::text[])
       order by created_at desc limit ?`,
      [`{${this.#own.join(',')}}`, mostNumbers],
    );
    for (const { e164 } of rows) {
      if (this.#timer === undefined) return;
      if (this.#busy.has(e164)) continue;
      this.#busy.add(e164);
      void this.#place({ to: e164, script }).ended.finally(() => this.#busy.delete(e164));
    }
  }
}
