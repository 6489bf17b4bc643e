import { createServer, type Server, type Socket } from 'node:net';
import { resetSocket } from '../../../ops/switch-simulator/reset-socket.ts';
import { cutFrames, headersOf } from './recording.ts';

/** What a test's daemon may do on one call's socket. */
export interface CallSocket {
  /** The headers of CHANNEL_DATA. */
  readonly channelData: ReadonlyMap<string, string>;
  /** All frames so far, as headers. */
  readonly frames: readonly ReadonlyMap<string, string>[];
  /** Writes raw commands. */
  send(text: string): void;
  /** Runs applications in one packet and resolves with the completion of the last one. */
  execute(...applications: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** Resolves with the first frame, past or to come, that fits. */
  frame(fits: (headers: ReadonlyMap<string, string>) => boolean): Promise<ReadonlyMap<string, string>>;
  hangUp(cause?: string): void;
  reset(): void;
}

/** A daemon made of one function a call; independent of daemon/esl, so that the two check each other. */
export class ScriptedDaemon {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  calls = 0;

  constructor(serve: (call: CallSocket) => Promise<void> | void) {
    this.#server = createServer((socket) => {
      this.calls++;
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
      handle(socket, serve);
    });
  }

  async start(): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.listen(0, '127.0.0.1', resolve);
    await promise;
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : '';
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

function handle(socket: Socket, serve: (call: CallSocket) => Promise<void> | void): void {
  const frames: ReadonlyMap<string, string>[] = [];
  const waits: {
    fits: (headers: ReadonlyMap<string, string>) => boolean;
    resolve: (headers: ReadonlyMap<string, string>) => void;
  }[] = [];
  let rest = '';
  let executed = 0;
  const frame: CallSocket['frame'] = (fits) => {
    const known = frames.find(fits);
    if (known !== undefined) return Promise.resolve(known);
    const { promise, resolve } = Promise.withResolvers<ReadonlyMap<string, string>>();
    waits.push({ fits, resolve });
    return promise;
  };
  const call = (channelData: ReadonlyMap<string, string>): CallSocket => ({
    channelData,
    frames,
    frame,
    send: (text) => socket.write(text, 'latin1'),
    execute: (...applications) => {
      const packet = applications.map((application) => {
        const blank = application.indexOf(' ');
        const app = blank < 0 ? application : application.slice(0, blank);
        const argument = blank < 0 ? '' : `execute-app-arg: ${application.slice(blank + 1)}\n`;
        return `sendmsg\ncall-command: execute\nexecute-app-name: ${app}\n${argument}event-uuid: run-${++executed}\n\n`;
      });
      socket.write(packet.join(''), 'latin1');
      const last = `run-${executed}`;
      return frame(
        (headers) =>
          headers.get('Event-Name') === 'CHANNEL_EXECUTE_COMPLETE' &&
          headers.get('Application-UUID') === last,
      );
    },
    hangUp: (cause = 'NORMAL_CLEARING') =>
      socket.write(`sendmsg\ncall-command: hangup\nhangup-cause: ${cause}\n\n`),
    reset: () => resetSocket(socket),
  });
  socket.write('connect\n\n');
  socket.on('data', (bytes) => {
    const cut = cutFrames(rest + bytes.toString('latin1'));
    rest = cut.rest;
    for (const text of cut.frames) {
      const headers = headersOf(text);
      frames.push(headers);
      if (headers.get('Event-Name') === 'CHANNEL_DATA') {
        socket.write('myevents plain\n\n');
        void serve(call(headers));
      }
      for (const wait of waits.filter(({ fits }) => fits(headers))) {
        waits.splice(waits.indexOf(wait), 1);
        wait.resolve(headers);
      }
    }
  });
}
