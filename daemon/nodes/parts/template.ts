import { flowLimits } from '../../flow/flow-graph.ts';
import type { NodeContext } from '../../flow/node-context.ts';

const placeholder = /\{\{ *([A-Za-z0-9_.:-]{1,80}) *\}\}/g;
const variablePrefix = 'variables.';
/** Longest part of a caller's name that is used: a stranger must not make texts too long to be sent. */
const longestName = 128;
const callFields = ['call.id', 'call.caller', 'call.callerName', 'call.did'] as const;

/**
 * Replaces `{{name}}` in one pass (a value that looks like a placeholder stays as it is), at most 2,000 characters.
 * What is not known becomes the empty text. Control characters of the values are dropped.
 */
export function render(template: string, lookup: (name: string) => string | undefined): string {
  return template
    .replace(placeholder, (_, name: string) => (lookup(name) ?? '').replace(/\p{Cc}/gu, ' '))
    .slice(0, flowLimits.textLength);
}

/** Renders with the call's variables (`{{variables.zip}}`) and facts (`{{call.caller}}`). */
export function renderFor(ctx: Pick<NodeContext, 'variables' | 'call'>, template: string): string {
  return render(template, (name) => {
    if (name.startsWith(variablePrefix)) return ctx.variables.get(name.slice(variablePrefix.length));
    switch (name) {
      case 'call.id':
        return ctx.call.callId;
      case 'call.caller':
        return ctx.call.caller;
      case 'call.callerName':
        return ctx.call.callerName.slice(0, longestName);
      case 'call.did':
        return ctx.call.did;
      default:
        return undefined;
    }
  });
}

/** The placeholders nobody can fill, for the publish check. */
export function unknownPlaceholders(template: string): string[] {
  return Array.from(template.matchAll(placeholder), (match) => match[1] ?? '').filter(
    (name) => !name.startsWith(variablePrefix) && !(callFields as readonly string[]).includes(name),
  );
}

/** The sentence for a field with placeholders nobody can fill, or nothing. */
export function templateFaults(field: string, template: string): { field: string; message: string }[] {
  return unknownPlaceholders(template).map((name) => ({
    field,
    message: `{{${name}}} is unknown: write {{variables.<name>}}, or one of ${callFields.join(', ')}`,
  }));
}
