import { Value } from 'typebox/value';
import type { AnyNodeDefinition } from './define-node.ts';
import { type FieldFault, schemaFaults } from './schema-faults.ts';

export type CheckedParams =
  | { readonly params: object; readonly faults: readonly [] }
  | { readonly params: undefined; readonly faults: readonly FieldFault[] };

/**
 * A node's params with their defaults filled in, frozen (they are shared by every call of the flow version), or what
 * is wrong with them; pointers begin at the params.
 */
export function checkParams(definition: AnyNodeDefinition, given: unknown): CheckedParams {
  const params: unknown = Value.Default(definition.params, Value.Clone(given));
  const faults = schemaFaults(definition.params, params);
  if (faults.length > 0) return { params: undefined, faults };
  const own = definition.check?.(params as never) ?? [];
  if (own.length > 0) return { params: undefined, faults: own };
  return { params: frozen(params as object), faults: [] };
}

function frozen<Kept extends object>(value: Kept): Kept {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) frozen(inner);
  return Object.freeze(value);
}
