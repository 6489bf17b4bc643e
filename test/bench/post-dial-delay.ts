import { fork } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { live } from '../live/find-freeswitch.ts';
import { freePort } from '../live/free-ports.ts';
import { type RunningFreeSwitch, startFreeSwitch } from '../live/freeswitch-process.ts';
import { type BenchHouse, openHouse } from './bench-house.ts';
import type { BenchRow } from './bench-row.ts';
import { benchDids } from './bench-seed.ts';
import { pinOurselves } from './cores.ts';
import { startDaemon } from './daemon-process.ts';
import { type DialDelays, measureDialDelays, quantile, startCallee } from './sipp-load.ts';

const root = resolve(import.meta.dirname, '../..');
const [nativeNumber, eslNumber] = ['90001', '90002'];

/** The project's own hook, and before it the two peers: a plain `bridge`, and a socket to the npm `esl` controller. */
function dialplans(folder: string, callee: string, eslPort: number): string {
  const made = mkdtempSync(join(folder, 'dialplans-'));
  copyFileSync(join(root, 'dialplans/callfabric.xml'), join(made, 'callfabric.xml'));
  const extension = (number: string, app: string, data: string) =>
    `  <extension name="bench ${number}"><condition field="destination_number" expression="^${number}$">` +
    `<action application="${app}" data="${data}"/></condition></extension>\n`;
  const native = extension(nativeNumber, 'bridge', callee);
  const esl = extension(eslNumber, 'socket', `127.0.0.1:${eslPort} async full`);
  writeFileSync(join(made, 'bench.xml'), `<include>\n${native}${esl}</include>\n`);
  return made;
}

async function startEsl(house: BenchHouse, port: number, destination: string): Promise<void> {
  const child = fork(join(import.meta.dirname, 'esl-controller.ts'), [String(port), destination]);
  house.onStop(async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const deadline = AbortSignal.timeout(10_000);
  await once(child, 'message', { signal: deadline });
}

async function openSwitch(house: BenchHouse, calleePort: number): Promise<RunningFreeSwitch> {
  const [socketPort, eslPort] = [await freePort(), await freePort()];
  const destination = `sofia/external/callee@127.0.0.1:${calleePort}`;
  const freeswitch = await startFreeSwitch({
    daemons: `127.0.0.1:${socketPort}`,
    env: {
      FREESWITCH_LOG_LEVEL: 'warning',
      FREESWITCH_DIALPLANS: dialplans(house.folder, destination, eslPort),
      FREESWITCH_DIDS: '^\\+?1\\d{10}$',
    },
  });
  house.onStop(() => freeswitch.stop());
  const callee = await startCallee(calleePort);
  house.onStop(() => callee.stop());
  await startEsl(house, eslPort, destination);
  const daemon = await startDaemon({
    databaseUrl: house.databaseUrl,
    redisUrl: house.redisUrl,
    folder: house.folder,
    socketPort,
    freeswitch: `127.0.0.1:${freeswitch.eslPort}`,
    freeswitchPassword: freeswitch.eslPassword,
  });
  house.onStop(() => daemon.stop());
  return freeswitch;
}

/** What one controller left behind, lost calls with their media, must not run beside the next. */
async function untilEmpty(freeswitch: RunningFreeSwitch): Promise<void> {
  const socket = await freeswitch.inbound();
  try {
    for (let seconds = 0; seconds < 60; seconds += 1) {
      if (/^0 total/m.test(await socket.api('show channels count'))) return;
      if (seconds === 20) await socket.api('hupall');
      await delay(1000);
    }
    throw new Error('FreeSWITCH still has calls a minute after the last one was placed');
  } finally {
    socket.close();
  }
}

/** Caller's INVITE to its 200 on a real FreeSWITCH: native dialplan, CallFabric and npm `esl` one after the other. */
export async function benchPostDialDelay(perSecond: number): Promise<BenchRow[]> {
  if (live.skip !== false) {
    process.stderr.write(`post-dial delay left out: ${live.skip}\n`);
    return [];
  }
  pinOurselves('0-255');
  const calleePort = await freePort();
  const house = await openHouse(`127.0.0.1:${calleePort}`);
  try {
    const freeswitch = await openSwitch(house, calleePort);
    // A controller runs for weeks: its code is compiled long before it is measured. The same for all three.
    const measure = async (number: string): Promise<DialDelays> => {
      await measureDialDelays(freeswitch.sipPort, number, 500, 25);
      await untilEmpty(freeswitch);
      const delays = await measureDialDelays(freeswitch.sipPort, number, perSecond * 10, perSecond);
      await untilEmpty(freeswitch);
      return delays;
    };
    const native = await measure(nativeNumber);
    const ours = await measure(benchDids.oneBuyer);
    const esl = await measure(eslNumber);
    const [p50, p50Native, p50Esl] = [ours, native, esl].map(({ delaysMs }) => quantile(delaysMs, 0.5));
    const row = (peer: string, other: DialDelays, target: string, met: boolean): BenchRow => ({
      name: `post-dial delay p50, real FreeSWITCH, ${perSecond} cps`,
      value: Math.round((p50 ?? Number.NaN) * 10) / 10,
      unit: 'ms',
      peer,
      ratio: Math.round(((p50 ?? Number.NaN) / quantile(other.delaysMs, 0.5)) * 100) / 100,
      target,
      met: met && ours.failed === 0,
      more: {
        p99Ms: quantile(ours.delaysMs, 0.99),
        failed: ours.failed,
        busyPercent: ours.busyPercent,
        peerP50Ms: quantile(other.delaysMs, 0.5),
        peerP99Ms: quantile(other.delaysMs, 0.99),
        peerFailed: other.failed,
        peerBusyPercent: other.busyPercent,
      },
    });
    return [
      row('native', native, '<= native + 8 ms, 0 failed', (p50 ?? Infinity) <= (p50Native ?? 0) + 8),
      row('esl', esl, '< esl', (p50 ?? Infinity) < (p50Esl ?? 0)),
    ];
  } finally {
    await house.stop();
  }
}
