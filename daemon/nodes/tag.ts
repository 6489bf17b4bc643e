import { Type } from 'typebox';
import { defineNode } from '../flow/define-node.ts';
import { renderFor, templateFaults } from './parts/template.ts';

const longestTag = 64;
const mostTags = 50;
const Tags = (description: string) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { default: [], maxItems: mostTags, description });

export const tag = defineNode({
  type: 'tag',
  help: 'Puts tags on the call, or takes them away.',
  params: Type.Object(
    {
      add: Tags('`{{variables.name}}` is replaced; at most 64 characters remain of each.'),
      remove: Tags('Taken away before `add`.'),
    },
    { additionalProperties: false },
  ),
  exits: { next: 'optional' },
  exitHelp: {
    next: 'the tags are on the call',
  },
  check: ({ add, remove }) => [
    ...add.flatMap((text, index) => templateFaults(`/add/${index}`, text)),
    ...remove.flatMap((text, index) => templateFaults(`/remove/${index}`, text)),
    ...(add.length + remove.length === 0 ? [{ field: '/add', message: 'name at least one tag' }] : []),
  ],
  async run(ctx, { add, remove }) {
    const tagOf = (text: string) => renderFor(ctx, text).trim().slice(0, longestTag);
    for (const text of remove) ctx.tags.delete(tagOf(text));
    for (const text of add) {
      const name = tagOf(text);
      if (name === '' || ctx.tags.has(name)) continue;
      if (ctx.tags.size >= mostTags) {
        ctx.log.warn({ mostTags }, 'tag left out, the call has too many');
        ctx.explain(`the call has ${mostTags} tags already`);
        break;
      }
      ctx.tags.add(name);
    }
    return 'next';
  },
});
