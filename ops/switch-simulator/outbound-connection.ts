import { connect, type Socket } from 'node:net';
import { toHangupCause } from '../../daemon/telephony/hangup-cause.ts';
import { runApplication } from './application.ts';
import { ProfileText } from './caller-profile.ts';
import { CommandReader, type SocketCommand } from './command-reader.ts';
import { EventListener } from './event-listener.ts';
import type { Leg } from './leg.ts';
import { hangUp } from './leg-end.ts';
import { SocketOutput } from './socket-output.ts';
import type { SwitchTimer } from './switch-clock.ts';
import type { EventSink, SwitchCore } from './switch-core.ts';
import type { SwitchEvent } from './switch-event.ts';

const goodbye = 'Disconnected, goodbye.\nSee you at ClueCon! http://www.cluecon.com/\n';
/** mod_event_socket waits this long for the first command. */
const firstCommandMs = 25_000;
/** One buffer for all sockets: what is read is taken out of it at once. */
const readBuffer = Buffer.allocUnsafe(65_536);

/**
 * A synchronous outbound socket (mod_event_socket.c socket_function without `async`): commands run in the channel's
 * own thread, one after the other. While an application runs nothing is read, and events wait for its end. A daemon
 * that is gone is noticed only then.
 */
export class OutboundConnection implements EventSink {
  readonly #core: SwitchCore;
  readonly #leg: Leg;
  readonly #socket: Socket;
  readonly #over: () => void;
  readonly #reader = new CommandReader();
  readonly #listener = new EventListener();
  readonly #full: boolean;
  readonly #queued = new SocketOutput();
  /** The CHANNEL_HANGUP of our own `sendmsg hangup`, which a lingering socket gets after its notice. */
  readonly #late = new SocketOutput();
  readonly #out = new SocketOutput();
  #hangingUp = false;
  #started = false;
  #busy = false;
  #pumping = false;
  #peerGone = false;
  #closed = false;
  #lingerSeconds: number | undefined;
  #lingering: SwitchTimer | undefined;
  #impatience: SwitchTimer | undefined;
  #subscribed = false;

  private constructor(core: SwitchCore, leg: Leg, socket: Socket, full: boolean, over: () => void) {
    this.#core = core;
    this.#leg = leg;
    this.#socket = socket;
    this.#full = full;
    this.#over = over;
  }

  /**
   * Connects to one daemon. `over` is called once, when FreeSWITCH would go on with the next dialplan action;
   * `refused` instead where nobody listens.
   */
  static open(
    core: SwitchCore,
    leg: Leg,
    address: { readonly host: string; readonly port: number; readonly full: boolean },
    over: () => void,
    refused: () => void,
  ): void {
    let connection: OutboundConnection | undefined;
    const socket = connect({
      host: address.host,
      port: address.port,
      noDelay: true,
      allowHalfOpen: true,
      onread: {
        buffer: readBuffer,
        callback: (length) => {
          if (connection !== undefined) connection.#read(readBuffer.toString('latin1', 0, length));
          return true;
        },
      },
    });
    core.wires.add(socket);
    socket.on('error', () => undefined);
    socket.once('close', () => {
      core.wires.delete(socket);
      if (connection === undefined) refused();
    });
    socket.once('connect', () => {
      connection = new OutboundConnection(core, leg, socket, address.full, over);
      connection.#begin();
    });
  }

