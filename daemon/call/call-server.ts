import { EslChannel } from '../channel/esl-channel.ts';
import type { SwitchLink } from '../channel/switch-link.ts';
import type { EslEvent } from '../esl/esl-event.ts';
import type { OutboundServer } from '../esl/outbound-server.ts';
import type { OutboundSocket } from '../esl/outbound-socket.ts';
import type { SwitchName } from '../telephony/ids.ts';
import type { CallEnvironment } from './call-environment.ts';
import { CallSession } from './call-session.ts';

/** The configured FreeSWITCH machines, as a call finds its own among them. */
export interface Switches {
  /** By the identity FreeSWITCH states in its channel data (`Core-UUID`, `FreeSWITCH-Switchname`). */
  linkFor(channelData: EslEvent): SwitchLink | undefined;
}

/** How long the calls that are left to FreeSWITCH may take to be given up, ms. */
const leavingMs = 2_000;

/** Turns every event socket FreeSWITCH opens into a session. */
export class CallServer {
  readonly #env: CallEnvironment;
  readonly #server: OutboundServer;
  readonly #switches: Switches;
  readonly #running = new Set<Promise<void>>();

  constructor(env: CallEnvironment, server: OutboundServer, switches: Switches) {
    this.#env = env;
    this.#server = server;
    this.#switches = switches;
  }

  /** Listens; resolves with the address. */
  start(): Promise<{ host: string; port: number }> {
    this.#server.onCall((socket) => this.#take(socket));
    return this.#server.start();
  }

  /** No new calls: FreeSWITCH tries its next daemon. Calls that are here go on. */
  stopAccepting(): Promise<void> {
    return this.#server.stop();
  }

  get openSockets(): number {
    return this.#server.openSockets;
  }

  /**
   * Waits until every call is over and written down, or until `limit` aborts; then leaves the rest to FreeSWITCH, which
   * hands each to the takeover socket of another daemon.
   */
  async drain(limit: AbortSignal): Promise<void> {
    await this.#env.registry.whenEmpty(limit);
    this.#server.closeSockets();
    // The limit is over by now: what became of each channel is still asked, while the connections to ask on live.
    await Promise.race([Promise.allSettled(this.#running), onAbort(AbortSignal.timeout(leavingMs))]);
  }

  #take(socket: OutboundSocket): void {
    const { channelData } = socket;
    const link = this.#switches.linkFor(channelData);
    const switchName =
      link?.switchName ??
      ((channelData.header('FreeSWITCH-Switchname') ?? 'unknown').slice(0, 64) as SwitchName);
    if (channelData.header('Unique-ID') === undefined) {
      this.#env.log.warn({ from: socket.remoteAddress }, 'event socket without a channel was closed');
      socket.close();
      return;
    }
    const channel = new EslChannel(socket, {
      switchName,
      link,
      onDecision: (ms) => this.#env.observer.decisionTook(ms),
    });
    const running = new CallSession(this.#env, channel, link)
      .run()
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }
}

function onAbort(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
