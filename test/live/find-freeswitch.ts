import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

function onPath(name: string): string | undefined {
  return (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(executable);
}

function found(name: string, variable: string): string | { readonly missing: string } {
  const named = process.env[variable];
  if (named !== undefined && named !== '')
    return executable(named) ? named : { missing: `${variable}=${named} is no executable file` };
  return onPath(name) ?? { missing: `no ${name} on PATH and ${variable} not set` };
}

const freeswitch = found('freeswitch', 'FREESWITCH_BIN');
const sipp = found('sipp', 'SIPP_BIN');

/**
 * The real FreeSWITCH and SIPp the live tests run on. `skip` is what a test's options take: false, or why there are
 * no live tests on this machine (the reason is printed).
 */
export const live = {
  freeswitch: typeof freeswitch === 'string' ? freeswitch : '',
  sipp: typeof sipp === 'string' ? sipp : '',
  skip: typeof freeswitch !== 'string' ? freeswitch.missing : typeof sipp !== 'string' ? sipp.missing : false,
} as const;
