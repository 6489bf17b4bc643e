/**
 * One event or reply from FreeSWITCH. Header values are decoded when asked for (most never are) and never throw:
 * what is not valid UTF-8 keeps its raw text.
 */
export interface EslEvent {
  /** `Event-Name`, or '' for a bare reply. */
  readonly name: string;
  /** The decoded value of a header, by its exact name. */
  header(name: string): string | undefined;
  /** `variable_<name>`. */
  variable(name: string): string | undefined;
  /** All headers, decoded, in the order they came. */
  headers(): IterableIterator<[name: string, value: string]>;
  /** The event's own body (BACKGROUND_JOB's answer), '' for none. */
  readonly body: string;
}
