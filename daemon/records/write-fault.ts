import { codeOf } from '../../orm/database-fault.ts';

/**
 * Whose fault a failed write is. `database`: it is away, full, read-only, restarting or not migrated; the same records
 * will do later. `record`: PostgreSQL refuses what is in them; they never will.
 * Source: PostgreSQL appendix A (SQLSTATE classes).
 */
export function writeFault(error: unknown): 'database' | 'record' {
  const code = codeOf(error);
  // Not five characters: Node's own (ECONNREFUSED …) or the driver's (timeouts have none).
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) return 'database';
  // 25: read-only (a standby, or default_transaction_read_only) … 26: the connection forgot its prepared statement.
  return /^(08|25|26|28|3D|40|42|53|55|57|58|XX)/.test(code) ? 'database' : 'record';
}
