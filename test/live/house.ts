import type { Test } from 'tap';
import { startCdrSink } from './cdr-sink.ts';
import { startScriptedDaemon } from './event-socket.ts';
import { startFreeSwitch } from './freeswitch-process.ts';
import type { RunningSipp } from './sipp.ts';

/** The seed's first DID. */
export const did = '+15551234567';
/** Ends a call over its own socket. */
export const hangup = (cause: string): string => `sendmsg\ncall-command: hangup\nhangup-cause: ${cause}\n\n`;

/** Waits for a caller or callee, and says what SIPp saw where it went otherwise. */
export async function went(t: Test, call: RunningSipp, what: string): Promise<void> {
  const result = await call.done;
  if (!result.good) t.comment(`${result.errors}\n${result.messages}`);
  t.ok(result.good, what);
}

/** One switch, one scripted daemon and one sink for records, all gone with the test. */
export async function house(t: Test, daemons?: string) {
  const [daemon, sink] = [await startScriptedDaemon(), await startCdrSink()];
  const freeswitch = await startFreeSwitch({
    daemons: daemons ?? `127.0.0.1:${daemon.port}`,
    cdrUrl: sink.url,
  });
  t.teardown(async () => {
    await freeswitch.stop();
    await daemon.kill();
    await sink.stop();
  });
  return { daemon, sink, freeswitch };
}
