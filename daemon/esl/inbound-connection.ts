import { connect, type Socket } from 'node:net';
import { EslReplyError, EslUnavailable } from './esl-error.ts';
import type { EslEvent } from './esl-event.ts';
import type { Frame } from './frame.ts';
import { FrameParser } from './frame-parser.ts';

export interface InboundConnectionEvents {
  event(event: EslEvent): void;
  /** Once; `reason` is fit for a log. */
  closed(reason: string): void;
}

interface Pending {
  readonly command: string;
  readonly resolve: (answer: string) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

/** Longest text of commands FreeSWITCH has not read yet. */
const maxUnsentBytes = 1024 * 1024;

/** One TCP connection to FreeSWITCH's event socket: commands are answered in order, events come in between. */
export class InboundConnection {
  readonly #events: InboundConnectionEvents;
  readonly #parser = new FrameParser((frame) => this.#take(frame));
  readonly #pending: Pending[] = [];
  #socket: Socket | undefined;
  #greeted: (() => void) | undefined;
  #closed: string | undefined;
  /** When the last byte came, by `performance.now()`. */
  lastHeardMs = 0;

  constructor(events: InboundConnectionEvents) {
    this.#events = events;
  }

  /** Resolves when FreeSWITCH asks for the password. @throws EslUnavailable */
  open(host: string, port: number, deadlineMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 15_000 });
      this.#socket = socket;
      const timer = setTimeout(() => this.close(`no greeting within ${deadlineMs} ms`), deadlineMs);
      const settle = () => {
        clearTimeout(timer);
        this.#greeted = undefined;
        if (this.#closed === undefined) resolve();
        else reject(new EslUnavailable(this.#closed));
      };
      this.#greeted = settle;
      socket.on('data', (chunk: Buffer) => this.#read(chunk));
      socket.on('error', (error) => this.close(error.message));
      socket.on('close', () => {
        this.close('FreeSWITCH closed the connection');
        socket.removeAllListeners();
      });
    });
  }

  /**
   * Writes a command; resolves with its `Reply-Text` (a command) or its answer (`api`).
   * @throws EslReplyError on `-ERR` of a command (an api's own `-ERR` text is an answer), EslUnavailable
   */
  send(text: string, command: string, deadlineMs: number): Promise<string> {
    return this.sendMany(text, [command], deadlineMs).then(([answer]) => answer ?? '');
  }

  /** Several commands in one packet, answered in order. */
  sendMany(text: string, commands: readonly string[], deadlineMs: number): Promise<string[]> {
    const socket = this.#socket;
    if (this.#closed !== undefined || socket === undefined)
      return Promise.reject(new EslUnavailable(this.#closed ?? 'not connected'));
    if (socket.writableLength > maxUnsentBytes) this.close('FreeSWITCH does not read its commands');
    const answers = commands.map(
      (command) =>
        new Promise<string>((resolve, reject) => {
          // The place in line stays: its answer may still come, and belongs to nobody else.
          const timer = setTimeout(
            () => reject(new EslUnavailable(`${command} not answered within ${deadlineMs} ms`)),
            deadlineMs,
          );
          this.#pending.push({ command, resolve, reject, timer });
        }),
    );
    socket.write(text);
    if (this.#closed !== undefined) this.#rejectPending(this.#closed);
    return Promise.all(answers);
  }

  /** Twice is harmless. What waits for an answer is rejected; nothing is ever sent again. */
  close(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#parser.stop();
    this.#socket?.destroy();
    this.#greeted?.();
    this.#rejectPending(reason);
    this.#events.closed(reason);
  }

  #rejectPending(reason: string): void {
    for (const { timer, command, reject } of this.#pending.splice(0)) {
      clearTimeout(timer);
      reject(new EslUnavailable(`${command}: ${reason}`));
    }
  }

  #read(chunk: Buffer): void {
    this.lastHeardMs = performance.now();
    try {
      this.#parser.push(chunk);
    } catch (error) {
      this.close(String(error));
    }
  }

  #take(frame: Frame): void {
    switch (frame.contentType) {
      case 'text/event-plain':
      case 'text/event-json':
        this.#events.event(frame.event);
        return;
      case 'command/reply':
        this.#answer(frame.replyText, true);
        return;
      case 'api/response':
        this.#answer(frame.text, false);
        return;
      case 'auth/request':
        this.#greeted?.();
        return;
      case 'text/disconnect-notice':
        this.close('FreeSWITCH said goodbye');
        return;
      case 'text/rude-rejection':
        this.close('FreeSWITCH rejected this address (event_socket.conf.xml, apply-inbound-acl)');
        return;
      default:
        return;
    }
  }

  #answer(text: string, isReply: boolean): void {
    const pending = this.#pending.shift();
    if (pending === undefined) return;
    clearTimeout(pending.timer);
    if (isReply && text.startsWith('-')) pending.reject(new EslReplyError(pending.command, text));
    else pending.resolve(text);
  }
}