  /** The leg ended; where no application was running, nothing else would tell. */
  legEnded(): void {
    if (!this.#busy) this.#pump();
  }

  offer(event: SwitchEvent): void {
    if (this.#closed || !this.#subscribed) return;
    // The CHANNEL_HANGUP of our own `sendmsg hangup` comes too late for this socket unless it lingers.
    if (this.#hangingUp && this.#lingerSeconds === undefined) return;
    // Also lost: that of a caller who hangs up while nothing runs (live/idle_hangup): a disconnect notice is all.
    const idle = !this.#busy && !this.#pumping && this.#lingerSeconds === undefined;
    if (idle && event.name === 'CHANNEL_HANGUP') return;
    if (!this.#listener.wants(event)) return;
    // The text is made now: the leg will have changed by the time it is written.
    const frame = event.frame(this.#listener.format);
    if (this.#hangingUp) {
      this.#late.addAll(frame);
      return;
    }
    this.#queued.addAll(frame);
    if (!this.#busy && !this.#pumping && !this.#leg.down) this.#pump();
  }

  #begin(): void {
    this.#core.sockets.set(this.#leg.uuid, this);
    this.#impatience = this.#core.clock.after(firstCommandMs, () => {
      if (!this.#started) this.#close();
    });
    const gone = () => {
      this.#impatience?.cancel();
      this.#peerGone = true;
      if (!this.#busy) this.#pump();
    };
    this.#socket.on('end', gone);
    this.#socket.on('close', gone);
    if (this.#leg.down) this.#pump();
  }

  #read(bytes: string): void {
    if (this.#closed) return;
    if (!this.#started) this.#impatience?.cancel();
    this.#reader.push(bytes);
    if (!this.#busy) this.#pump();
  }

  #pump(): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    while (!this.#busy && !this.#closed) {
      // One byte of a further command keeps events back, and a leg that is down ends it before they are sent.
      const more = this.#reader.pending;
      if (!more) this.#out.take(this.#queued);
      if (this.#leg.down && this.#lingering === undefined) {
        if (this.#lingerSeconds === undefined) {
          this.#close();
          break;
        }
        this.#beginLinger(this.#lingerSeconds);
      }
      const command = more ? this.#reader.next() : undefined;
      if (command === undefined) {
        if (this.#peerGone) this.#close();
        break;
      }
      this.#run(command);
    }
    this.#pumping = false;
    this.#out.flush(this.#socket);
  }

  #reply(text: string): void {
    this.#out.add(`Content-Type: command/reply\nReply-Text: ${text}\n\n`);
  }

  #run(command: SocketCommand): void {
    this.#started = true;
    const [verb = '', ...words] = command.line.split(' ').filter((word) => word !== '');
    switch (verb.toLowerCase()) {
      case 'connect':
        this.#connect();
        break;
      case 'myevents':
        if (this.#subscribed) this.#reply('-ERR aready enabled.');
        else {
          this.#reply(this.#listener.myEvents(words));
          this.#subscribed = true;
        }
        break;
      case 'event':
        this.#reply(this.#listener.event(words));
        this.#subscribed = true;
        break;
      case 'filter':
        this.#reply(this.#listener.filter(command.line.slice('filter '.length)));
        break;
      case 'linger':
        this.#lingerSeconds = words[0] === undefined ? -1 : Number.parseInt(words[0], 10) || 0;
        this.#reply(
          this.#lingerSeconds < 0 ? '+OK will linger' : `+OK will linger ${this.#lingerSeconds} seconds`,
        );
        break;
      case 'nolinger':
        this.#lingerSeconds = undefined;
        this.#reply('+OK will not linger');
        break;
      case 'getvar':
        this.#reply(this.#leg.variables.get(words[0] ?? '') ?? '');
        break;
      case 'resume':
        this.#leg.variables.set('socket_resume', 'true');
        this.#reply('+OK');
        break;
      case 'sendmsg':
        this.#message(command, words[0]);
        break;
      case 'exit':
      case '...':
        this.#reply('+OK bye');
        this.#close();
        break;
      default:
        this.#reply('-ERR command not found');
    }
  }

  #connect(): void {
    const { profile, times } = this.#leg;
    const data = this.#core.event('CHANNEL_DATA', this.#leg, {
      before: new ProfileText('Channel', profile).render(profile.callee, times),
      after: `Content-Type: command/reply\nReply-Text: %2BOK%0A\nSocket-Mode: static\nControl: ${this.#full ? 'full' : 'single-channel'}\n`,
    });
    this.#out.addAll(data.plain());
  }

  #message(command: SocketCommand, target: string | undefined): void {
    const { headers } = command;
    const uuid = target ?? headers.get('session-id');
    if (uuid !== undefined && uuid !== this.#leg.uuid) {
      this.#reply(`-ERR invalid session id [${uuid}]`);
      return;
    }
    const action = headers.get('call-command')?.toLowerCase();
    if (action === 'hangup') {
      const cause = headers.get('hangup-cause');
      this.#hangingUp = true;
      hangUp(this.#core, this.#leg, {
        cause: cause === undefined ? 'NORMAL_CLEARING' : toHangupCause(cause.toUpperCase()),
      });
      this.#hangingUp = false;
      this.#reply('+OK');
      return;
    }
    const app = headers.get('execute-app-name');
    if (action !== 'execute' || app === undefined) {
      this.#reply('+OK');
      return;
    }
    const counted = headers.get('content-type')?.toLowerCase() === 'text/plain';
    const argument = headers.get('execute-app-arg') ?? '';
    this.#execute(
      app,
      argument === '' && counted ? command.body : argument,
      headers.get('event-uuid'),
      Number.parseInt(headers.get('loops') ?? '1', 10) || 1,
    );
  }

  #execute(app: string, argument: string, uuid: string | undefined, loops: number): void {
    this.#busy = true;
    const { variables } = this.#leg;
    let loop = 0;
    this.#leg.loopsBroken = false;
    const once = () => {
      loop++;
      const beganUs = this.#core.clock.nowUs();
      variables.set('current_loop', String(loop));
      variables.set('total_loops', String(loops));
      runApplication(this.#core, this.#leg, { app, argument, uuid }, () => {
        const shortRun = this.#core.clock.nowUs() - beganUs < 500_000;
        if (!this.#leg.down && !this.#leg.loopsBroken && !shortRun && (loops < 0 || loop < loops)) {
          once();
          return;
        }
        variables.set('current_loop', undefined);
        variables.set('total_loops', undefined);
        this.#reply('+OK');
        // The reply goes before the events of the run, which are still queued.
        this.#busy = false;
        this.#pump();
      });
    };
    once();
  }

  #beginLinger(seconds: number): void {
    this.#out.add(
      `Content-Type: text/disconnect-notice\nControlled-Session-UUID: ${this.#leg.uuid}\n` +
        `Content-Disposition: linger\nChannel-Name: ${this.#leg.profile.channelName}\n` +
        `Linger-Time: ${seconds}\nContent-Length: 0\n\n`,
    );
    this.#out.take(this.#late);
    this.#lingering = this.#core.clock.after(seconds < 0 ? 3_600_000 : seconds * 1000, () => this.#close());
  }

  #close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#lingering?.cancel();
    this.#impatience?.cancel();
    this.#out.add(
      `Content-Type: text/disconnect-notice\nControlled-Session-UUID: ${this.#leg.uuid}\n` +
        `Content-Disposition: disconnect\nContent-Length: ${goodbye.length}\n\n${goodbye}`,
    );
    this.#out.flush(this.#socket);
    if (this.#socket.writable) this.#socket.end();
    if (this.#peerGone) this.#socket.destroy();
    else this.#socket.once('end', () => this.#socket.destroy());
    this.#core.sockets.delete(this.#leg.uuid);
    this.#over();
  }
}
