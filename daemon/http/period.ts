import { Type } from 'typebox';
import { Problem } from './problem.ts';
import { isNearMoment } from './schemas.ts';

/** RFC 3339 with an offset or Z: a time without either would mean another moment on each machine. */
const Moment = {
  pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,6})?)?(Z|[+-]\\d{2}:\\d{2})$',
  examples: ['2026-07-17T00:00:00Z'],
};

const bound = (description: string) =>
  Type.Optional(Type.Unsafe<string>(Type.String({ ...Moment, description })));

/** `from` and `to` of a list by time. `what`: `Started`. */
export function periodQuery(what: string) {
  return { from: bound(`${what} at or after`), to: bound(`${what} before`) };
}

/** Both bounds in UTC and microseconds, as `InstantSchema` writes them. */
export function periodOf(query: { readonly from?: unknown; readonly to?: unknown }): {
  readonly from: string | undefined;
  readonly to: string | undefined;
} {
  return { from: instantOf('/from', query.from), to: instantOf('/to', query.to) };
}

function instantOf(field: string, text: unknown): string | undefined {
  if (typeof text !== 'string') return undefined;
  const [, whole, fraction = '', offset] = /^([^.Z+]+?)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? [];
  const at = new Date(`${whole}${offset}`);
  if (!isNearMoment(at))
    throw new Problem('invalid-parameters', 'see faults', [{ field, message: 'is no such day or hour' }]);
  return `${at.toISOString().slice(0, 19)}.${fraction.padEnd(6, '0')}Z`;
}

const instantForm = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;

/** Whether a text is an instant as `InstantSchema` writes it, of the years there are: a cursor's, say. */
export function isInstant(text: string): boolean {
  const at = new Date(text);
  // JavaScript makes 2 March of 30 February.
  return instantForm.test(text) && isNearMoment(at) && at.toISOString().slice(0, 19) === text.slice(0, 19);
}
