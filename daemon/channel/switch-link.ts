import type { ChannelUuid, DaemonId, SwitchName } from '../telephony/ids.ts';
import type { LegFact } from './leg-fact.ts';

/** What a leg does just now, by its own variables; another daemon's legs too. */
export interface LegActivity {
  /** The application that runs, or ran last. */
  readonly application: string | undefined;
  /** Who ran it last (`callfabric_daemon`). */
  readonly daemonId: DaemonId | undefined;
}

/** The inbound connection to one FreeSWITCH as the call sees it: facts come in, interruptions go out. */
export interface SwitchLink {
  readonly switchName: SwitchName;
  /** False while the connection is away: no facts, no interruptions; calls go on. */
  readonly connected: boolean;
  /** How often the connection was lost so far: where it grew, facts may have been missed. */
  readonly interruptions?: number;
  /** `uuid_break UUID all`: ends the running application. False where there is no such channel or no connection. */
  breakApplication(uuid: ChannelUuid): Promise<boolean>;
  /** `uuid_kill UUID cause`. */
  kill(uuid: ChannelUuid, cause: string): Promise<boolean>;
  /** `uuid_exists UUID`; undefined where the connection is away. */
  exists(uuid: ChannelUuid): Promise<boolean | undefined>;
  /** `gone` where there is no such leg; undefined where the connection is away. */
  current(uuid: ChannelUuid): Promise<LegActivity | 'gone' | undefined>;
  /** Facts about one leg until `off` is called; listeners never throw. */
  onLeg(uuid: ChannelUuid, listener: (fact: LegFact) => void): { off(): void };
}
