import { Type } from 'typebox';
import { defineNode } from '../flow/define-node.ts';
import { checkExpression, compileExpression } from '../flow/expression.ts';

export const condition = defineNode({
  type: 'condition',
  help: 'Takes the first branch whose condition holds.',
  params: Type.Object(
    {
      branches: Type.Array(
        Type.Object(
          {
            name: Type.String({
              pattern: '^[A-Za-z0-9_-]{1,40}$',
              description: 'Its exit is `branch:<name>`.',
            }),
            when: Type.Unknown({
              description: 'A condition: `{path, op, value}`, or `all`, `any`, `not` of such.',
            }),
          },
          { additionalProperties: false },
        ),
        { minItems: 1, maxItems: 50, description: 'Asked in this order.' },
      ),
    },
    { additionalProperties: false },
  ),
  exits: { 'branch:<name>': 'optional', else: 'required' },
  exitHelp: {
    'branch:<name>': 'this branch is the first that holds',
    else: 'no branch holds',
  },
  namedExits: ({ branches }) => [...new Set(branches.map(({ name }) => `branch:${name}`))],
  check: ({ branches }) =>
    branches.flatMap(({ name, when }, index) => [
      ...checkExpression(when).map(({ field, message }) => ({
        field: `/branches/${index}/when${field}`,
        message,
      })),
      ...(branches.findIndex((other) => other.name === name) < index
        ? [{ field: `/branches/${index}/name`, message: 'is taken by an earlier branch' }]
        : []),
    ]),
  async run(ctx, { branches }) {
    const taken = branches.find(({ when }) => compileExpression(when)(ctx));
    return taken === undefined ? 'else' : `branch:${taken.name}`;
  },
});
