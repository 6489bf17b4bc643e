import { Type } from 'typebox';
import { ChannelGone } from '../channel/channel.ts';
import { defineNode } from '../flow/define-node.ts';
import { type HangupCause, hangupCauses, isHangupCause } from '../telephony/hangup-cause.ts';
import { mediaOf, prompt } from './parts/prompt.ts';

/** The cause FreeSWITCH turns into this SIP status (mod_sofia.c, hangup_cause_to_sip); preferred where it has several. */
const causeOfSip: Readonly<Record<number, HangupCause>> = {
  403: 'OUTGOING_CALL_BARRED',
  404: 'UNALLOCATED_NUMBER',
  408: 'NO_USER_RESPONSE',
  410: 'NUMBER_CHANGED',
  480: 'NO_ANSWER',
  484: 'INVALID_NUMBER_FORMAT',
  486: 'USER_BUSY',
  488: 'INCOMPATIBLE_DESTINATION',
  501: 'FACILITY_NOT_IMPLEMENTED',
  502: 'DESTINATION_OUT_OF_ORDER',
  503: 'NORMAL_TEMPORARY_FAILURE',
  504: 'RECOVERY_ON_TIMER_EXPIRE',
  600: 'BUSY_EVERYWHERE',
  603: 'CALL_REJECTED',
  604: 'DOES_NOT_EXIST_ANYWHERE',
  607: 'UNWANTED',
};

export const hangup = defineNode({
  type: 'hangup',
  help: 'Ends the call.',
  params: Type.Object(
    {
      cause: Type.String({
        default: 'NORMAL_CLEARING',
        maxLength: 60,
        description: "FreeSWITCH's hangup cause, such as `NORMAL_CLEARING` or `USER_BUSY`.",
      }),
      sipCode: Type.Optional(
        Type.Integer({
          minimum: 400,
          maximum: 699,
          description: `Instead of a cause, for a call not answered: ${Object.keys(causeOfSip).join(', ')}.`,
        }),
      ),
      prompt: Type.Optional(prompt('Heard before the call ends.')),
    },
    { additionalProperties: false },
  ),
  exits: {},
  check({ cause, sipCode }) {
    const faults = [];
    if (!isHangupCause(cause))
      faults.push({
        field: '/cause',
        message: `unknown hangup cause; some are ${Object.keys(hangupCauses).slice(6, 12).join(', ')}`,
      });
    if (sipCode !== undefined && causeOfSip[sipCode] === undefined)
      faults.push({
        field: '/sipCode',
        message: `FreeSWITCH sends only ${Object.keys(causeOfSip).join(', ')}`,
      });
    return faults;
  },
  async run(ctx, params): Promise<never> {
    const cause =
      (params.sipCode === undefined ? undefined : causeOfSip[params.sipCode]) ??
      (isHangupCause(params.cause) ? params.cause : 'NORMAL_CLEARING');
    if (params.prompt !== undefined) {
      const played = await ctx.channel.play(mediaOf(params.prompt, ctx));
      if (played.end === 'failed') ctx.log.warn({ detail: played.detail }, 'prompt before hangup not played');
    }
    await ctx.channel.hangup(cause);
    ctx.channel.hungUp.throwIfAborted();
    throw new ChannelGone({ cause, by: 'callfabric' });
  },
});
