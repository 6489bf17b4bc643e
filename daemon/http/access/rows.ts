import { codeOf } from '../../../orm/database-fault.ts';
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
