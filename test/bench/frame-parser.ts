import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import { FreeSwitchResponse } from 'esl';
import type { EslEvent } from '../../daemon/esl/esl-event.ts';
import { FrameParser } from '../../daemon/esl/frame-parser.ts';
import { bytesFromSwitch, recordings } from '../unit/esl/recordings.ts';
import type { BenchRow } from './bench-row.ts';

/** What a controller reads of an event to go on with a call. */
const read = [
  'Unique-ID',
  'Application',
  'Application-UUID',
  'Answer-State',
  'variable_originate_disposition',
] as const;

/** A parser as the bench drives it: bytes in, and every event's five headers read. */
interface Contender {
  readonly name: string;
  feed(bytes: Buffer): void;
  eventsSeen(): number;
}

/** The recorded sockets as chunks of at most 64 KiB, which is what Node reads at once. */
function recordedChunks(): readonly Buffer[] {
  // The peers die of the invalid display name and read JSON otherwise, so they are spared both.
  const fit = recordings.filter((name) => !name.includes('bad_display') && !name.includes('.json.jsonl'));
  const bytes = Buffer.concat(fit.map((name) => bytesFromSwitch(name)));
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 65_536) chunks.push(bytes.subarray(at, at + 65_536));
  return chunks;
}

function callfabric(): Contender {
  let events = 0;
  const look = (event: EslEvent) => {
    for (const name of read) event.header(name);
    events += 1;
  };
  const parser = new FrameParser((frame) => {
    if (frame.contentType === 'text/event-plain') look(frame.event);
  });
  return { name: 'callfabric', feed: (bytes) => parser.push(bytes), eventsSeen: () => events };
}

/** As much of a socket as the peers touch. */
class FakeSocket extends EventEmitter {
  setKeepAlive(): this {
    return this;
  }
  setNoDelay(): this {
    return this;
  }
  end(): this {
    return this;
  }
}

const recordedEvents = [
  'CHANNEL_ANSWER',
  'CHANNEL_BRIDGE',
  'CHANNEL_EXECUTE',
  'CHANNEL_EXECUTE_COMPLETE',
  'CHANNEL_HANGUP',
  'CHANNEL_HANGUP_COMPLETE',
  'CHANNEL_PROGRESS',
  'CHANNEL_UNBRIDGE',
  'DTMF',
  'PLAYBACK_START',
  'PLAYBACK_STOP',
] as const;

function npmEsl(): Contender {
  let events = 0;
  const socket = new FakeSocket();
  const quiet = { debug() {}, info() {}, error() {} };
  const response = new FreeSwitchResponse(
    socket as unknown as ConstructorParameters<typeof FreeSwitchResponse>[0],
    quiet,
  );
  for (const name of recordedEvents) {
    response.on(name, ({ body }) => {
      const values: Readonly<Record<string, unknown>> = body;
      for (const header of read) void values[header];
      events += 1;
    });
  }
  return { name: 'esl', feed: (bytes) => void socket.emit('data', bytes), eventsSeen: () => events };
}

interface ModeslEvent {
  getHeader(name: string): string | undefined;
}
type ModeslParser = new (
  socket: EventEmitter,
) => { on(name: string, listener: (event: ModeslEvent, headers: Record<string, unknown>) => void): void };

function npmModesl(): Contender {
  let events = 0;
  const socket = new EventEmitter();
  const Parser: ModeslParser = createRequire(import.meta.url)('modesl/lib/esl/Parser.js');
  new Parser(socket).on('esl::event', (event, headers) => {
    if (headers['Content-Type'] !== 'text/event-plain') return;
    for (const name of read) event.getHeader(name);
    events += 1;
  });
  return { name: 'modesl', feed: (bytes) => void socket.emit('data', bytes), eventsSeen: () => events };
}

/** Events a second of one round over all chunks. */
function round(contender: Contender, chunks: readonly Buffer[]): number {
  const before = contender.eventsSeen();
  const start = process.hrtime.bigint();
  for (const chunk of chunks) contender.feed(chunk);
  const seconds = Number(process.hrtime.bigint() - start) / 1e9;
  return (contender.eventsSeen() - before) / seconds;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/** Events a second against `esl` and `modesl`: the same bytes, the same process, rounds interleaved, medians. */
export async function benchFrameParser(rounds = 40): Promise<BenchRow[]> {
  const chunks = recordedChunks();
  const ours = callfabric();
  const peers = [npmEsl(), npmModesl()];
  const rates = new Map<Contender, number[]>([ours, ...peers].map((contender) => [contender, []]));
  const warmUp = 5;
  for (let turn = 0; turn < warmUp + rounds; turn += 1) {
    for (const [contender, measured] of rates) {
      const rate = round(contender, chunks);
      if (turn >= warmUp) measured.push(rate);
    }
    // Lets timers and the collector breathe between rounds.
    await new Promise((resolve) => setImmediate(resolve));
  }
  const seen = ours.eventsSeen();
  const value = median(rates.get(ours) ?? []);
  return peers.map((peer) => {
    if (peer.eventsSeen() !== seen)
      throw new Error(`${peer.name} saw ${peer.eventsSeen()} events of ${seen}`);
    const ratio = value / median(rates.get(peer) ?? []);
    return {
      name: 'frame parser, recorded events',
      value: Math.round(value),
      unit: 'events/s',
      peer: peer.name,
      ratio: Math.round(ratio * 10) / 10,
      target: '>= 5 x',
      met: ratio >= 5,
    };
  });
}
