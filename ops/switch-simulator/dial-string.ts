/** One leg to dial, out of a dial string. */
export interface DialLeg {
  readonly endpoint: string;
  readonly gateway: string | undefined;
  readonly profile: string;
  /** User or number. */
  readonly destination: string;
  readonly host: string;
  readonly variables: ReadonlyMap<string, string>;
}

/**
 * A dial string as switch_ivr_originate reads it: `{all}[leg]endpoint/…`, tried from left to right at `|`. Legs joined
 * by `,` would ring together on FreeSWITCH; the simulator tries them one after the other.
 */
export function parseDialString(text: string): readonly DialLeg[] {
  const { variables: shared, rest } = takeBlocks(text.trim(), '{', '}');
  return splitLegs(rest).map((part) => {
    const { variables: own, rest: target } = takeBlocks(part.trim(), '[', ']');
    return { ...parseTarget(target), variables: own.size === 0 ? shared : new Map([...shared, ...own]) };
  });
}

function parseTarget(target: string): Omit<DialLeg, 'variables'> {
  const [endpoint = '', second = '', ...others] = target.split('/');
  if (endpoint === 'sofia' && second === 'gateway') {
    const [gateway = '', ...number] = others;
    return {
      endpoint,
      gateway,
      profile: 'gateway',
      destination: number.join('/'),
      host: '127.0.0.1:5090',
    };
  }
  const uri = (endpoint === 'sofia' ? others.join('/') : [second, ...others].join('/')).replace(
    /^sips?:/,
    '',
  );
  const [address = ''] = uri.split(';');
  const at = address.lastIndexOf('@');
  return {
    endpoint,
    gateway: undefined,
    profile: endpoint === 'sofia' ? second : 'external',
    destination: at < 0 ? address : address.slice(0, at),
    host: at < 0 ? '127.0.0.1' : address.slice(at + 1),
  };
}

/** Reads the blocks of variables at the front; several may follow each other. */
function takeBlocks(
  text: string,
  open: string,
  close: string,
): { variables: Map<string, string>; rest: string } {
  const variables = new Map<string, string>();
  let rest = text;
  while (rest.startsWith(open)) {
    const end = endOfBlock(rest, open, close);
    if (end < 0) break;
    for (const [name, value] of assignments(rest.slice(1, end))) variables.set(name, value);
    rest = rest.slice(end + 1);
  }
  return { variables, rest };
}

function endOfBlock(text: string, open: string, close: string): number {
  const first = text.indexOf(close);
  const plain = text.slice(0, first);
  if (first > 0 && !plain.includes('\\') && plain.lastIndexOf(open) === 0) return first;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === open) depth++;
    else if (text[at] === close && --depth === 0) return at;
  }
  return -1;
}

/** `a=b,c='d,e'`, or `^^:a=b:c=d` with a delimiter of its own. */
function* assignments(block: string): IterableIterator<[string, string]> {
  const own = block.startsWith('^^');
  const delimiter = own ? (block[2] ?? ',') : ',';
  for (const part of splitQuoted(own ? block.slice(3) : block, delimiter)) {
    const equals = part.indexOf('=');
    if (equals > 0) yield [part.slice(0, equals).trim(), unquote(part.slice(equals + 1))];
  }
}

function splitQuoted(text: string, delimiter: string): string[] {
  if (!/['\\]/.test(text)) return text.split(delimiter);
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? '';
    if (char === '\\' && at + 1 < text.length) {
      part += char + (text[at + 1] ?? '');
      at++;
    } else if (char === delimiter && !quoted) {
      parts.push(part);
      part = '';
    } else {
      if (char === "'") quoted = !quoted;
      part += char;
    }
  }
  return [...parts, part];
}

function unquote(value: string): string {
  const inner = value.startsWith("'") && value.endsWith("'") && value.length > 1 ? value.slice(1, -1) : value;
  return inner.includes('\\') ? inner.replace(/\\(.)/gs, '$1') : inner;
}

/** Cuts at `|` and `,`, but not inside `[…]`. */
function splitLegs(text: string): string[] {
  if (!/[|,[]/.test(text)) return text === '' ? [] : [text];
  const legs: string[] = [];
  let leg = '';
  let depth = 0;
  for (const char of text) {
    if (char === '[') depth++;
    if (char === ']') depth--;
    if ((char === '|' || char === ',') && depth === 0) {
      legs.push(leg);
      leg = '';
    } else leg += char;
  }
  return [...legs, leg].filter((part) => part !== '');
}
