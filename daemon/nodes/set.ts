import { Type } from 'typebox';
import { defineNode } from '../flow/define-node.ts';
import { flowLimits } from '../flow/flow-graph.ts';
import { renderFor, templateFaults } from './parts/template.ts';

export const set = defineNode({
  type: 'set',
  help: 'Sets variables of the call or of its leg in FreeSWITCH.',
  params: Type.Object(
    {
      assignments: Type.Array(
        Type.Object(
          {
            scope: Type.Union([Type.Literal('call'), Type.Literal('leg'), Type.Literal('caller')], {
              default: 'call',
              description:
                '`call`: seen by this flow. `leg`: the channel variable `flow_<name>` in FreeSWITCH.',
            }),
            name: Type.String({
              pattern: '^[A-Za-z0-9_]{1,64}$',
              description: 'What it is read by: `variables.<name>`.',
            }),
            value: Type.String({
              maxLength: flowLimits.textLength,
              description: '`{{variables.name}}` and `{{call.caller}}` are replaced.',
            }),
          },
          { additionalProperties: false },
        ),
        { minItems: 1, maxItems: 50, description: 'Done in this order.' },
      ),
    },
    { additionalProperties: false },
  ),
  exits: { next: 'optional' },
  exitHelp: {
    next: 'the variables are set',
  },
  check: ({ assignments }) =>
    assignments.flatMap(({ scope, value }, index) => [
      ...templateFaults(`/assignments/${index}/value`, value),
      ...(scope === 'caller'
        ? [
            {
              field: `/assignments/${index}/scope`,
              message: 'what is kept about a caller beyond the call is not built yet: use call or leg',
            },
          ]
        : []),
    ]),
  async run(ctx, { assignments }) {
    const leg: Record<string, string> = {};
    for (const { scope, name, value } of assignments) {
      const text = renderFor(ctx, value);
      // The prefix keeps flows away from variables that mean something to FreeSWITCH (`execute_on_answer`).
      if (scope === 'leg') leg[`flow_${name}`] = text;
      else ctx.variables.set(name, text);
    }
    if (Object.keys(leg).length > 0) await ctx.channel.setVariables(leg);
    return 'next';
  },
});
