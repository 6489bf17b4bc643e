import { connect, createServer, type Server, type Socket } from 'node:net';
import { resetSocket } from '../../ops/switch-simulator/reset-socket.ts';
import { freePort } from './free-ports.ts';

/** One message from FreeSWITCH. `event` holds the decoded headers of the event inside, or of a CHANNEL_DATA reply. */
export interface Frame {
  readonly head: ReadonlyMap<string, string>;
  readonly body: string;
  readonly event: ReadonlyMap<string, string>;
}

function headers(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split('\n')) {
    const colon = line.indexOf(': ');
    if (colon <= 0) continue;
    const value = line.slice(colon + 2);
    found.set(line.slice(0, colon), /%[0-9A-F]{2}/i.test(value) ? unescapeBytes(value) : value);
  }
  return found;
}

/** `%XX` to bytes, as latin1: what is not valid UTF-8 must show as it came. */
function unescapeBytes(text: string): string {
  return text.replace(/%([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

export const eventName = (frame: Frame): string => frame.event.get('Event-Name') ?? '';
export const completed =
  (application: string) =>
  (frame: Frame): boolean =>
    eventName(frame) === 'CHANNEL_EXECUTE_COMPLETE' && frame.event.get('Application') === application;

/** Where the bytes of a socket go besides: one JSON object a line, as in test/fixtures/transcripts. */
export type Recorder = (entry: {
  conn: number;
  dir: 'freeswitch>daemon' | 'daemon>freeswitch' | 'close';
  data?: string;
}) => void;

/**
 * One event socket, inbound or outbound, without the project's own code: what the live tests check the switch with.
 * Keeps every frame; `next` waits for one that has not been handed out yet.
 */
export class EventSocket {
  readonly frames: Frame[] = [];
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #record: Recorder | undefined;
  readonly #conn: number;
  readonly #taken = new Set<Frame>();
  readonly #waiting = new Set<() => void>();
  #pending = '';
  #over = false;

  constructor(socket: Socket, record?: Recorder, conn = 1) {
    this.#socket = socket;
    this.#record = record;
    this.#conn = conn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    socket.setNoDelay(true).setEncoding('latin1');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#over = true;
      record?.({ conn, dir: 'close' });
      this.#wake();
      resolve();
    });
  }

  get over(): boolean {
    return this.#over;
  }

  send(text: string): void {
    this.#record?.({ conn: this.#conn, dir: 'daemon>freeswitch', data: text });
    this.#socket.write(text, 'latin1');
  }

  /** Writes applications in one packet. */
  execute(...applications: readonly (readonly [app: string, arg?: string | undefined])[]): void {
    this.send(
      applications
        .map(
          ([app, arg]) =>
            `sendmsg\ncall-command: execute\nexecute-app-name: ${app}\n${arg === undefined ? '' : `execute-app-arg: ${arg}\n`}\n`,
        )
        .join(''),
    );
  }

  /** Runs one application and resolves with its completion. */
  async run(app: string, arg?: string, deadlineMs = 15_000): Promise<Frame> {
    this.execute([app, arg]);
    return this.next(completed(app), deadlineMs, `completion of ${app} ${arg ?? ''}`);
  }

  /** An `api` command's answer. */
  async api(command: string): Promise<string> {
    this.send(`api ${command}\n\n`);
    const frame = await this.next(
      (one) => one.head.get('Content-Type') === 'api/response',
      10_000,
      `answer to api ${command}`,
    );
    return frame.body;
  }

  /** The first frame, come or to come, that fits and was not handed out before. */
  async next(fits: (frame: Frame) => boolean, deadlineMs: number, what: string): Promise<Frame> {
    const signal = AbortSignal.timeout(deadlineMs);
    for (;;) {
      const frame = this.frames.find((one) => !this.#taken.has(one) && fits(one));
      if (frame !== undefined) {
        this.#taken.add(frame);
        return frame;
      }
      if (this.#over) throw new Error(`socket closed before: ${what}`);
      if (signal.aborted)
        throw new Error(
          `not within ${deadlineMs} ms: ${what}; last: ${this.frames
            .slice(-3)
            .map(
              (one) =>
                `${eventName(one)} ${one.event.get('Application') ?? ''} ${one.head.get('Reply-Text') ?? ''}`,
            )
            .join(' | ')}`,
        );
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting.add(resolve);
      signal.addEventListener('abort', () => resolve(), { once: true });
      await promise;
      this.#waiting.delete(resolve);
    }
  }

  event(name: string, deadlineMs = 10_000): Promise<Frame> {
    return this.next((frame) => eventName(frame) === name, deadlineMs, `event ${name}`);
  }

  /** A TCP reset, as from a killed process. */
  reset(): void {
    resetSocket(this.#socket);
  }

  close(): void {
    this.#socket.destroy();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
  }

  #take(text: string): void {
    this.#record?.({ conn: this.#conn, dir: 'freeswitch>daemon', data: text });
    this.#pending += text;
    for (;;) {
      const end = this.#pending.indexOf('\n\n');
      if (end < 0) break;
      const head = headers(this.#pending.slice(0, end));
      const length = Number(head.get('Content-Length') ?? 0);
      if (this.#pending.length < end + 2 + length) break;
      const body = this.#pending.slice(end + 2, end + 2 + length);
      this.#pending = this.#pending.slice(end + 2 + length);
      const event = head.has('Event-Name')
        ? head
        : head.get('Content-Type') === 'text/event-plain'
          ? headers(body)
          : new Map();
      this.frames.push({ head, body, event });
    }
    this.#wake();
  }
}

/** An authenticated inbound connection, or an Error with FreeSWITCH's own word. */
export async function dialEventSocket(
  port: number,
  password: string,
  record?: Recorder,
): Promise<EventSocket> {
  const socket = new EventSocket(connect(port, '127.0.0.1'), record, 1000);
  const word = (type: string) => (frame: Frame) => frame.head.get('Content-Type') === type;
  await socket.next(word('auth/request'), 5000, 'auth/request');
  socket.send(`auth ${password}\n\n`);
  const reply = await socket.next(word('command/reply'), 5000, 'answer to auth');
  if (reply.head.get('Reply-Text') === '+OK accepted') return socket;
  socket.close();
  throw new Error(reply.head.get('Reply-Text') ?? 'no answer');
}

/** A daemon made of one hand: takes FreeSWITCH's outbound sockets, one at a time, and lets the test speak. */
export interface ScriptedDaemon {
  readonly port: number;
  /** How many sockets came in all. */
  readonly offered: number;
  /** The next call, after `connect` and the subscription; its first frame is the CHANNEL_DATA. */
  nextCall(deadlineMs?: number): Promise<{ readonly socket: EventSocket; readonly channelData: Frame }>;
  /** Stops listening and resets what is open: a killed daemon. */
  kill(): Promise<void>;
}

export async function startScriptedDaemon(
  options: {
    readonly record?: Recorder;
    readonly port?: number;
    /** What asks for a call's events, after `connect`. Default: `myevents`. */
    readonly subscription?: (channelUuid: string) => { readonly text: string; readonly replies: number };
  } = {},
): Promise<ScriptedDaemon> {
  const port = options.port ?? (await freePort());
  const sockets: EventSocket[] = [];
  const waiting = new Set<() => void>();
  let handed = 0;
  const server: Server = createServer((socket) => {
    sockets.push(new EventSocket(socket, options.record, sockets.length + 1));
    for (const resolve of waiting) resolve();
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    port,
    get offered() {
      return sockets.length;
    },
    async nextCall(deadlineMs = 10_000) {
      const signal = AbortSignal.timeout(deadlineMs);
      let socket = sockets[handed];
      while (socket === undefined) {
        if (signal.aborted) throw new Error(`no call was offered within ${deadlineMs} ms`);
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
        await promise;
        waiting.delete(resolve);
        socket = sockets[handed];
      }
      handed += 1;
      socket.send('connect\n\n');
      const channelData = await socket.next((frame) => frame.event.size > 0, 5000, 'CHANNEL_DATA');
      const uuid = channelData.event.get('Unique-ID') ?? '';
      const { text, replies } = options.subscription?.(uuid) ?? { text: 'myevents\n\n', replies: 1 };
      socket.send(text);
      for (let reply = 0; reply < replies; reply += 1)
        await socket.next((frame) => frame.head.get('Content-Type') === 'command/reply', 5000, text);
      return { socket, channelData };
    },
    async kill() {
      for (const socket of sockets) socket.reset();
      if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
