import { inert, matching, oneLine, separatorFor } from './checked-text.ts';
import type { Application } from './command.ts';
import { UnsafeText } from './esl-error.ts';

/** `multiset` takes at most 256 pairs (mod_dptools.c, multiset_function). */
const pairsAtOnce = 200;

/** Variables whose value FreeSWITCH runs as a command or an application, or that undo what is checked here. */
const runsItsValue =
  /^(?:nolocal:|_nolocal_|api_|exec|execute_|bridge_pre_execute|bridge_post_execute|.*_hook$|.*_execute_|record_post_process|campon|socket_|app_|origination_nested_vars|export_vars$|bridge_export_vars$|sip_copy_|failed_.*_cdr_prefix)/i;

/** A variable's name that may be set from a flow: no separators, and nothing that FreeSWITCH would run. */
export function variableName(name: string): string {
  matching(name, 'variable', /^[A-Za-z_][A-Za-z0-9_.-]{0,127}$/, 'a variable name');
  if (runsItsValue.test(name)) throw new UnsafeText(`variable ${name}`, 'FreeSWITCH would run its value');
  return name;
}

/** Inert value of a variable; those that become SIP headers may not have line breaks. */
export function variableValue(name: string, value: string): string {
  const field = `variable ${name}`;
  return inert(
    /^(?:sip_|origination_|effective_)/i.test(name) ? oneLine(value, field) : value,
    field,
    30_000,
  );
}

/**
 * Sets channel variables on the A-leg: one `set`, or `multiset` with a separator that is in no value. An empty value
 * unsets. Values may be hostile: see `inert` for what becomes of `${`, quotes and backslashes; spaces at the ends are
 * dropped by FreeSWITCH.
 */
export function setVariables(variables: Readonly<Record<string, string>>): Application[] {
  const pairs = Object.entries(variables).map(
    ([name, value]) => `${variableName(name)}=${variableValue(name, value)}`,
  );
  const [only] = pairs;
  if (only === undefined) return [];
  if (pairs.length === 1) return [{ app: 'set', arg: only }];
  const applications: Application[] = [];
  for (let at = 0; at < pairs.length; at += pairsAtOnce) {
    const some = pairs.slice(at, at + pairsAtOnce);
    const separator = separatorFor(some);
    applications.push({ app: 'multiset', arg: `^^${separator}${some.join(separator)}` });
  }
  return applications;
}

export function unsetVariable(name: string): Application {
  return { app: 'unset', arg: variableName(name) };
}

/** Sets a variable that every B-leg of this channel inherits (`callfabric_daemon`: whose facts these are). */
export function exportVariable(name: string, value: string): Application {
  return { app: 'export', arg: `${variableName(name)}=${variableValue(name, oneLine(value, name))}` };
}
