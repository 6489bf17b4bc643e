import { codeOf } from '../../orm/database-fault.ts';
import { Problem } from './problem.ts';

/** What node-postgres says of an error beside its code. */
interface DatabaseError {
  readonly code?: unknown;
  readonly message?: unknown;
  readonly constraint?: unknown;
  readonly column?: unknown;
  readonly table?: unknown;
  readonly cause?: unknown;
}

/** Names that a constraint may be about: field of the request by column of the table. */
export type FieldsByColumn = ReadonlyMap<string, string>;

export interface ConstraintHints {
  readonly table: string;
  readonly fields: FieldsByColumn;
  /** Where the name of the constraint does not tell. */
  readonly constraints?: Readonly<Record<string, { readonly field: string; readonly message: string }>>;
  readonly deleting?: boolean;
}

/** The driver's own error, wherever it hides. */
function innermost(error: unknown): DatabaseError {
  let at: unknown = error;
  for (let depth = 0; depth < 5 && typeof at === 'object' && at !== null; depth += 1) {
    const one: DatabaseError = at;
    if (typeof one.constraint === 'string' || one.cause === undefined) return one;
    at = one.cause;
  }
  return typeof error === 'object' && error !== null ? error : {};
}

/** The column a constraint is named after (`phone_number_e164_check`): of those in its name the last, and longest. */
function fieldIn(name: string, fields: FieldsByColumn): string | undefined {
  const text = `_${name}_`;
  const ends = [...fields].flatMap(([column, field]) => {
    const at = text.lastIndexOf(`_${column}_`);
    return at === -1 ? [] : [{ field, column, end: at + column.length }];
  });
  return ends.sort((a, b) => a.end - b.end || a.column.length - b.column.length).at(-1)?.field;
}

/**
 * What a refusal of the database is for the client: a constraint it ran into, with the field. Undefined where the error
 * is none of these, and so is ours. Row-level security hides which row is in the way, so the names of constraints tell.
 */
export function constraintProblem(error: unknown, hints: ConstraintHints): Problem | undefined {
  const code = codeOf(error);
  if (code === undefined) return undefined;
  const { constraint, column, table, message } = innermost(error);
  // Another table's own rules are none of the client's faults (a foreign key tells the table that refers).
  if (typeof table === 'string' && table !== hints.table && code !== '23503') return undefined;
  const name = typeof constraint === 'string' ? constraint : '';
  const said = typeof message === 'string' ? message : '';
  const known = hints.constraints?.[name];
  const found = typeof column === 'string' ? hints.fields.get(column) : fieldIn(name, hints.fields);
  const field = known?.field ?? (found === undefined ? '' : `/${found}`);
  const fault = (why: string) => [{ field, message: known?.message ?? why }];
  switch (code) {
    case '23505': // unique_violation
      return new Problem('conflict', 'there is one already: see faults', fault('is taken already'));
    case '23P01': // exclusion_violation
      return new Problem('conflict', 'another row is in its way: see faults', fault('overlaps another'));
    case '23503': {
      // foreign_key_violation
      if (hints.deleting === true)
        return new Problem('conflict', 'something still refers to it: remove that first');
      // The trigger one_tenant names the column itself.
      const named = /(\w+) names no row/.exec(said)?.[1] ?? name;
      if (/_tenant_id_/.test(`_${named}_`)) return new Problem('not-found', 'no tenant has this id');
      const at = fieldIn(named, hints.fields);
      return new Problem('invalid-body', 'see faults', [
        { field: at === undefined ? '' : `/${at}`, message: 'names nothing that is here' },
      ]);
    }
    case '23514': // check_violation
      return new Problem('invalid-body', 'see faults', fault('is not valid'));
    case '23502': // not_null_violation
      return new Problem('invalid-body', 'see faults', fault('must be given'));
    case '23001': // restrict_violation: raised by our triggers, in a sentence
      return new Problem('conflict', said.replace(/^.*? - (?=\w)/s, '').slice(0, 300));
    case '40001':
    case '40P01':
    case '55P03':
      return new Problem('conflict', 'others are changing the same just now: try again');
    case '42501':
      return /row-level security/.test(said)
        ? new Problem('forbidden', 'this belongs to the platform or to somebody else')
        : undefined;
    default:
      return code.startsWith('22')
        ? new Problem('invalid-body', 'a value is out of the range that can be kept')
        : undefined;
  }
}
