import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { until } from '../until.ts';
import { file, flowOf } from './flow-plan.ts';
import { openHouse } from './house.ts';

/** A way to Redis that one daemon has for itself, and that can be cut. */
async function wayTo(t: Test, url: string): Promise<{ readonly url: string; cut(): void; mend(): void }> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  let whole = true;
  const server = createServer((near) => {
    if (!whole) {
      near.destroy();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = () => {
    whole = false;
    for (const socket of sockets) socket.destroy();
  };
  t.teardown(() => {
    cut();
    server.close();
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: Object.assign(new URL(url), { hostname: '127.0.0.1', port: String(port) }).href,
    cut,
    mend: () => {
      whole = true;
    },
  };
}

void t.test(
  'a daemon that alone loses Redis keeps its callers: the others do not break into a prompt',
  async (t) => {
    const house = await openHouse(t, { daemons: 2 });
    const way = await wayTo(t, house.redisUrl);
    const { did } = await house.flow(
      flowOf(
        [
          ['hello', 'answer'],
          ['news', 'play', { prompt: file('news-9000ms.wav') }],
        ],
        ['hello next news'],
      ),
      { maxCalls: 5 },
    );
    await house.startDaemon(0, { REDIS_URL: way.url });
    const other = await house.startDaemon(1);
    const caller = house.call(did);
    await until('the news to begin', () => caller.leg.phase === 'playing');
    way.cut();
    await caller.ended;
    const row = await house.calls.row(caller.uuid);
    t.match(row, { outcome: 'finished', takeovers: 0 });
    // The other takes it for gone after 3 s, and would wake its caller a second later.
    const news = row.trace.find(({ node_id }) => node_id === 'news');
    t.ok((news?.duration_ms ?? 0) >= 8900, `the news were heard to their end: ${news?.duration_ms} ms`);
    way.mend();
    t.equal(other.liveCalls, 0);
    await house.leaks(t);
  },
);
