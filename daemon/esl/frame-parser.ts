import { FrameError } from './esl-error.ts';
import { Frame } from './frame.ts';
import { endOfHeaders, rawHeader } from './plain-event.ts';

/** What one frame may hold. Real events have 5 to 9 KB and 100 to 250 headers. */
export const frameLimits = { headBytes: 64 * 1024, bodyBytes: 1024 * 1024, headers: 2000 } as const;

/** The shortest header line there is, `N: \n`: text below `headers` times this needs no counting. */
const shortestHeader = 4;

/**
 * Cuts the bytes of one Event Socket into frames, however they were split on the way. Work is linear in the bytes, also
 * for chunks of one byte; what is held between chunks is at most one frame.
 *
 * Values are not looked at: measured on the recorded events, decoding all 200 headers of an event costs more than
 * everything else the daemon does with it (test/bench/frame-parser.ts).
 */
export class FrameParser {
  readonly #sink: (frame: Frame) => void;
  /** Bytes of an unfinished frame; undefined between frames, so that an idle socket holds nothing. */
  #store: Buffer | undefined;
  #held = 0;
  /** Bytes of the store that were searched for the end of the head. */
  #searched = 0;
  #head: string | undefined;
  /** Of a frame whose body is awaited, and of no other: it is a piece of the head, which it would keep in memory. */
  #contentType = '';
  #bodyLength = 0;
  #dead = false;

  constructor(sink: (frame: Frame) => void) {
    this.#sink = sink;
  }

  /**
   * Takes the next bytes and hands every frame they complete to the sink.
   * @throws FrameError when a bound is passed; nothing is parsed after that.
   */
  push(chunk: Buffer): void {
    if (this.#dead) return;
    let bytes = chunk;
    if (this.#store !== undefined) bytes = this.#append(this.#store, chunk);
    const end = bytes.length;
    let at = 0;
    while (at < end) {
      const next =
        this.#head === undefined ? this.#readHead(bytes, at) : this.#readBody(bytes, at, this.#head);
      if (next < 0) break;
      at = next;
      if (this.#dead) return;
    }
    this.#keep(bytes, at);
  }

  /** No further frame comes out, also not from the chunk being parsed right now. */
  stop(): void {
    this.#dead = true;
    this.#store = undefined;
  }

  /** Where the next frame or body begins, or -1 when bytes are missing. */
  #readHead(bytes: Buffer, at: number): number {
    // The first line feed of the two may have been the last byte of the chunk before.
    const from = at === 0 && this.#searched > 0 ? this.#searched - 1 : at;
    const stop = bytes.indexOf('\n\n', from, 'latin1');
    const length = (stop < 0 ? bytes.length : stop) - at;
    if (length > frameLimits.headBytes) this.#refuse('head', `more than ${frameLimits.headBytes} bytes`);
    if (stop < 0) {
      this.#searched = bytes.length - at;
      return -1;
    }
    this.#searched = 0;
    const head = bytes.toString('latin1', at, stop);
    if (head === '') return stop + 2;
    this.#countHeaders(head, head.length);
    const contentType = rawHeader(head, 'Content-Type') ?? '';
    const announced = rawHeader(head, 'Content-Length');
    if (announced === undefined || announced === '0') {
      this.#sink(new Frame(contentType, head, ''));
      return stop + 2;
    }
    if (!/^\d{1,9}$/.test(announced)) this.#refuse('content-length', JSON.stringify(announced.slice(0, 40)));
    this.#bodyLength = Number(announced);
    if (this.#bodyLength > frameLimits.bodyBytes)
      this.#refuse('body', `${announced} bytes announced, at most ${frameLimits.bodyBytes}`);
    this.#head = head;
    this.#contentType = contentType;
    return stop + 2;
  }

  #readBody(bytes: Buffer, at: number, head: string): number {
    const stop = at + this.#bodyLength;
    if (stop > bytes.length) return -1;
    const body = bytes.toString('latin1', at, stop);
    const contentType = this.#contentType;
    this.#head = undefined;
    this.#contentType = '';
    if (contentType === 'text/event-plain' && body.length > frameLimits.headers * shortestHeader)
      this.#countHeaders(body, endOfHeaders(body));
    this.#sink(new Frame(contentType, head, body));
    return stop;
  }

  /** Counts only as far as what is left could still hold too many; the blank line that ends an event is no header. */
  #countHeaders(text: string, end: number): void {
    let left: number = frameLimits.headers;
    let start = 0;
    while (end - start >= (left + 1) * shortestHeader - 1) {
      const feed = text.indexOf('\n', start);
      const stop = feed < 0 || feed > end ? end : feed;
      if (stop > start) left -= 1;
      if (left < 0) this.#refuse('headers', `more than ${frameLimits.headers}`);
      start = stop + 1;
    }
  }

  #append(store: Buffer, chunk: Buffer): Buffer {
    const length = this.#held + chunk.length;
    let room = store;
    if (length > room.length) {
      room = Buffer.allocUnsafeSlow(Math.max(length, room.length * 2));
      store.copy(room, 0, 0, this.#held);
      this.#store = room;
    }
    chunk.copy(room, this.#held);
    this.#held = length;
    return room.subarray(0, length);
  }

  #keep(bytes: Buffer, at: number): void {
    const left = bytes.length - at;
    if (left === 0 && this.#head === undefined) {
      this.#store = undefined;
      this.#held = 0;
      return;
    }
    if (this.#store === undefined) {
      // Never the chunk itself: it would keep the socket's 64 KiB slab alive.
      this.#store = Buffer.allocUnsafeSlow(Math.max(left, 1024));
      bytes.copy(this.#store, 0, at);
    } else if (at > 0) {
      this.#store.copyWithin(0, at, bytes.length);
    }
    this.#held = left;
  }

  #refuse(bound: FrameError['bound'], detail: string): never {
    this.stop();
    throw new FrameError(bound, detail);
  }
}
