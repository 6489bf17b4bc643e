import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import t, { type Test } from 'tap';
import { until } from '../until.ts';
import { file, flowOf } from './flow-plan.ts';
import { openHouse } from './house.ts';

/** What systemd's own end of NOTIFY_SOCKET gets: one line a datagram. Node has no Unix datagram sockets. */
const receiver = `
import socket, sys
end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
end.bind(sys.argv[1])
print("bound", flush=True)
while True:
    print(end.recv(4096).decode().replace("\\n", " "), flush=True)
`;

function without(...tools: string[]): string | false {
  const missing = tools.filter((tool) => spawnSync(tool, ['--version']).error !== undefined);
  return missing.length > 0 && `no ${missing.join(' and no ')} on this machine`;
}

async function notifySocket(t: Test, path: string): Promise<readonly string[]> {
  const heard: string[] = [];
  const child = spawn('python3', ['-c', receiver, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  createInterface({ input: child.stdout }).on('line', (line) => heard.push(line));
  await until('the socket to be bound', () => heard.includes('bound'));
  return heard;
}

void t.test(
  'systemd hears that it is ready, alive, and waits for its calls',
  { skip: without('python3', 'systemd-notify') },
  async (t) => {
    const house = await openHouse(t);
    const { did } = await house.flow(flowOf([['news', 'play', { prompt: file('news-60000ms.wav') }]]));
    const path = join(house.folder, 'notify');
    const heard = await notifySocket(t, path);
    const daemon = await house.spawnDaemon(0, {
      PATH: process.env['PATH'] ?? '',
      NOTIFY_SOCKET: path,
      WATCHDOG_USEC: '900000',
    });
    const said = (what: string) => heard.filter((line) => line.includes(what)).length;
    await until('READY=1', () => said('READY=1') === 1);
    t.equal(said('STOPPING=1'), 0);
    await until('three beats of the watchdog', () => said('WATCHDOG=1') >= 3);
    const live = house.call(did);
    await until('a live call', () => live.leg.phase === 'playing');
    const { calls } = (await (await house.api('/calls?state=live')).json()) as { calls: { id: string }[] };

    daemon.child.kill('SIGTERM');
    await until('STOPPING=1', () => said('STOPPING=1') === 1);
    t.match(
      heard.find((line) => line.includes('STOPPING=1')),
      /STATUS=waiting for 1 call/,
    );
    const beats = said('WATCHDOG=1');
    await until('the watchdog to go on while it drains', () => said('WATCHDOG=1') > beats);
    const waiting = () => daemon.log.filter(({ msg }) => msg === 'waiting for live calls');
    await until('two words on the way, five seconds apart', () => waiting().length >= 2, 20_000);
    for (const line of waiting().slice(0, 2)) t.match(line, { calls: 1, sample: [calls[0]?.id] });
    const [first, second] = waiting().map(({ time }) => new Date(time as string | number).getTime());
    const apartMs = Number(second) - Number(first);
    t.ok(apartMs > 4_500 && apartMs < 30_000, `${apartMs} ms apart`);
    live.hangUp();
    t.equal(await daemon.exited, 0);
    await house.leaks(t);
  },
);
