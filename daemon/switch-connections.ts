import { setTimeout as pause } from 'node:timers/promises';
import type { Switches } from './call/call-server.ts';
import { EslSwitchLink } from './channel/esl-switch-link.ts';
import type { SwitchLink } from './channel/switch-link.ts';
import type { SwitchConfig } from './config-parts.ts';
import { api, askExpansion, isExpanded } from './esl/command.ts';
import type { EslEvent } from './esl/esl-event.ts';
import type { EslLog } from './esl/esl-log.ts';
import { InboundClient } from './esl/inbound-client.ts';
import type { DaemonId, SwitchName } from './telephony/ids.ts';

interface Connection {
  readonly name: SwitchName;
  readonly client: InboundClient;
  readonly link: EslSwitchLink;
  /** `Core-UUID` of the running FreeSWITCH, new at each of its starts; undefined before the connection told it. */
  coreUuid: string | undefined;
  /** `api-expansion` of switch.conf: on, `${system(…)}` within an argument would run. Undefined: not told (yet). */
  apiExpansion: boolean | undefined;
}

interface SwitchLog extends EslLog {
  error(facts: object, message: string): void;
}

const longestWaitMs = 30_000;

/** The inbound connections to every FreeSWITCH of the configuration, and which of them a call belongs to. */
export class SwitchConnections implements Switches {
  readonly #connections: readonly Connection[];
  readonly #log: SwitchLog;
  readonly #asking: { readonly deadlineMs: number; readonly pauseMs: number };
  #stopped = new AbortController();

  /** `asking`: how long the first answer may take, and the first pause before a FreeSWITCH is asked again. */
  constructor(
    switches: readonly SwitchConfig[],
    daemonId: DaemonId,
    log: SwitchLog,
    asking = { deadlineMs: 5_000, pauseMs: 250 },
  ) {
    this.#log = log;
    this.#asking = asking;
    this.#connections = switches.map(({ name, host, port, password }) => {
      const client = new InboundClient({ host, port, password, daemonId, log });
      const link = new EslSwitchLink(name, client, log);
      return { name, client, link, coreUuid: undefined, apiExpansion: undefined };
    });
    for (const connection of this.#connections)
      connection.client.onConnected(() => void this.#learn(connection));
  }

  start(): void {
    this.#stopped = new AbortController();
    for (const { client } of this.#connections) client.start();
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#connections.map(({ client }) => client.stop()));
  }

  /** Waits until every FreeSWITCH answered or the deadline passed: calls then have their facts from the first on. */
  async untilConnected(deadlineMs: number): Promise<void> {
    await Promise.allSettled(this.#connections.map(({ client }) => client.untilConnected(deadlineMs)));
  }

  /** To every machine, connected or not. */
  get links(): readonly EslSwitchLink[] {
    return this.#connections.map(({ link }) => link);
  }

  /** By the Core-UUID that both sockets tell, else the only one there is. */
  linkFor(channelData: EslEvent): SwitchLink | undefined {
    const coreUuid = channelData.header('Core-UUID');
    const found = this.#connections.find((one) => one.coreUuid !== undefined && one.coreUuid === coreUuid);
    if (found !== undefined) return found.link;
    const [only, ...others] = this.#connections;
    return others.length === 0 ? only?.link : undefined;
  }

  /** The name of the machine that posted a record with this Core-UUID. */
  nameOf(coreUuid: string | undefined): SwitchName {
    const found = this.#connections.find((one) => one.coreUuid !== undefined && one.coreUuid === coreUuid);
    return found?.name ?? this.#connections[0]?.name ?? ('unknown' as SwitchName);
  }

  get states() {
    return this.#connections.map(({ name, client, apiExpansion }) => ({
      name,
      connected: client.connected,
      client,
      apiExpansion,
    }));
  }

  /**
   * Asks a FreeSWITCH who it is, anew at each connection and until it says so: without its Core-UUID none of its calls
   * would have a link where there are several machines. Never rejects.
   */
  async #learn(connection: Connection): Promise<void> {
    const { client, name } = connection;
    const { signal } = this.#stopped;
    const { connections } = client.health;
    // The connection went: its next start asks again.
    const over = () => signal.aborted || !client.connected || client.health.connections !== connections;
    // Each time it is given longer: one that is busy answers late, and only what comes in time is an answer.
    for (let tries = 0; !over(); tries += 1) {
      const deadlineMs = Math.min(longestWaitMs, this.#asking.deadlineMs * 2 ** tries);
      const pauseMs = Math.min(longestWaitMs, this.#asking.pauseMs * 2 ** tries);
      try {
        const [coreUuid, expansion] = await Promise.all([
          client.api(api('global_getvar', 'core_uuid'), deadlineMs),
          client.api(askExpansion, deadlineMs),
        ]);
        connection.coreUuid = coreUuid.trim();
        connection.apiExpansion = isExpanded(expansion);
        if (connection.apiExpansion === true)
          this.#log.error(
            { switch: name },
            'freeswitch has api-expansion on, which lets text from callers run commands: set api-expansion to false in switch.conf.xml; until its restart: fs_cli -x "fsctl api_expansion off"',
          );
        return;
      } catch (error) {
        if (over()) return;
        this.#log.warn(
          { switch: name, error: String(error), askedAgainInMs: pauseMs },
          'freeswitch did not say who it is',
        );
        await pause(pauseMs, undefined, { signal }).catch(() => undefined);
      }
    }
  }
}
