import { Type } from 'typebox';
import { defineNode } from '../flow/define-node.ts';
import { attemptOptions, dialFaults, dialParams } from './parts/dial-params.ts';
import { exitOf, tryInOrder } from './parts/failover.ts';
import { msOf } from './parts/milliseconds.ts';

export const buyer = defineNode({
  type: 'buyer',
  help: 'Rings the buyers of the plan one after the other until one takes the call, and joins the two.',
  params: Type.Object(
    {
      buyer: Type.Optional(
        Type.String({
          minLength: 1,
          maxLength: 200,
          description: "Only this buyer (name or id); absent: the campaign's plan.",
        }),
      ),
      strategy: Type.Union(
        [Type.Literal('sequential'), Type.Literal('simultaneous'), Type.Literal('progressive')],
        { default: 'sequential', description: 'One endpoint after the other.' },
      ),
      ...dialParams,
      earlyHangup: Type.Optional(
        Type.Object(
          {
            withinSeconds: Type.Number({
              default: 10,
              minimum: 1,
              maximum: 300,
              description: 'Of talking; later is no early hang-up.',
            }),
            recovery: Type.Union([Type.Literal('next'), Type.Literal('exit')], {
              default: 'next',
              description: '`next`: the next endpoint is tried; `exit`: the exit `buyerHungUpEarly`.',
            }),
          },
          {
            additionalProperties: false,
            description: 'What is done when the buyer hangs up so soon after answering.',
          },
        ),
      ),
    },
    { additionalProperties: false },
  ),
  exits: {
    connectedEnded: 'required',
    buyerHungUpEarly: 'optional',
    noAnswer: 'required',
    busy: 'required',
    rejected: 'required',
    failed: 'required',
    allCapped: 'required',
    notAccepted: 'optional',
    maxDuration: 'optional',
  },
  exitHelp: {
    connectedEnded: 'caller and buyer talked, and the buyer hung up',
    buyerHungUpEarly: 'the buyer hung up within `earlyHangup.withinSeconds`',
    noAnswer: 'the last who was tried did not answer',
    busy: 'the last who was tried was busy',
    rejected: 'the last who was tried refused the call',
    failed: 'the last who was tried could not be reached, or there was nobody to try',
    allCapped: 'every candidate has as many calls as it may',
    notAccepted: 'the last who answered did not press the key to accept',
    maxDuration: 'the conversation was cut at `maxDurationSeconds`',
  },
  waitsForCaller: true,
  check: ({ strategy, ...params }) => [
    ...(strategy === 'sequential'
      ? []
      : [{ field: '/strategy', message: `${strategy} ringing is not built yet: use sequential` }]),
    ...dialFaults(params),
  ],
  async run(ctx, params) {
    const { earlyHangup } = params;
    const isEarly = (result: { hungUpBy: 'A' | 'B' | undefined; talkedMs: number }) =>
      earlyHangup !== undefined &&
      result.hungUpBy === 'B' &&
      result.talkedMs < earlyHangup.withinSeconds * 1000;
    const ended = await tryInOrder(
      ctx,
      params.buyer === undefined ? { from: 'campaign' } : { from: 'buyer', buyer: params.buyer },
      attemptOptions(ctx, params),
      { maxAttempts: params.maxAttempts, maxTotalMs: msOf(params.maxTotalSeconds) },
      (result) => !(isEarly(result) && earlyHangup?.recovery === 'next'),
    );
    if (ended.end === 'connected') {
      ctx.explain(`${ended.candidate.buyerName}, ${ended.candidate.label}: ${ended.result.cause}`);
      if (ended.result.outcome === 'max_duration') return 'maxDuration';
      return isEarly(ended.result) ? 'buyerHungUpEarly' : 'connectedEnded';
    }
    ctx.explain(ended.why);
    // The last who answered hung up at once, and nobody was left to try.
    if (ended.result?.outcome === 'connected') return 'buyerHungUpEarly';
    return exitOf(ended.result);
  },
});
