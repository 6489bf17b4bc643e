import type { Switches } from './call/call-server.ts';
import { EslSwitchLink } from './channel/esl-switch-link.ts';
import type { SwitchLink } from './channel/switch-link.ts';
import type { SwitchConfig } from './config-parts.ts';
import { api } from './esl/command.ts';
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
}

/** The inbound connections to every FreeSWITCH of the configuration, and which of them a call belongs to. */
export class SwitchConnections implements Switches {
  readonly #connections: readonly Connection[];

  constructor(switches: readonly SwitchConfig[], daemonId: DaemonId, log: EslLog) {
    this.#connections = switches.map(({ name, host, port, password }) => {
      const client = new InboundClient({ host, port, password, daemonId, log });
      return { name, client, link: new EslSwitchLink(name, client, log), coreUuid: undefined };
    });
    for (const connection of this.#connections)
      connection.client.onConnected(() => {
        connection.client.api(api('global_getvar', 'core_uuid')).then(
          (answer) => {
            connection.coreUuid = answer.trim();
          },
          () => undefined, // the connection went again; its next start asks again
        );
      });
  }

  start(): void {
    for (const { client } of this.#connections) client.start();
  }

  async stop(): Promise<void> {
    await Promise.all(this.#connections.map(({ client }) => client.stop()));
  }

  /** Waits until every FreeSWITCH answered or the deadline passed: calls then have their facts from the first on. */
  async untilConnected(deadlineMs: number): Promise<void> {
    await Promise.allSettled(this.#connections.map(({ client }) => client.untilConnected(deadlineMs)));
  }

  /** To every machine, connected or not. */
  get links(): readonly SwitchLink[] {
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

  get states(): { readonly name: SwitchName; readonly connected: boolean; readonly client: InboundClient }[] {
    return this.#connections.map(({ name, client }) => ({ name, connected: client.connected, client }));
  }
}
