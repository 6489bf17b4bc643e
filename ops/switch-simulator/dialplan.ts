import type { Application } from './application.ts';
import { runApplication } from './application.ts';
import type { Leg } from './leg.ts';
import { finishLeg, hangUp } from './leg-end.ts';
import { OutboundConnection } from './outbound-connection.ts';
import type { SwitchCore } from './switch-core.ts';

/** One `<action application="…" data="…"/>`. */
export interface DialplanAction {
  readonly app: string;
  readonly data: string;
}

/** The hook of dialplans/ for a call that is not answered: a list of daemons, the takeover socket, again, a fallback. */
export function hookDialplan(
  daemons: readonly string[],
  takeover: readonly string[],
  fallback: DialplanAction = { app: 'respond', data: '503' },
): readonly DialplanAction[] {
  return [
    { app: 'socket', data: `${daemons.join('|')} full` },
    { app: 'set', data: 'callfabric_entry=takeover' },
    { app: 'socket', data: `${takeover.join('|')} full` },
    { app: 'sleep', data: '300' },
    { app: 'socket', data: `${takeover.join('|')} full` },
    fallback,
  ];
}

/** Runs a leg's actions one after the other, then ends it. */
export function runDialplan(core: SwitchCore, leg: Leg, actions: readonly DialplanAction[]): void {
  let index = 0;
  const next = () => {
    const action = actions[index++];
    if (leg.down || action === undefined) {
      hangUp(core, leg, { cause: 'NORMAL_CLEARING' });
      finishLeg(core, leg);
      return;
    }
    runApplication(core, leg, { app: action.app, argument: action.data }, next);
  };
  next();
}

/** `socket h1:port|h2:port full`: the first host that answers; none: the dialplan goes on at once. */
export const socket: Application = {
  name: 'socket',
  needsMedia: false,
  run: ({ core, leg, argument, done }) => {
    const [list = '', ...flags] = argument.split(' ');
    const hosts = list.split('|').filter((host) => host !== '');
    const full = flags.includes('full');
    const tryHost = (index: number) => {
      const address = hosts[index];
      if (address === undefined || leg.down) {
        done();
        return;
      }
      const colon = address.lastIndexOf(':');
      const host = colon < 0 ? address : address.slice(0, colon);
      leg.variables.set('socket_host', host);
      OutboundConnection.open(
        core,
        leg,
        { host, port: colon < 0 ? 8084 : Number(address.slice(colon + 1)), full },
        done,
        () => tryHost(index + 1),
      );
    };
    tryHost(0);
  },
};
