import { codeOf } from '../../orm/database-fault.ts';

/** Node's words for a peer that cannot be reached. */
const networkCodes = [
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
];
/** SQLSTATE: connection exceptions, a refused login or role, too many connections, shutting down or starting up, statement, or its wait for a lock, took too long. */
const databaseCodes = /^(08\w{3}|28\w{3}|53300|57P0[1-5]|57014|55P03)$/;

/** True where the failure says that something outside is away just now, so that trying again may help. */
export function isAway(error: unknown): boolean {
  const code = codeOf(error);
  if (code !== undefined) return networkCodes.includes(code) || databaseCodes.test(code);
  // node-postgres gives these no code.
  return (
    error instanceof Error &&
    /timeout exceeded when trying to connect|Connection terminated|Query read timeout/i.test(error.message)
  );
}
