import { Type } from 'typebox';
import { defineNode } from '../flow/define-node.ts';
import { flowLimits } from '../flow/flow-graph.ts';
import { renderFor, templateFaults } from './parts/template.ts';

export const goto = defineNode({
  type: 'goto',
  help: 'Enters another flow and goes on by what it returned.',
  params: Type.Object(
    {
      flow: Type.String({ minLength: 1, maxLength: 200, description: "The flow's name or id." }),
      version: Type.Union([Type.Literal('latest'), Type.Integer({ minimum: 1 })], {
        default: 'latest',
        description: '`latest`: the published one at that moment; a number pins it.',
      }),
      inputs: Type.Record(
        Type.String({ pattern: '^[A-Za-z0-9_]{1,64}$' }),
        Type.String({ maxLength: flowLimits.textLength }),
        { default: {}, description: 'Variables set for the other flow; `{{variables.name}}` is replaced.' },
      ),
      returns: Type.Array(Type.String({ pattern: '^[A-Za-z0-9_-]{1,40}$' }), {
        default: [],
        maxItems: 50,
        uniqueItems: true,
        description: 'What it may return; each has its exit `return:<name>`.',
      }),
    },
    { additionalProperties: false },
  ),
  exits: { 'return:<name>': 'optional', missing: 'required' },
  exitHelp: {
    'return:<name>': 'the other flow returned this name',
    missing: 'there is no such flow or version, or it is not published',
  },
  namedExits: ({ returns }) => returns.map((name) => `return:${name}`),
  check: ({ inputs }) =>
    Object.entries(inputs).flatMap(([name, value]) => templateFaults(`/inputs/${name}`, value)),
  async run(ctx, { flow, version, inputs }) {
    const rendered = Object.entries(inputs).map(([name, value]) => [name, renderFor(ctx, value)] as const);
    const back = await ctx.enterFlow({ flow, version }, Object.fromEntries(rendered));
    if ('missing' in back) {
      ctx.explain(back.missing);
      return 'missing';
    }
    return `return:${back.returned}`;
  },
});
