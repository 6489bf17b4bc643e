import { createServer, type Server } from 'node:net';

const eightSteps = [
  'answer',
  'set step=2',
  'playback silence_stream://0',
  'play_and_get_digits 1 1 1 1000 # silence_stream://0 silence_stream://0 choice \\d 1000',
  'set step=5',
  'multiset ^^;a=1;b=2',
  'export callfabric_daemon=echo',
  'set step=8',
].map((step) => {
  const blank = step.indexOf(' ');
  const app = blank < 0 ? step : step.slice(0, blank);
  const argument = blank < 0 ? '' : `execute-app-arg: ${step.slice(blank + 1)}\n`;
  return `sendmsg\ncall-command: execute\nexecute-app-name: ${app}\n${argument}\n`;
});
const opening =
  'connect\n\nmyevents plain\n\nfilter Event-Name CHANNEL_EXECUTE_COMPLETE\n\nfilter Event-Name CHANNEL_HANGUP\n\n';
const completion = Buffer.from('\nEvent-Name: CHANNEL_EXECUTE_COMPLETE\n', 'latin1');

function count(bytes: Buffer): number {
  let found = 0;
  for (let at = bytes.indexOf(completion); at >= 0; at = bytes.indexOf(completion, at + 1)) found++;
  return found;
}

/**
 * The least daemon there can be: eight steps a call, the next one sent when the last one completed, then a hangup.
 * It parses nothing, so that a measurement against it is the simulator's own.
 */
export class EchoController {
  readonly #server: Server;
  callsServed = 0;

  constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => {
      let step = 0;
      let opened = false;
      let tail: Buffer = Buffer.alloc(0);
      socket.on('error', () => undefined);
      socket.write(opening, 'latin1');
      socket.on('data', (bytes) => {
        if (!opened) {
          opened = true;
          socket.write(eightSteps[0] ?? '', 'latin1');
          return;
        }
        const seam = Buffer.concat([tail, bytes.subarray(0, completion.length - 1)]);
        const split = seam.indexOf(completion) >= 0 ? 1 : 0;
        tail = bytes.subarray(-(completion.length - 1));
        for (let left = split + count(bytes); left > 0; left--) {
          step++;
          socket.write(
            eightSteps[step] ?? 'sendmsg\ncall-command: hangup\nhangup-cause: NORMAL_CLEARING\n\n',
            'latin1',
          );
          if (step === eightSteps.length) this.callsServed++;
        }
      });
    });
  }

  async start(): Promise<number> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.listen(0, '127.0.0.1', resolve);
    await promise;
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  stop(): void {
    this.#server.close();
  }
}
