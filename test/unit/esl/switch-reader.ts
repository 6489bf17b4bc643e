/** One command as FreeSWITCH would have read it. */
export interface ReadCommand {
  readonly command: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

/**
 * Reads commands as FreeSWITCH does (read_packet, mod_event_socket.c): up to two line feeds with only carriage returns
 * between, each line ending at the first CR or LF, spaces at a value's start dropped, a body where Content-Length says.
 * `rest` is what was written but is no whole command.
 */
export function readCommands(text: string): { commands: ReadCommand[]; rest: string } {
  let bytes = Buffer.from(text, 'utf8').toString('latin1');
  const commands: ReadCommand[] = [];
  for (;;) {
    bytes = bytes.replace(/^[\r\n]+/, '');
    const end = /\n\r*\n/.exec(bytes);
    if (end === null) return { commands, rest: bytes };
    const nul = bytes.slice(0, end.index).split('\0')[0] ?? '';
    const [command = '', ...lines] = nul.split(/[\r\n]+/).filter((line) => line !== '');
    let after = end.index + end[0].length;
    const headers: [string, string][] = [];
    let body = '';
    for (const line of lines) {
      const colon = line.indexOf(':');
      if (colon < 0) continue;
      const name = line.slice(0, colon);
      const value = line.slice(colon + 1).replace(/^ +/, '');
      headers.push([name, utf8(value)]);
      if (name.toLowerCase() === 'content-length') {
        const length = Number.parseInt(value, 10);
        body = bytes.slice(after, after + length);
        after += length;
      }
    }
    commands.push({ command: utf8(command), headers, body: utf8(body) });
    bytes = bytes.slice(after);
  }
}

/** The argument of an `execute` message as the application would get it, before FreeSWITCH expands anything. */
export function argumentOf(command: ReadCommand | undefined): string | undefined {
  const header = command?.headers.find(([name]) => name === 'execute-app-arg')?.[1];
  return header ?? (command?.body === '' ? undefined : command?.body);
}

/**
 * Splits a list as FreeSWITCH does (separate_string_char_delim and cleanup_separated_string, switch_utils.c), up to
 * `most` pieces.
 */
export function splitList(text: string, delimiter: string, most = 256): string[] {
  let list = text;
  let separator = delimiter;
  if (list.startsWith('^^')) {
    separator = list.charAt(2);
    list = list.slice(3);
  }
  const pieces: string[] = [];
  let piece = '';
  let quoted = false;
  for (let at = 0; at < list.length; at += 1) {
    const char = list.charAt(at);
    if (char === '\\') {
      piece += char + list.charAt(at + 1);
      at += 1;
    } else if (char === separator && !quoted && pieces.length < most - 1) {
      pieces.push(piece);
      piece = '';
    } else {
      if (char === "'" && (quoted || list.includes("'", at + 1))) quoted = !quoted;
      piece += char;
    }
  }
  if (piece !== '') pieces.push(piece);
  return pieces.map(unquoted);
}

function unquoted(piece: string): string {
  let out = '';
  let quoted = false;
  for (let at = 0; at < piece.length; at += 1) {
    const char = piece.charAt(at);
    const next = piece.charAt(at + 1);
    if (char === '\\' && /['"\\nrts]/.test(next)) {
      out += next;
      at += 1;
    } else if (char === "'" && (quoted || piece.includes("'", at + 1))) {
      quoted = !quoted;
    } else {
      out += char;
    }
  }
  return out.trim();
}

/** True where FreeSWITCH would expand something in this text (switch_string_var_check_const), or drop backslashes. */
export function isLive(text: string): boolean {
  return /\$[$\\]*\{/.test(text) || /^%.?\[/s.test(text) || /\\[\\nst']/.test(text);
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
