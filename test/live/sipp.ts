import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { live } from './find-freeswitch.ts';
import { claimMediaPorts, freePort, udpFree } from './free-ports.ts';

/** Values for the `{{name}}` marks of a scenario. Written as latin1, so that any byte can be sent. */
export type ScenarioValues = Readonly<Record<string, string | number>>;

export interface SippOptions {
  readonly values?: ScenarioValues;
  /** How many calls; a caller places them at `perSecond`. Default 1. */
  readonly calls?: number;
  readonly perSecond?: number;
  /** Where a gateway knows the callee's port beforehand. Default: a free one. */
  readonly port?: number;
  /** Default 40 s; then SIPp gives up and `done` tells so. */
  readonly deadlineS?: number;
}
export interface SippResult {
  /** True where every call went as its scenario says. */
  readonly good: boolean;
  /** What SIPp complained about, '' for nothing. */
  readonly errors: string;
  /** Every SIP message sent and received. */
  readonly messages: string;
}
export interface RunningSipp {
  readonly port: number;
  readonly done: Promise<SippResult>;
  stop(): Promise<void>;
}

/** Enough for the 50 calls of one SIPp, with RTCP. */
const mediaPorts = 250;

const defaults: ScenarioValues = {
  name: 'Alice',
  headers: '',
  from: '+15125550100',
  keys: '1',
  beforeKeysMs: 300,
  betweenKeysMs: 300,
  ringMs: 100,
  talkMs: 1000,
  cancelAfterMs: 500,
  ringing: 180,
  code: 200,
  reason: 'OK',
};

/** Two seconds of a 440 Hz tone in G.711 µ-law: something to hear and to record. */
function toneFile(folder: string): string {
  const samples = Buffer.alloc(16_000);
  for (let index = 0; index < samples.length; index += 1)
    samples[index] = muLaw(Math.round(8000 * Math.sin((2 * Math.PI * 440 * index) / 8000)));
  const path = join(folder, 'tone.ul');
  writeFileSync(path, samples);
  return path;
}

/** ITU-T G.711 µ-law of one 16-bit sample. */
function muLaw(sample: number): number {
  const sign = sample < 0 ? 0x80 : 0;
  const magnitude = Math.min(Math.abs(sample), 32_635) + 132;
  const exponent = Math.max(0, Math.floor(Math.log2(magnitude)) - 7);
  return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 0x0f)) & 0xff;
}

async function run(scenario: string, extra: readonly string[], options: SippOptions): Promise<RunningSipp> {
  const folder = mkdtempSync(join(tmpdir(), 'callfabric-sipp-'));
  const port = options.port ?? (await freePort());
  // Each call of SIPp takes the next two for itself.
  const media = await claimMediaPorts(mediaPorts);
  const values: ScenarioValues = { ...defaults, audio: toneFile(folder), ...options.values };
  const text = readFileSync(join(import.meta.dirname, 'scenarios', `${scenario}.xml`), 'latin1').replace(
    /\{\{(\w+)\}\}/g,
    (_, name: string) => {
      const value = values[name];
      if (value === undefined) throw new Error(`scenario ${scenario} wants a value for ${name}`);
      return String(value);
    },
  );
  const path = join(folder, 'scenario.xml');
  writeFileSync(path, text, 'latin1');
  const [errorFile, messageFile] = [join(folder, 'errors.log'), join(folder, 'messages.log')];
  const child = spawn(
    live.sipp,
    [
      `-sf ${path} -i 127.0.0.1 -p ${port} -mi 127.0.0.1 -mp ${media.first}`,
      `-m ${options.calls ?? 1} -r ${options.perSecond ?? 10} -timeout ${options.deadlineS ?? 40}s`,
      `-nostdin -timeout_error -trace_err -error_file ${errorFile} -trace_msg -message_file ${messageFile}`,
    ]
      .flatMap((line) => line.split(' '))
      .concat(extra),
    { cwd: folder, stdio: 'ignore', env: { ...process.env, TERM: 'dumb' } },
  );
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  const read = (file: string): string => {
    try {
      return readFileSync(file, 'latin1');
    } catch {
      return '';
    }
  };
  const done = once(child, 'exit').then(([code]): SippResult => {
    process.removeListener('exit', kill);
    media.release();
    const result = { good: code === 0, errors: read(errorFile), messages: read(messageFile) };
    rmSync(folder, { recursive: true, force: true });
    return result;
  });
  const deadline = Date.now() + 5000;
  while (child.exitCode === null && Date.now() < deadline && (await udpFree(port)))
    await new Promise((next) => setTimeout(next, 10));
  return {
    port,
    done,
    async stop() {
      child.kill('SIGKILL');
      await done;
    },
  };
}

/** A caller: dials `number` at FreeSWITCH on `sipPort` and does what `scenarios/<scenario>.xml` says. */
export function placeCall(
  scenario: string,
  sipPort: number,
  number: string,
  options: SippOptions = {},
): Promise<RunningSipp> {
  return run(scenario, ['-s', number, `127.0.0.1:${sipPort}`], options);
}

/** A callee: waits for calls on its `port` and does what `scenarios/<scenario>.xml` says. */
export function awaitCalls(scenario: string, options: SippOptions = {}): Promise<RunningSipp> {
  return run(scenario, [], options);
}
