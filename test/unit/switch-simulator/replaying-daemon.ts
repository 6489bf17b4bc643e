import { createServer, type Server, type Socket } from 'node:net';
import { resetSocket } from '../../../ops/switch-simulator/reset-socket.ts';
import { cutFrames, headersOf, type RecordedStep } from './recording.ts';

/**
 * A daemon that says what a recorded one said: each command is sent once as many frames have come as had come before
 * it in the recording. The recorded channel's uuid in a command becomes the uuid of the channel this daemon was given.
 */
export class ReplayingDaemon {
  readonly frames: string[] = [];
  /** Resolves when the connection is over. */
  readonly closed: Promise<void>;
  readonly #steps: readonly RecordedStep[];
  readonly #server: Server;
  readonly #over: () => void;
  #next = 0;
  #framesDue = 0;
  #rest = '';

  constructor(steps: readonly RecordedStep[]) {
    this.#steps = steps;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#over = resolve;
    this.#server = createServer((socket) => this.#serve(socket));
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
  }

  #serve(socket: Socket): void {
    socket.on('error', () => undefined);
    socket.on('close', () => this.#over());
    socket.on('data', (bytes) => {
      const { frames, rest } = cutFrames(this.#rest + bytes.toString('latin1'));
      this.#rest = rest;
      this.frames.push(...frames);
      this.#speak(socket);
    });
    this.#speak(socket);
  }

  #speak(socket: Socket): void {
    for (let step = this.#steps[this.#next]; step !== undefined; step = this.#steps[this.#next]) {
      if (step.kind === 'frame') {
        if (this.frames.length <= this.#framesDue) return;
        this.#framesDue++;
      } else if (step.kind === 'command') socket.write(this.asReplayed(step.text), 'latin1');
      else resetSocket(socket);
      this.#next++;
    }
  }

  /** What was recorded, said of the channel this daemon was given. */
  asReplayed(text: string): string {
    const recorded = this.#steps.find((step) => step.kind === 'frame');
    const uuidIn = (frame: string | undefined): string | undefined =>
      frame === undefined ? undefined : headersOf(frame).get('Unique-ID');
    const [from, to] = [uuidIn(recorded?.text), uuidIn(this.frames[0])];
    return from === undefined || to === undefined ? text : text.replaceAll(from, to);
  }
}
