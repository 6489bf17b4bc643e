import type { Socket } from 'node:net';
import {
  type Application,
  channelEventsCommand,
  connectCommand,
  executeMessage,
  hangupMessage,
} from './command.ts';
import { EslReplyError, FrameError } from './esl-error.ts';
import type { EslEvent } from './esl-event.ts';
import type { Frame } from './frame.ts';
import { FrameParser } from './frame-parser.ts';
import { type OutboundSocket, type SocketEnd, SocketEnded } from './outbound-socket.ts';
import { readShared } from './shared-read.ts';

/**
 * The events a call needs on its command socket; each costs FreeSWITCH a serialisation and us 5 KB. Answers, bridges
 * and the ends of legs come as facts from the inbound connection.
 */
const wantedEvents = ['CHANNEL_EXECUTE_COMPLETE', 'CHANNEL_HANGUP'] as const;
/** More unread commands than this means that FreeSWITCH does not read any more. */
const maxUnsentBytes = 1024 * 1024;
const hangupDeadlineMs = 5000;

/** Names applications; its start differs between daemons, so that a takeover never sees the name of another's. */
const namesStart = `cf${Math.floor(Math.random() * 0xffff_ffff).toString(36)}`;
let namesGiven = 0;

interface Waiting {
  readonly completion: string;
  readonly app: string;
  readonly resolve: (event: EslEvent) => void;
  readonly reject: (error: Error) => void;
}

/** What became of a socket before FreeSWITCH answered `connect`, or that it did. */
export interface CallSocketEvents {
  /** The answer to `connect` came: the call may begin. */
  connected(socket: CallSocket): void;
  /** Once, after everything that waited was told. */
  ended(end: SocketEnd): void;
}

/** One call's command socket. Everything registered on the TCP socket is taken off it when it closes. */
export class CallSocket implements OutboundSocket {
  readonly remoteAddress: string;
  readonly #socket: Socket;
  readonly #events: CallSocketEvents;
  readonly #parser: FrameParser;
  #listeners: readonly ((event: EslEvent) => void)[] = [];
  #endListener: ((end: SocketEnd) => void) | undefined;
  /** One entry for every reply still to come; undefined for those of the wanted events and of hangup. */
  readonly #replies: (Waiting | undefined | 'told')[] = [];
  /** One or two at a time: a list made anew takes less than a Map, and far less while a call only talks. */
  #waiting: readonly Waiting[] = [];
  #channelData: EslEvent | undefined;
  #connected = false;
  #hangup: EslEvent | undefined;
  #end: SocketEnd | undefined;
  #ended: AbortController | undefined;
  #deadline: NodeJS.Timeout | undefined;
  /** Commands of this turn, written together at its end; before a call's first command, what goes ahead of it. */
  #out = '';
  #flushing = false;

  constructor(socket: Socket, events: CallSocketEvents) {
    this.remoteAddress = socket.remoteAddress ?? '';
    this.#socket = readShared(socket, (bytes) => this.#read(bytes));
    this.#events = events;
    this.#parser = new FrameParser((frame) => this.#take(frame));
  }

  /** Asks for the channel. FreeSWITCH sends nothing by itself, and drops a socket that says nothing for 25 s. */
  start(connectDeadlineMs: number): void {
    const socket = this.#socket;
    socket.setNoDelay(true);
    // A machine that lost its power answers no probe: its calls must not wait here for ever.
    socket.setKeepAlive(true, 15_000);
    socket.on('error', (error) => this.#over('reset', error.message));
    socket.on('close', () => {
      this.#over('closed', 'the connection was closed');
      socket.removeAllListeners();
    });
    this.#deadline = setTimeout(
      () => this.#over('timeout', `no answer to connect within ${connectDeadlineMs} ms`),
      connectDeadlineMs,
    );
    socket.write(connectCommand);
  }

