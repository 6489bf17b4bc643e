import type { ChannelUuid, SwitchName } from '../telephony/ids.ts';
import type { LegFact } from './leg-fact.ts';

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
  /** Facts about one leg until `off` is called; listeners never throw. */
  onLeg(uuid: ChannelUuid, listener: (fact: LegFact) => void): { off(): void };
}
