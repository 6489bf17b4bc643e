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

export interface PortRange {
  /** Even. */
  readonly first: number;
  /** Gives the range back; twice is harmless. */
  release(): void;
}

/**
 * UDP ports in a row for media, below the range the system hands out itself. Who has a range holds its first TCP port,
 * so that no other process takes the same one while its ports are not bound yet.
 */
export async function claimMediaPorts(count: number): Promise<PortRange> {
  const [from, to] = count > 256 ? [20_000, 32_000] : [10_000, 20_000];
  const slots = Math.floor((to - from) / count);
  const begin = Math.floor(Math.random() * slots);
  for (let slot = 0; slot < slots; slot += 1) {
    const first = from + ((begin + slot) % slots) * count;
    const claim = createServer().unref();
    const claimed = await new Promise<boolean>((resolve) => {
      claim.once('error', () => resolve(false));
      claim.listen(first, '127.0.0.1', () => resolve(true));
    });
    if (!claimed) continue;
    const probes = await Promise.all([0, count / 2, count - 1].map((offset) => udpFree(first + offset)));
    if (probes.every(Boolean)) return { first, release: () => claim.close() };
    claim.close();
  }
  throw new Error('no free range of UDP ports on loopback');
}
