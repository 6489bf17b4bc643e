/** One command as mod_event_socket reads it: its first line, headers by lower-case name, and a counted body. */
export interface SocketCommand {
  readonly line: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** FreeSWITCH refuses bodies over 10 MB; so does the simulator. */
const longestBody = 10_485_760;

/**
 * Cuts a daemon's bytes into commands. A lone carriage return ends a line for FreeSWITCH, which splits its headers
 * there too: a header broken by one is dropped, as on the real switch.
 */
export class CommandReader {
  #input = '';

  /** Bytes as a byte string. */
  push(bytes: string): void {
    this.#input += bytes;
  }

  /** True while bytes wait that are no whole command yet, or a command nobody has taken. */
  get pending(): boolean {
    return this.#input !== '';
  }

  next(): SocketCommand | undefined {
    let start = 0;
    while (this.#input[start] === '\n' || this.#input[start] === '\r') start++;
    if (start > 0) this.#input = this.#input.slice(start);
    const end = endOfHead(this.#input);
    if (end === undefined) return undefined;
    const head = this.#input.slice(0, end.at);
    const [line = '', ...lines] = head.includes('\r') ? head.split(/[\r\n]+/) : head.split('\n');
    const headers = new Map<string, string>();
    for (const text of lines) {
      const colon = text.indexOf(':');
      if (colon > 0) headers.set(text.slice(0, colon).toLowerCase(), text.slice(colon + 1).trimStart());
    }
    const length = Number.parseInt(headers.get('content-length') ?? '0', 10);
    const bodyLength = length > 0 && length <= longestBody ? length : 0;
    const bodyAt = end.at + end.length;
    if (this.#input.length < bodyAt + bodyLength) return undefined;
    const body = this.#input.slice(bodyAt, bodyAt + bodyLength);
    this.#input = this.#input.slice(bodyAt + bodyLength);
    return { line, headers, body };
  }
}

function endOfHead(text: string): { at: number; length: number } | undefined {
  const plain = text.indexOf('\n\n');
  const carriage = text.indexOf('\n\r\n');
  if (plain < 0 && carriage < 0) return undefined;
  return carriage >= 0 && (plain < 0 || carriage < plain)
    ? { at: carriage, length: 3 }
    : { at: plain, length: 2 };
}
