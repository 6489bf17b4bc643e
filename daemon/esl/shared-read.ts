import { Socket } from 'node:net';

/** What is read is parsed before anything else is read, so that one buffer serves every socket of the process. */
const shared = Buffer.allocUnsafeSlow(64 * 1024);

/** `onread` of a socket whose bytes go to `take`; they are overwritten after it returns. */
export function sharedRead(take: (bytes: Buffer) => void) {
  return {
    buffer: shared,
    callback(length: number): boolean {
      take(shared.subarray(0, length));
      return true;
    },
  };
}

interface WithHandle {
  _handle?: { readonly useUserBuffer?: unknown } | null;
}

/**
 * An accepted socket that reads into the shared buffer. Node knows `onread` only for sockets it connects itself; for
 * an accepted one it makes 64 KiB for every packet, a twentieth of which is used, and that is a tenth of the
 * daemon's time under load. So the handle changes hands, before anything was read (`pauseOnConnect`). Where a later Node has
 * no such handle the socket stays as it is and `take` listens to its `data`.
 */
export function readShared(accepted: Socket, take: (bytes: Buffer) => void): Socket {
  const from = accepted as unknown as WithHandle;
  const handle = from._handle;
  if (typeof handle?.useUserBuffer !== 'function') {
    accepted.on('data', take);
    accepted.resume();
    return accepted;
  }
  from._handle = null;
  return new Socket({ handle, onread: sharedRead(take) } as unknown as ConstructorParameters<
    typeof Socket
  >[0]);
}
