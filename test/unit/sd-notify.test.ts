import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { runSystemdNotify, type SendToSystemd, SystemdNotifier } from '../../daemon/sd-notify.ts';

const socket = '/run/systemd/notify';

/** Keeps what was sent; `sent(n)` resolves when n messages came. */
function listening(fail = false) {
  const messages: string[] = [];
  const waiting = new Map<number, () => void>();
  const send: SendToSystemd = async (notifySocket, lines) => {
    if (notifySocket !== socket) throw new Error('the wrong socket');
    messages.push(...lines);
    for (const [count, resolve] of waiting) if (messages.length >= count) resolve();
    if (fail) throw new Error('ENOENT');
  };
  const sent = (count: number): Promise<void> =>
    new Promise((resolve) => {
      if (messages.length >= count) resolve();
      else waiting.set(count, resolve);
    });
  return { messages, send, sent };
}

const warned: string[] = [];
const log = { warn: (_facts: object, message: string) => void warned.push(message) };

void t.test('ready and stopping are told with a status of one line', async (t) => {
  const { messages, send } = listening();
  const notifier = new SystemdNotifier({ notifySocket: socket, watchdogMs: undefined }, log, send);
  await notifier.ready('takes calls\nREADY=0');
  await notifier.status('3 calls');
  await notifier.stopping('waits for 3 calls');
  notifier.stop();
  notifier.stop();
  t.same(messages, [
    'READY=1',
    'STATUS=takes calls READY=0',
    'STATUS=3 calls',
    'STOPPING=1',
    'STATUS=waits for 3 calls',
  ]);
});

void t.test('the watchdog beats from ready on, while stopping too, until it is stopped', async (t) => {
  const { messages, send, sent } = listening();
  const notifier = new SystemdNotifier({ notifySocket: socket, watchdogMs: 3 }, log, send);
  // The beat does not keep a process alive; this test must be.
  const alive = setInterval(() => {}, 1000);
  t.teardown(() => clearInterval(alive));
  await notifier.ready('');
  await sent(4);
  await notifier.stopping('');
  await sent(8);
  notifier.stop();
  t.equal(messages.filter((message) => message === 'READY=1').length, 1);
  t.ok(messages.lastIndexOf('WATCHDOG=1') > messages.indexOf('STOPPING=1'));
});

void t.test('without systemd nothing is said, and a systemd that cannot be told harms nobody', async (t) => {
  const silent = listening();
  await new SystemdNotifier(undefined, log, silent.send).ready('takes calls');
  t.same(silent.messages, []);
  const broken = listening(true);
  await new SystemdNotifier({ notifySocket: socket, watchdogMs: undefined }, log, broken.send).ready('');
  t.same(warned, ['systemd could not be told']);
});

void t.test(
  'systemd-notify gets the messages and the socket, and nothing else of our environment',
  async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'callfabric-notify-'));
    t.teardown(() => rmSync(folder, { recursive: true }));
    const out = join(folder, 'out');
    writeFileSync(
      join(folder, 'systemd-notify'),
      `#!/bin/sh\nprintf '%s\\n' "$@" "$NOTIFY_SOCKET" "\${DATABASE_URL-none}" >${out}\n`,
    );
    chmodSync(join(folder, 'systemd-notify'), 0o755);
    await runSystemdNotify(socket, ['READY=1', 'STATUS=takes calls'], `${folder}:/usr/bin:/bin`);
    t.equal(readFileSync(out, 'utf8'), `READY=1\nSTATUS=takes calls\n${socket}\nnone\n`);
    await t.rejects(runSystemdNotify(socket, ['READY=1'], folder.slice(0, -1)));
  },
);
