import { Type } from 'typebox';
import { defineNode } from '../flow/define-node.ts';
import { mediaOf, PromptSchema } from './parts/prompt.ts';

export const play = defineNode({
  type: 'play',
  help: 'Plays a sound file, a spoken text or a tone.',
  params: Type.Object(
    {
      prompt: PromptSchema,
      loops: Type.Integer({ default: 1, minimum: 1, maximum: 100, description: 'How often it is played.' }),
      terminators: Type.String({
        default: '',
        pattern: '^[0-9*#]{0,12}$',
        description: 'Keys that end it; each has its exit `key:<digit>`.',
      }),
    },
    { additionalProperties: false },
  ),
  exits: { done: 'optional', 'key:<d>': 'optional' },
  exitHelp: {
    done: 'it was played to its end',
    'key:<d>': 'the caller pressed a terminator',
  },
  namedExits: ({ terminators }) => [...new Set(terminators)].map((digit) => `key:${digit}`),
  async run(ctx, { prompt, loops, terminators }) {
    const media = mediaOf(prompt, ctx);
    for (let loop = 0; loop < loops; loop += 1) {
      const result = await ctx.channel.play(media, { terminators });
      if (result.end === 'digit') return `key:${result.digit}`;
      if (result.end === 'failed') throw new Error(`the prompt could not be played: ${result.detail}`);
    }
    return 'done';
  },
});
