/** One visit of one node, for the call's trace. Rows of a `goto` come after those of the flow it entered. */
export interface NodeVisit {
  /** 1, 2, 3 … within the call, over takeovers. */
  readonly step: number;
  readonly nodeId: string;
  readonly nodeType: string;
  /** The exit it left by. `hangup`: the channel went away in it. `end`: the call's flow ended in it. */
  readonly exit: string;
  /** Microseconds since 1970, by the walk's clock. */
  readonly enteredAtUs: number;
  readonly durationMs: number;
  /** What the node said of itself (`explain`), or the error it threw. */
  readonly reason: string | undefined;
}

const longestReason = 500;

/** Cut to what a trace row holds. */
export function traceReason(reason: string): string {
  return reason.length > longestReason ? `${reason.slice(0, longestReason - 1)}…` : reason;
}
