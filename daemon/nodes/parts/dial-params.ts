import { Type } from 'typebox';
import type { AttemptOptions, CauseRule, NodeContext } from '../../flow/node-context.ts';
import { isHangupCause } from '../../telephony/hangup-cause.ts';
import { msOf } from './milliseconds.ts';
import { mediaOf, type Prompt, PromptSchema, prompt } from './prompt.ts';

/** FreeSWITCH repeats it by itself, and cannot speak as it does. */
const RingbackSound = Type.Union(
  PromptSchema.anyOf.filter(({ properties }) => properties.kind.const !== 'speech'),
  { description: 'A sound file or a tone.' },
);

/** The params `buyer` and `dial` share. */
export const dialParams = {
  ringTimeoutSeconds: Type.Optional(
    Type.Number({
      minimum: 1,
      maximum: 300,
      description:
        "How long one endpoint rings; a buyer's or endpoint's own setting goes before it. Absent: the campaign's.",
    }),
  ),
  maxAttempts: Type.Integer({
    default: 10,
    minimum: 1,
    maximum: 50,
    description: 'Endpoints dialled at most.',
  }),
  maxTotalSeconds: Type.Number({
    default: 120,
    minimum: 1,
    maximum: 900,
    description: 'Ringing time of all tries together.',
  }),
  whisper: Type.Optional(prompt('Heard by the one who answers, before the two are joined.')),
  accept: Type.Optional(
    Type.Object(
      {
        digit: Type.String({
          default: '1',
          pattern: '^[0-9*#]$',
          description: 'The key that takes the call.',
        }),
        timeoutSeconds: Type.Number({
          default: 10,
          minimum: 1,
          maximum: 60,
          description: 'Time to press it.',
        }),
      },
      {
        additionalProperties: false,
        description: 'Who answers hears `whisper` and must press a key to take the call.',
      },
    ),
  ),
  ringback: Type.Union(
    [
      Type.Object(
        { kind: Type.Literal('passthrough') },
        { additionalProperties: false, title: "The far side's own tones" },
      ),
      Type.Object(
        { kind: Type.Literal('media'), media: RingbackSound },
        { additionalProperties: false, title: 'A tone or a sound' },
      ),
    ],
    {
      default: { kind: 'media', media: { kind: 'tone', tone: '%(2000,4000,440,480)' } },
      description: 'What the caller hears while it rings. Default: the North American ringing tone.',
    },
  ),
  maxDurationSeconds: Type.Optional(
    Type.Number({ minimum: 1, maximum: 86_400, description: 'The conversation is cut here. Absent: never.' }),
  ),
  causes: Type.Record(
    Type.String({ minLength: 1, maxLength: 60 }),
    Type.Union([Type.Literal('next'), Type.Literal('skipEndpoint'), Type.Literal('stop')]),
    {
      default: {},
      description:
        'What a hangup cause (`USER_BUSY`) or SIP status (`486`) means: `next` goes on, `skipEndpoint` does not try the same endpoint through another trunk, `stop` tries nobody else.',
    },
  ),
} as const;

interface DialParams {
  readonly ringTimeoutSeconds?: number;
  readonly whisper?: Prompt;
  readonly accept?: { readonly digit: string; readonly timeoutSeconds: number };
  readonly ringback: { kind: 'passthrough' } | { kind: 'media'; media: Prompt };
  readonly maxDurationSeconds?: number;
  readonly causes: Readonly<Record<string, CauseRule>>;
}

/** What the schema cannot say of them. */
export function dialFaults({ accept, whisper, causes }: Pick<DialParams, 'accept' | 'whisper' | 'causes'>) {
  const unknown = Object.keys(causes).filter((cause) => !isHangupCause(cause) && !/^[3-6]\d\d$/.test(cause));
  return [
    ...(accept !== undefined && whisper === undefined
      ? [{ field: '/whisper', message: 'says which key takes the call, so accept needs it' }]
      : []),
    ...unknown.map((cause) => ({
      field: `/causes/${cause}`,
      message: 'is neither a hangup cause nor a SIP status from 300 to 699',
    })),
  ];
}

export function attemptOptions(ctx: NodeContext, params: DialParams): AttemptOptions {
  return {
    ringTimeoutMs: params.ringTimeoutSeconds === undefined ? undefined : msOf(params.ringTimeoutSeconds),
    ringback:
      params.ringback.kind === 'media'
        ? { kind: 'media', media: mediaOf(params.ringback.media, ctx) }
        : params.ringback,
    causes: params.causes,
    ...(params.whisper === undefined ? {} : { whisper: mediaOf(params.whisper, ctx) }),
    ...(params.accept === undefined
      ? {}
      : { accept: { digit: params.accept.digit, timeoutMs: msOf(params.accept.timeoutSeconds) } }),
    ...(params.maxDurationSeconds === undefined ? {} : { maxDurationMs: msOf(params.maxDurationSeconds) }),
  };
}
