import type { AnyNodeDefinition, ExitRule } from './define-node.ts';

/** Exits every node has beside its own. */
export const commonExits = ['error', 'hangup'] as const;

/** `key:<d>` stands for every name that begins with `key:`. */
const patternForm = /^([^<]*:)<[^>]+>$/;

interface DeclaredExits {
  readonly fixed: ReadonlyMap<string, ExitRule>;
  readonly patterns: readonly { readonly prefix: string; readonly rule: ExitRule }[];
}
const declared = new WeakMap<AnyNodeDefinition, DeclaredExits>();

/** A node type's exits, its patterns taken apart; without `error` and `hangup`. */
export function declaredExits(definition: AnyNodeDefinition): DeclaredExits {
  let exits = declared.get(definition);
  if (exits === undefined) {
    const fixed = new Map<string, ExitRule>();
    const patterns: { prefix: string; rule: ExitRule }[] = [];
    for (const [name, rule] of Object.entries(definition.exits)) {
      const prefix = patternForm.exec(name)?.[1];
      if (prefix === undefined) fixed.set(name, rule);
      else patterns.push({ prefix, rule });
    }
    exits = { fixed, patterns };
    declared.set(definition, exits);
  }
  return exits;
}

/** True where a node of this type may leave by this name: what the walker holds `run` to. */
export function mayLeaveBy(definition: AnyNodeDefinition, exit: string): boolean {
  const { fixed, patterns } = declaredExits(definition);
  return (
    fixed.has(exit) ||
    exit === 'error' ||
    patterns.some(({ prefix }) => exit.length > prefix.length && exit.startsWith(prefix))
  );
}

/** The exits a node really has: the fixed ones, and with valid params the named ones of its patterns. */
export interface NodeExits {
  readonly names: ReadonlyMap<string, ExitRule>;
  /** Prefixes whose names are not known beforehand (no `namedExits`, or the params are at fault). */
  readonly open: readonly string[];
}

export function exitsOf(definition: AnyNodeDefinition, params: object | undefined): NodeExits {
  const { fixed, patterns } = declaredExits(definition);
  const names = new Map<string, ExitRule>(fixed);
  for (const name of commonExits) names.set(name, 'optional');
  if (definition.namedExits === undefined || params === undefined)
    return { names, open: patterns.map(({ prefix }) => prefix) };
  for (const name of definition.namedExits(params as never)) {
    const pattern = patterns.find(({ prefix }) => name.startsWith(prefix));
    names.set(name, pattern?.rule ?? 'optional');
  }
  return { names, open: [] };
}
