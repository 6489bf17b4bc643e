import { Readable } from 'node:stream';
import type { Showing } from '../access/number-policy.ts';
import { type LiveEvent, shownTo } from './live-event.ts';

/** What an event is on the wire (HTML, server-sent events); JSON has no line breaks of its own. */
export function wireText(id: string, { kind, data }: LiveEvent): string {
  return `id: ${id}\nevent: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * One who reads the stream. It is never waited for: what it does not take is kept up to `mostBytes`, and then it is
 * cut off, to come back with the id of the last event it had.
 */
export class LiveReader extends Readable {
  readonly showing: Showing;
  readonly openedAtMs: number;
  /** Rejects where nobody can say. */
  readonly stillAllowed: () => Promise<boolean>;
  readonly #mostBytes: number;
  #gathered = '';
  #over = false;
  /** Cut off for being too slow. */
  dropped = false;

  constructor(
    showing: Showing,
    openedAtMs: number,
    mostBytes: number,
    stillAllowed: () => Promise<boolean> = async () => true,
  ) {
    super();
    this.showing = showing;
    this.openedAtMs = openedAtMs;
    this.stillAllowed = stillAllowed;
    this.#mostBytes = mostBytes;
  }

  /** The text of a reader who sees the whole tenant is made once for all of them, by `whole`. */
  show(id: string, event: LiveEvent, whole: () => string): void {
    if (this.showing.view.of === 'tenant') this.send(whole());
    else {
      const shown = shownTo(this.showing, event);
      if (shown !== undefined) this.send(wireText(id, shown));
    }
  }

  /** Sent with what comes within a moment: a write for each event would cost more than the events. */
  send(text: string): void {
    if (this.destroyed || this.#over) return;
    if (this.readableLength + this.#gathered.length + text.length > this.#mostBytes) {
      this.dropped = true;
      this.destroy();
    } else this.#gathered += text;
  }

  /** Gives what was gathered to the connection. */
  flush(): void {
    const text = this.#gathered;
    this.#gathered = '';
    if (text !== '' && !this.destroyed && !this.#over) this.push(text);
  }

  /** Ends it properly: the client comes back by itself. Twice is harmless. */
  finish(): void {
    this.flush();
    if (!this.destroyed && !this.#over) this.push(null);
    this.#over = true;
  }

  override _read(): void {
    // Whoever has something to say pushes it.
  }
}
