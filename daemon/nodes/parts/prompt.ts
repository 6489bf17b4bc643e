import { type Static, Type } from 'typebox';
import type { Media } from '../../channel/channel.ts';
import { flowLimits } from '../../flow/flow-graph.ts';
import type { NodeContext } from '../../flow/node-context.ts';
import { toneScriptPattern } from '../../telephony/media.ts';
import { renderFor } from './template.ts';

/**
 * Sound files are named relative to FreeSWITCH's sounds folder: an absolute path or `..` would let one tenant's flow
 * play another tenant's recordings.
 */
export const soundPath = '^(?!.*\\.\\.)(?!.*//)[A-Za-z0-9_][A-Za-z0-9_ /.-]*$';

/** Something a flow lets be heard: a sound file, a text to be spoken, or a tone. */
export const PromptSchema = Type.Union(
  [
    Type.Object(
      {
        kind: Type.Literal('file'),
        path: Type.String({
          pattern: soundPath,
          maxLength: 200,
          description: "Relative to FreeSWITCH's sounds folder, such as `ivr/ivr-welcome.wav`.",
        }),
      },
      { additionalProperties: false, title: 'Sound file' },
    ),
    Type.Object(
      {
        kind: Type.Literal('speech'),
        text: Type.String({
          minLength: 1,
          maxLength: flowLimits.textLength,
          description: 'Spoken text; `{{variables.name}}` is replaced.',
        }),
        language: Type.Optional(
          Type.String({ pattern: '^[a-z]{2}(-[A-Z]{2})?$', description: 'Such as `en-US`.' }),
        ),
        voice: Type.Optional(
          Type.String({
            pattern: '^[A-Za-z0-9_-]{1,64}$',
            description: "A voice of FreeSWITCH's TTS engine.",
          }),
        ),
      },
      { additionalProperties: false, title: 'Spoken text' },
    ),
    Type.Object(
      {
        kind: Type.Literal('tone'),
        tone: Type.String({
          pattern: toneScriptPattern,
          maxLength: 200,
          description: "FreeSWITCH's tone script (TGML), such as `%(2000,4000,440,480)`.",
        }),
        loops: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'Default 1.' })),
      },
      { additionalProperties: false, title: 'Tone' },
    ),
  ],
  { description: 'A sound file, spoken text or tone.' },
);
export type Prompt = Static<typeof PromptSchema>;

/** A prompt as one of several fields of a node, with its own help. */
export function prompt(description: string) {
  return Type.Union(PromptSchema.anyOf, { description });
}

/** What the channel is asked to play: templates in spoken text are filled from the call. */
export function mediaOf(prompt: Prompt, ctx: Pick<NodeContext, 'variables' | 'call'>): Media {
  if (prompt.kind !== 'speech') return prompt;
  // A prompt written over several lines is one sound, and an argument of FreeSWITCH's is one line.
  return { ...prompt, text: renderFor(ctx, prompt.text).replace(/\p{Cc}+/gu, ' ') };
}
