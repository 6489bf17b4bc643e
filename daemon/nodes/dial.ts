import { Type } from 'typebox';
import { defineNode } from '../flow/define-node.ts';
import { isSipUri } from '../telephony/dial-destination.ts';
import { isE164 } from '../telephony/e164.ts';
import { attemptOptions, dialFaults, dialParams } from './parts/dial-params.ts';
import { exitOf, tryInOrder } from './parts/failover.ts';
import { msOf } from './parts/milliseconds.ts';

export const dial = defineNode({
  type: 'dial',
  help: 'Rings one number or SIP address, no matter whose, and joins it with the caller.',
  params: Type.Object(
    {
      // No template: a number the caller could choose would be toll fraud.
      destination: Type.String({ minLength: 3, maxLength: 330, description: 'E.164 or a SIP URI.' }),
      trunks: Type.Optional(
        Type.Array(Type.String({ minLength: 1, maxLength: 200 }), {
          minItems: 1,
          maxItems: 20,
          description: "Names or ids of the trunks it may go through; absent: any of the tenant's.",
        }),
      ),
      ...dialParams,
    },
    { additionalProperties: false },
  ),
  exits: {
    connectedEnded: 'required',
    noAnswer: 'required',
    busy: 'required',
    rejected: 'required',
    failed: 'required',
  },
  exitHelp: {
    connectedEnded: 'the two talked, and the called side hung up',
    noAnswer: 'nobody answered',
    busy: 'the number was busy',
    rejected: 'the call was refused',
    failed: 'the number could not be reached',
  },
  waitsForCaller: true,
  check: ({ destination, ...params }) => [
    ...(isE164(destination) || (/^sips?:/i.test(destination) && isSipUri(destination))
      ? []
      : [
          {
            field: '/destination',
            message: 'is neither E.164 (+15551234567) nor a SIP URI (sip:user@host[:port][;transport=tcp])',
          },
        ]),
    ...dialFaults(params),
  ],
  async run(ctx, params) {
    const { destination, trunks } = params;
    const ended = await tryInOrder(
      ctx,
      trunks === undefined
        ? { from: 'destination', destination }
        : { from: 'destination', destination, trunks },
      attemptOptions(ctx, params),
      { maxAttempts: params.maxAttempts, maxTotalMs: msOf(params.maxTotalSeconds) },
    );
    if (ended.end === 'connected') {
      ctx.explain(`${ended.candidate.label}: ${ended.result.cause}`);
      return 'connectedEnded';
    }
    ctx.explain(ended.why);
    const exit = exitOf(ended.result);
    if (exit === 'notAccepted') return 'noAnswer'; // a machine picked up, or nobody who wanted the call
    return exit === 'allCapped' ? 'failed' : exit;
  },
});