  get channelData(): EslEvent {
    if (this.#channelData === undefined)
      throw new Error(
        this.#connected ? 'the channel data is forgotten by now' : 'the socket is not connected yet',
      );
    return this.#channelData;
  }

  forgetChannelData(): void {
    this.#channelData = undefined;
  }

  get ended(): AbortSignal {
    if (this.#ended === undefined) {
      this.#ended = new AbortController();
      if (this.#end !== undefined) this.#ended.abort(new SocketEnded(this.#end));
    }
    return this.#ended.signal;
  }

  execute(applications: readonly Application[]): Promise<EslEvent> {
    const last = applications.at(-1);
    if (last === undefined) return Promise.reject(new RangeError('no application to execute'));
    if (this.#end !== undefined) return Promise.reject(new SocketEnded(this.#end));
    namesGiven += 1;
    const completion = `${namesStart}-${namesGiven}`;
    let text = '';
    try {
      for (const application of applications)
        text += executeMessage(application, application === last ? completion : undefined);
    } catch (error) {
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      const waiting = { completion, app: last.app, resolve, reject };
      this.#waiting = this.#waiting.concat(waiting);
      for (let n = 0; n < applications.length; n += 1) this.#replies.push(waiting);
      this.#write(text);
    });
  }

  tell(applications: readonly Application[]): void {
    let text = '';
    for (const application of applications) text += executeMessage(application);
    if (this.#end !== undefined) return;
    for (let n = 0; n < applications.length; n += 1) this.#replies.push('told');
    this.#write(text);
  }

  async hangup(cause: string): Promise<void> {
    const message = hangupMessage(cause);
    if (this.#end !== undefined) return;
    const { ended } = this;
    this.#replies.push(undefined);
    this.#write(message);
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(
      () => this.#over('timeout', `not over ${hangupDeadlineMs} ms after hangup`),
      hangupDeadlineMs,
    );
    if (!ended.aborted)
      await new Promise<void>((resolve) => ended.addEventListener('abort', () => resolve(), { once: true }));
  }

  close(): void {
    this.#over('closed', 'closed by us');
  }

  onEvent(listener: (event: EslEvent) => void): void {
    this.#listeners = this.#listeners.concat(listener);
  }

  onEnd(listener: (end: SocketEnd) => void): void {
    if (this.#end === undefined) this.#endListener = listener;
    else listener(this.#end);
  }

  #read(chunk: Buffer): void {
    try {
      this.#parser.push(chunk);
    } catch (error) {
      if (error instanceof FrameError) this.#over('refused', error.message);
      else this.#over('refused', `a listener threw: ${String(error)}`);
    }
  }

  #write(text: string): void {
    if (this.#socket.writableLength > maxUnsentBytes) {
      this.#over('refused', `FreeSWITCH left ${this.#socket.writableLength} bytes of commands unread`);
      return;
    }
    if (!this.#flushing) {
      this.#flushing = true;
      process.nextTick(this.#flush);
    }
    this.#out += text;
  }

  /** A write is the dearest thing a step does: an answer and the prompt after it go in one. */
  readonly #flush = (): void => {
    const text = this.#out;
    this.#out = '';
    this.#flushing = false;
    if (this.#end === undefined) this.#socket.write(text);
  };

  #take(frame: Frame): void {
    switch (frame.contentType) {
      case 'text/event-plain':
        this.#takeEvent(frame.event);
        return;
      case 'command/reply':
        if (this.#connected) this.#takeReply(frame);
        else this.#takeChannelData(frame);
        return;
      case 'text/disconnect-notice':
        // With `linger`, which we never ask for, the socket would go on after it.
        if (frame.header('Content-Disposition') !== 'linger') this.#over('hangup', 'disconnect notice');
        return;
      case 'text/rude-rejection':
        this.#over('refused', 'FreeSWITCH rejected this address');
        return;
      default:
        return;
    }
  }

  #takeChannelData(frame: Frame): void {
    const { event } = frame;
    if (event.name !== 'CHANNEL_DATA') {
      this.#over('refused', `connect was answered with ${JSON.stringify(frame.replyText.slice(0, 80))}`);
      return;
    }
    clearTimeout(this.#deadline);
    this.#deadline = undefined;
    this.#channelData = event;
    this.#connected = true;
    // Not written yet: it goes in the packet of the first command, ahead of it.
    const { text, replies } = channelEventsCommand(wantedEvents, event.header('Unique-ID') ?? '');
    this.#out = text;
    for (let n = 0; n < replies; n += 1) this.#replies.push(undefined);
    this.#events.connected(this);
  }

  #takeReply(frame: Frame): void {
    const waiting = this.#replies.shift();
    const reply = frame.replyText;
    if (!reply.startsWith('-') || waiting === 'told') return;
    if (waiting === undefined) {
      // Without its events the call could not be followed.
      this.#over('refused', `FreeSWITCH answered ${JSON.stringify(reply.slice(0, 120))}`);
      return;
    }
    if (!this.#waiting.includes(waiting)) return;
    this.#waitNoMore(waiting);
    waiting.reject(new EslReplyError(waiting.app, reply));
  }

  #takeEvent(event: EslEvent): void {
    const { name } = event;
    if (name === 'CHANNEL_EXECUTE_COMPLETE') {
      const completion = event.header('Application-UUID') ?? '';
      const waiting = this.#waiting.find((one) => one.completion === completion);
      // Applications before the last of a packet complete under a name nobody waits for.
      if (waiting === undefined) return;
      this.#waitNoMore(waiting);
      waiting.resolve(event);
      return;
    }
    if (name === 'CHANNEL_HANGUP') this.#hangup = event;
    for (const listener of this.#listeners) listener(event);
  }

  #waitNoMore(waiting: Waiting): void {
    this.#waiting = this.#waiting.filter((one) => one !== waiting);
  }

  #over(kind: SocketEnd['kind'], detail: string): void {
    if (this.#end !== undefined) return;
    const end: SocketEnd = {
      kind: this.#hangup === undefined ? kind : 'hangup',
      detail,
      hangup: this.#hangup,
    };
    this.#end = end;
    clearTimeout(this.#deadline);
    this.#parser.stop();
    const error = new SocketEnded(end);
    for (const waiting of this.#waiting) waiting.reject(error);
    this.#waiting = [];
    this.#replies.length = 0;
    this.#ended?.abort(error);
    this.#endListener?.(end);
    this.#endListener = undefined;
    this.#listeners = [];
    // FreeSWITCH goes on at once; a FIN after the last byte would do too, but nobody is left to read.
    this.#socket.destroy();
    this.#events.ended(end);
  }
}
