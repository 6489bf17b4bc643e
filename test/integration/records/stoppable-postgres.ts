import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from '../../../ops/dev-services/postgres.ts';
import { migrate } from '../../../orm/migrate.ts';
import { seed } from '../../../orm/seed.ts';
import { until } from '../../until.ts';

/** A PostgreSQL of one's own that can be stopped and started again behind one address, data kept. */
export interface StoppablePostgres {
  readonly url: string;
  /** Ends the server; clients see their connections break and new ones refused. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Cuts every connection without stopping the server. */
  cut(): void;
  /** Lets nothing more through on the connections that are open, without closing them; new ones work. */
  hush(): void;
  end(): Promise<void>;
}

export async function stoppablePostgres(): Promise<StoppablePostgres> {
  const directory = mkdtempSync(join(tmpdir(), 'callfabric-stoppable-'));
  mkdirSync(directory, { recursive: true });
  // The runner's shared server must not be stopped.
  let server = await startPostgres({ directory, own: true });
  await migrate(server.url);
  await seed(server.url, { production: false });
  const sockets = new Set<Socket>();
  let proxy: Server | undefined;
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  const hush = (): void => {
    for (const socket of sockets) socket.unpipe().resume();
  };
  const listen = (port: number): Promise<number> => {
    const made = createServer((client) => {
      const target = connect(Number(new URL(server.url).port), '127.0.0.1');
      for (const socket of [client, target]) {
        sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          sockets.delete(socket);
          client.destroy();
          target.destroy();
        });
      }
      client.pipe(target).pipe(client);
    });
    proxy = made;
    return new Promise((resolve, reject) => {
      made.on('error', reject);
      made.listen(port, '127.0.0.1', () => resolve((made.address() as { port: number }).port));
    });
  };
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      if (proxy === undefined) resolve();
      else proxy.close(() => resolve());
      proxy = undefined;
      cut();
    });
  const port = await listen(0);
  const url = new URL(server.url);
  url.port = String(port);
  return {
    url: url.href,
    cut,
    hush,
    async stop() {
      await server.stop();
      await close();
    },
    async start() {
      server = await startPostgres({ directory, own: true });
      // Somebody else may have been given the port meanwhile, for a while.
      await until(`port ${port}`, () =>
        listen(port).then(
          () => true,
          () => false,
        ),
      );
    },
    async end() {
      await close();
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
