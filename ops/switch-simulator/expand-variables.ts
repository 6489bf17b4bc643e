import type { Leg } from './leg.ts';
import type { SwitchCore } from './switch-core.ts';

/**
 * `${name}` and `$${name}` replaced by channel variables (switch_channel_expand_variables). `${system touch x}` would
 * run a command on a switch whose api-expansion is on: here it is only noted, so that a test can fail on it.
 */
export function expandVariables(core: SwitchCore, leg: Leg, text: string): string {
  if (!text.includes('$')) return text;
  return text.replace(/(\\?)\$?\$\{([^}]*)\}/g, (whole, backslash: string, inside: string) => {
    if (backslash !== '') return whole.slice(1);
    const call = /^\s*(\w+)(?:\s+|\()(.*)$/s.exec(inside);
    if (call !== null && leg.variables.get(inside) === undefined) {
      core.expansionsAttempted.push(inside);
      return '';
    }
    return leg.variables.get(inside.split(':')[0] ?? '') ?? '';
  });
}
