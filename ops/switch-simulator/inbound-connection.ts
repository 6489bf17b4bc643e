import type { Socket } from 'node:net';
import { runApi } from './api-command.ts';
import { CommandReader, type SocketCommand } from './command-reader.ts';
import { EventListener } from './event-listener.ts';
import { encodeHeader } from './header-encoding.ts';
import { resetSocket } from './reset-socket.ts';
import { SocketOutput } from './socket-output.ts';
import type { EventSink, SwitchCore } from './switch-core.ts';
import type { SwitchEvent } from './switch-event.ts';
import { newUuid } from './uuid.ts';

/** A client of the event socket: it must authenticate, then asks for events and runs API commands. */
export class InboundConnection implements EventSink {
  readonly #core: SwitchCore;
  readonly #socket: Socket;
  readonly #password: string;
  readonly #reader = new CommandReader();
  readonly #events = new EventListener();
  #authenticated = false;
  readonly #out = new SocketOutput();
  #scheduled = false;
  #leaving = false;

  constructor(core: SwitchCore, socket: Socket, password: string) {
    this.#core = core;
    this.#socket = socket;
    this.#password = password;
  }

  start(): void {
    this.#send('Content-Type: auth/request\n\n');
    this.#socket.on('data', (bytes: Buffer) => {
      this.#reader.push(bytes.toString('latin1'));
      for (let command = this.#reader.next(); command !== undefined; command = this.#reader.next())
        this.#run(command);
    });
  }

  offer(event: SwitchEvent): void {
    if (this.#events.wants(event)) this.#sendAll(event.frame(this.#events.format));
  }

  destroy(): void {
    this.#core.listeners.delete(this);
    resetSocket(this.#socket);
  }

  /**
   * Gathers what one turn of the event loop produces, of all calls, into one write: FreeSWITCH's listener, too, is a
   * thread of its own that sends what has queued up meanwhile.
   */
  #send(text: string): void {
    this.#out.add(text);
    this.#schedule();
  }

  #sendAll(pieces: readonly string[]): void {
    this.#out.addAll(pieces);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    this.#out.flush(this.#socket);
    if (this.#leaving) this.#socket.end();
  }

  #reply(text: string): void {
    this.#send(`Content-Type: command/reply\nReply-Text: ${text}\n\n`);
  }

  #run(command: SocketCommand): void {
    const [verb = '', ...words] = command.line.split(' ').filter((word) => word !== '');
    const name = verb.toLowerCase();
    if (name === 'exit' || name === '...') {
      this.#reply('+OK bye');
      this.#bye();
      return;
    }
    if (!this.#authenticated) {
      this.#authenticate(name, words.join(' '));
      return;
    }
    const rest = command.line.slice(verb.length + 1).trim();
    switch (name) {
      case 'event':
        this.#reply(this.#events.event(words));
        break;
      case 'nixevent':
        this.#reply(this.#events.nixEvent(words));
        break;
      case 'noevents':
        this.#reply(this.#events.noEvents());
        break;
      case 'filter':
        this.#reply(this.#events.filter(rest));
        break;
      case 'log':
        this.#reply(`+OK log level ${rest} [7]`);
        break;
      case 'api':
        runApi(this.#core, rest, (text) => {
          const shown = text === '' ? '-ERR no reply\n' : text;
          this.#send(
            `Content-Type: api/response\nContent-Length: ${Buffer.byteLength(shown, 'latin1')}\n\n${shown}`,
          );
        });
        break;
      case 'sendevent':
        this.#fire(command);
        break;
      case 'bgapi':
        this.#background(rest, command.headers.get('job-uuid') ?? newUuid());
        break;
      default:
        this.#reply('-ERR command not found');
    }
  }

  /** A CUSTOM event of the client's own making. */
  #fire({ line, headers }: SocketCommand): void {
    const uuid = newUuid();
    this.#reply(`+OK ${uuid}`);
    const told = [...headers, ['command', line], ['event-uuid', uuid]] as const;
    const lines = told.map(([name, value]) => `${titled(name)}: ${encodeHeader(value)}\n`);
    this.#core.send(this.#core.event('CUSTOM', undefined, { after: lines.join('') }));
  }

  #authenticate(name: string, argument: string): void {
    if (name === 'auth' && argument === this.#password) {
      this.#authenticated = true;
      this.#core.listeners.add(this);
      this.#reply('+OK accepted');
    } else if (name === 'auth') {
      this.#reply('-ERR invalid');
      this.#bye();
    } else this.#reply('-ERR command not found');
  }

  #background(line: string, job: string): void {
    this.#send(`Content-Type: command/reply\nReply-Text: +OK Job-UUID: ${job}\nJob-UUID: ${job}\n\n`);
    const [command = '', ...argument] = line.split(' ');
    runApi(this.#core, line, (text) =>
      this.#core.send(
        this.#core.event('BACKGROUND_JOB', undefined, {
          after:
            `Job-UUID: ${job}\nJob-Command: ${encodeHeader(command)}\n` +
            (argument.length === 0 ? '' : `Job-Command-Arg: ${encodeHeader(argument.join(' '))}\n`),
          body: text === '' ? 'Command returned no output!' : text,
        }),
      ),
    );
  }

  #bye(): void {
    this.#core.listeners.delete(this);
    const text = 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n';
    this.#send(`Content-Type: text/disconnect-notice\nContent-Length: ${text.length}\n\n${text}`);
    this.#leaving = true;
  }
}

/** `event-subclass` as it is written: the reader keeps names in lower case, and names compare without case. */
function titled(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()).replace('Uuid', 'UUID');
}
