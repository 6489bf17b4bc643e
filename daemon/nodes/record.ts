import { Type } from 'typebox';
import { defineNode } from '../flow/define-node.ts';
import { mediaOf, prompt } from './parts/prompt.ts';

const noneRuns = 'no recording runs';

export const record = defineNode({
  type: 'record',
  help: 'Starts or stops the recording of the call, or keeps out of it what is secret.',
  params: Type.Object(
    {
      action: Type.Union(
        [
          Type.Literal('start'),
          Type.Literal('stop'),
          Type.Literal('pause'),
          Type.Literal('resume'),
          Type.Literal('mask'),
          Type.Literal('unmask'),
        ],
        {
          default: 'start',
          description:
            '`mask` writes silence until `unmask`, so that the times in the file stay true. `pause` writes nothing until `resume`: the file is shorter by that. Where no recording runs, the trace says so.',
        },
      ),
      channels: Type.Union([Type.Literal('mono'), Type.Literal('stereo')], {
        default: 'stereo',
        description: '`stereo`: the caller left, the callee right.',
      }),
      consentPrompt: Type.Optional(prompt('Heard before it starts.')),
      retentionDays: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 3650,
          description:
            "Days after its beginning when it is deleted. Absent: the campaign's rule at the time of the call; without one it is kept.",
        }),
      ),
    },
    { additionalProperties: false },
  ),
  exits: { next: 'optional', storageUnavailable: 'optional' },
  exitHelp: {
    next: 'the recording does what was asked',
    storageUnavailable: 'the recording cannot be kept',
  },
  async run(ctx, { action, channels, consentPrompt, retentionDays }) {
    switch (action) {
      case 'start': {
        if (consentPrompt !== undefined) {
          const heard = await ctx.channel.play(mediaOf(consentPrompt, ctx));
          // Unheard, it is no consent: the flow's `error` exit decides.
          if (heard.end === 'failed')
            throw new Error(`the consent prompt could not be played: ${heard.detail}`);
        }
        const started = await ctx.recording.start(
          retentionDays === undefined ? { channels } : { channels, retentionDays },
        );
        return started === 'recording' ? 'next' : 'storageUnavailable';
      }
      case 'stop':
        if (!(await ctx.recording.stop())) ctx.explain(noneRuns);
        return 'next';
      case 'pause':
      case 'resume':
      case 'mask':
      case 'unmask':
        if (!(await ctx.recording.adjust(action))) ctx.explain(noneRuns);
        return 'next';
    }
  },
});
