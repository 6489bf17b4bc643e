import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** A TCP port on loopback nobody listens on just now, and whose UDP twin is free too. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const free = await udpFree(port);
    server.close();
    await once(server, 'close');
    if (free) return port;
  }
  throw new Error('no free port on loopback');
}

/** True where nobody has the UDP port on loopback. */
export async function udpFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once('error', () => resolve(false));
  socket.bind(port, '127.0.0.1', () => resolve(true));
  const free = await promise;
  if (free) socket.close();
  return free;
}

/** First of `count` UDP ports in a row, even, below the range the system hands out itself. */
export async function freeRtpRange(count: number): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const first = 20_000 + 2 * Math.floor(Math.random() * ((32_000 - 20_000 - count) / 2));
    const probes = await Promise.all([0, count / 2, count - 1].map((offset) => udpFree(first + offset)));
    if (probes.every(Boolean)) return first;
  }
  throw new Error('no free range of UDP ports on loopback');
}
