import type { Socket } from 'node:net';

/**
 * Ends a connection with a TCP reset, as a killed process or a broken network does. One that has begun to end is closed
 * instead: libuv refuses to reset it (EINVAL of uv_tcp_close_reset), Node counts it as closing all the same
 * (TCPWrap::Reset), and at its end a process would wait for it for ever, busily.
 */
export function resetSocket(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
