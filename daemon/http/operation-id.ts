/** What a POST, or the GET of an export, is called by its last word; `rotate-secret` rotates a secret. */
const actions = ['clone', 'export', 'hangup', 'import', 'publish', 'rollback', 'rotate', 'validate'];

const verbs: Readonly<Record<string, string>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'set',
  PATCH: 'update',
  DELETE: 'delete',
};

/**
 * What generated clients call an operation: `listCalls`, `getCall`, `createBuyerEndpoint`, `publishFlowDraft`. Made of
 * the method and the address (with `:params`) alone, so that it is the same in every version that has the route; a
 * route for which this reads badly says its own `operationId`.
 */
export function operationIdOf(method: string, url: string): string {
  const segments = url.split('/').filter((segment) => segment !== '');
  const last = segments.at(-1) ?? '';
  const nouns = segments.flatMap((segment, at) => {
    if (segment.startsWith(':')) return [];
    const one = segments[at + 1]?.startsWith(':') === true;
    return [one ? singular(segment) : segment];
  });
  const [act = '', ...about] = last.split('-');
  if (actions.includes(act)) return camel([act, ...nouns.slice(0, -1), ...about]);
  if (method === 'GET' && last.endsWith('s')) return camel(['list', ...nouns]);
  const of = method === 'POST' ? [...nouns.slice(0, -1), singular(nouns.at(-1) ?? '')] : nouns;
  return camel([verbs[method] ?? method.toLowerCase(), ...of]);
}

function singular(plural: string): string {
  return plural.replace(/ies$/, 'y').replace(/s$/, '');
}

function camel(names: readonly string[]): string {
  const words = names.flatMap((name) => name.split('-'));
  return words
    .map((word, at) => (at === 0 ? word : `${word.charAt(0).toUpperCase()}${word.slice(1)}`))
    .join('');
}
