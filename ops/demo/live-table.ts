import type { LiveCall } from '../../daemon/call/registry.ts';

const columns = { from: 14, did: 14, node: 9, buyer: 18, state: 22, seconds: 8 } as const;
const rowsShown = 16;

interface Row {
  readonly from: string;
  readonly did: string;
  node: string;
  buyer: string;
  state: string;
  readonly startedAtMs: number;
  endedAtMs: number | undefined;
  /** Its outcome is shown. */
  told: boolean;
}

function cell(text: string, width: number): string {
  return (text.length > width - 1 ? `${text.slice(0, width - 2)}…` : text).padEnd(width);
}

/**
 * The demo's table: a line a call. On a terminal it is drawn in place twice a second; into a pipe each call's line is
 * written once, when its outcome is known.
 */
export class LiveTable {
  readonly #out: NodeJS.WriteStream;
  readonly #rows = new Map<string, Row>();
  #timer: NodeJS.Timeout | undefined;
  #drawnLines = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  start(heading: readonly string[], live: () => readonly LiveCall[]): void {
    for (const line of heading) this.#out.write(`${line}\n`);
    this.#out.write(`${this.#line('FROM', 'DID', 'NODE', 'BUYER', 'STATE', 'SECONDS')}\n`);
    this.#timer ??= setInterval(() => {
      this.look(live());
      if (this.#out.isTTY) this.#draw();
    }, 250);
  }

  /** The last word on calls that ended: what PostgreSQL has as their outcome. */
  outcomes(known: ReadonlyMap<string, string>): void {
    for (const [callId, outcome] of known) {
      const row = this.#rows.get(callId);
      if (row === undefined || row.endedAtMs === undefined || row.told) continue;
      row.state = outcome;
      row.told = true;
      if (!this.#out.isTTY) this.#out.write(`${this.#text(row)}\n`);
    }
  }

  /** Calls that ended and whose outcome is not known yet. */
  get untold(): string[] {
    return [...this.#rows]
      .filter(([, row]) => row.endedAtMs !== undefined && !row.told)
      .map(([callId]) => callId);
  }

  /** Twice is harmless: what was written since stays. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    if (this.#out.isTTY) this.#draw();
  }

  /** Takes in which calls live now. */
  look(live: readonly LiveCall[]): void {
    const alive = new Set(live.map(({ callId }): string => callId));
    for (const [callId, row] of this.#rows)
      if (!alive.has(callId) && row.endedAtMs === undefined) {
        row.endedAtMs = Date.now();
        row.state = 'ended';
      }
    for (const call of live) this.#seen(call);
  }

  #seen(call: LiveCall): void {
    const row = this.#rows.get(call.callId) ?? {
      from: call.caller,
      did: call.did,
      node: '',
      buyer: '',
      state: '',
      startedAtMs: call.startedAtMs,
      endedAtMs: undefined,
      told: false,
    };
    if (row.endedAtMs !== undefined) return;
    row.node = call.nodeId ?? row.node;
    row.buyer = call.buyerName ?? row.buyer;
    row.state = call.state;
    this.#rows.set(call.callId, row);
    while (this.#rows.size > 200) {
      const [oldest] = this.#rows.keys();
      if (oldest === undefined) break;
      this.#rows.delete(oldest);
    }
  }

  #draw(): void {
    const shown = [...this.#rows.values()].slice(-rowsShown);
    if (this.#drawnLines > 0) this.#out.write(`\x1b[${this.#drawnLines}A\x1b[0J`);
    for (const row of shown) this.#out.write(`${this.#text(row)}\n`);
    this.#drawnLines = shown.length;
  }

  #text(row: Row): string {
    const seconds = ((row.endedAtMs ?? Date.now()) - row.startedAtMs) / 1000;
    return this.#line(row.from, row.did, row.node, row.buyer, row.state, seconds.toFixed(1));
  }

  #line(from: string, did: string, node: string, buyer: string, state: string, seconds: string): string {
    return (
      cell(from, columns.from) +
      cell(did, columns.did) +
      cell(node, columns.node) +
      cell(buyer, columns.buyer) +
      cell(state, columns.state) +
      seconds.padStart(columns.seconds)
    );
  }
}
