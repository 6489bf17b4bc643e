import type { Switches } from './call/call-server.ts';
import type { SwitchLink } from './channel/switch-link.ts';
import type { EslEvent } from './esl/esl-event.ts';
import type { SwitchName } from './telephony/ids.ts';

/** One FreeSWITCH machine of the configuration, with the inbound connection to it. */
export interface ConfiguredSwitch {
  readonly name: SwitchName;
  readonly link: SwitchLink;
  /** `Core-UUID` of the running FreeSWITCH; undefined before the connection told it. New at every start of it. */
  readonly coreUuid: string | undefined;
}

/** Finds the machine a call came from: by the Core-UUID both connections tell, else the only one there is. */
export class ConfiguredSwitches implements Switches {
  readonly #switches: readonly ConfiguredSwitch[];

  constructor(switches: readonly ConfiguredSwitch[]) {
    this.#switches = switches;
  }

  linkFor(channelData: EslEvent): SwitchLink | undefined {
    const coreUuid = channelData.header('Core-UUID');
    const found = this.#switches.find((one) => one.coreUuid !== undefined && one.coreUuid === coreUuid);
    if (found !== undefined) return found.link;
    const [only, ...others] = this.#switches;
    return others.length === 0 ? only?.link : undefined;
  }
}
