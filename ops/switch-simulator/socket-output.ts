import type { Socket } from 'node:net';

/** Larger than what a call's socket is sent at once; what all calls' facts of one turn need may be more. */
const bufferBytes = 65_536;
/** Buffers the kernel has taken the bytes of: used again while they are still in the processor's cache. */
const idle: Buffer[] = [];
const mostIdle = 32;

/**
 * Byte text on its way to a socket, kept in the pieces it came in. They are put together in the one buffer that is
 * written: added up as strings, each event would be copied twice more and leave its size in garbage.
 */
export class SocketOutput {
  #texts: (readonly string[])[] = [];
  #length = 0;

  get empty(): boolean {
    return this.#length === 0;
  }

  /** The pieces are read when they are written and must stay as they are. */
  add(...pieces: readonly string[]): void {
    this.addAll(pieces);
  }

  addAll(pieces: readonly string[]): void {
    this.#texts.push(pieces);
    for (const piece of pieces) this.#length += piece.length;
  }

  /** Takes over what another one holds. */
  take(other: SocketOutput): void {
    if (other.empty) return;
    for (const pieces of other.#texts) this.#texts.push(pieces);
    this.#length += other.#length;
    other.clear();
  }

  clear(): void {
    this.#texts = [];
    this.#length = 0;
  }

  /** Writes everything at once; to a socket that takes nothing any more, it is lost. */
  flush(socket: Socket): void {
    if (this.empty) return;
    if (!socket.destroyed && socket.writable) {
      const buffer =
        this.#length > bufferBytes
          ? Buffer.allocUnsafe(this.#length)
          : (idle.pop() ?? Buffer.allocUnsafeSlow(bufferBytes));
      let at = 0;
      for (const pieces of this.#texts) for (const piece of pieces) at += buffer.write(piece, at, 'latin1');
      socket.write(buffer.subarray(0, at), () => {
        if (buffer.length === bufferBytes && idle.length < mostIdle) idle.push(buffer);
      });
    }
    this.clear();
  }
}
