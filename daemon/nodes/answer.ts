import { Type } from 'typebox';
import { defineNode } from '../flow/define-node.ts';
import { msOf } from './parts/milliseconds.ts';

export const answer = defineNode({
  type: 'answer',
  help: 'Answers the call (billing begins), or opens early media without answering.',
  params: Type.Object(
    {
      earlyMediaOnly: Type.Boolean({
        default: false,
        description: 'Sends 183: the caller hears, but the call is not answered.',
      }),
      delaySeconds: Type.Number({
        default: 0,
        minimum: 0,
        maximum: 30,
        description: 'Lets it ring (180) this long before.',
      }),
    },
    { additionalProperties: false },
  ),
  exits: { next: 'optional' },
  exitHelp: {
    next: 'the call is answered, or early media was begun',
  },
  async run(ctx, { earlyMediaOnly, delaySeconds }) {
    if (ctx.channel.answered) return 'next';
    if (delaySeconds > 0) {
      await ctx.channel.ringReady();
      await ctx.wait(msOf(delaySeconds));
    }
    await (earlyMediaOnly ? ctx.channel.preAnswer() : ctx.channel.answer());
    return 'next';
  },
});
