import { codeOf } from '../../../orm/database-fault.ts';
import { constraintProblem } from '../constraint-problem.ts';
import { columnOf } from '../resources/fields.ts';
import { instantOfMs } from '../schemas.ts';

/** A moment of a row as the API writes it. */
export function instantOf<Moment extends Date | null | undefined>(
  at: Moment,
): Moment extends Date ? string : string | null {
  // The compiler does not follow a conditional type through a branch.
  return (at == null ? null : instantOfMs(at.getTime())) as Moment extends Date ? string : string | null;
}

/** A unique constraint refused it: what would be called so is there already. */
export function isTaken(error: unknown): boolean {
  return codeOf(error) === '23505';
}

/** What the database refuses of `work` on a table becomes a problem with the field, which is called as its column. */
export async function refusing<T>(
  table: string,
  fields: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const byColumn = new Map(fields.map((field) => [columnOf(field), field]));
    throw constraintProblem(error, { table, fields: byColumn }) ?? error;
  }
}

/** The filters of a list: a name, or what it begins with. */
export function named(query: {
  readonly name?: string | undefined;
  readonly namePrefix?: string | undefined;
}) {
  const { name, namePrefix } = query;
  const likes =
    namePrefix === undefined ? [] : [{ name: { $like: `${namePrefix.replace(/[\\%_]/g, '\\$&')}%` } }];
  return { $and: [...likes, ...(name === undefined ? [] : [{ name }])] };
}
