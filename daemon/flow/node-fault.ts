/** A node that did not keep its side towards the walker. */
export class NodeFault extends Error {
  override readonly name = 'NodeFault';
  readonly code:
    | 'NODE_NOT_RUNNABLE' // unknown type, or params at fault
    | 'UNKNOWN_EXIT'
    | 'FLOW_TOO_DEEP'
    | 'FLOW_ENTERED_TWICE';
  constructor(code: NodeFault['code'], message: string) {
    super(message);
    this.code = code;
  }
}

/** An error's own `code`, else its name. */
export function codeOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string')
    return error.code;
  return error instanceof Error ? error.name : 'UNKNOWN';
}

/** An error as one sentence, for a trace row. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? `${codeOf(error)}: ${error.message}` : String(error);
}
