import type { Media } from '../../channel/channel.ts';
import type { NodeContext, QueuePlace } from '../../flow/node-context.ts';
import { longestSilenceMs } from '../../telephony/media.ts';
import { type AnnouncementPart, announce } from './announcement.ts';
import { Deadline } from './deadline.ts';
import { msOf } from './milliseconds.ts';

export interface Waiting {
  readonly maxWaitSeconds: number;
  readonly music?: string;
  readonly announceEverySeconds: number;
  readonly announcement: readonly AnnouncementPart[];
  readonly exitKeys: string;
  readonly callbackKey: string;
}

/**
 * Keeps the caller in the line with music until it is their turn, the time is over or a key is pressed. Nothing is
 * polled: the place's signal, the deadline or the key ends the music.
 */
export async function waitForTurn(
  ctx: NodeContext,
  place: QueuePlace,
  params: Waiting,
): Promise<'ready' | 'timeout' | 'callback' | `exitKey:${string}`> {
  const everyMs = params.announceEverySeconds > 0 ? msOf(params.announceEverySeconds) : Infinity;
  const terminators = params.exitKeys + params.callbackKey;
  const endsAtMs = ctx.now() + msOf(params.maxWaitSeconds);
  let announceAtMs = ctx.now() + everyMs;
  let music: Media = { kind: 'music', ...(params.music === undefined ? {} : { source: params.music }) };
  // Only where somebody must wait: a free slot costs no answer.
  if (!place.ready.aborted && !ctx.channel.answered) await ctx.channel.answer();
  while (!place.ready.aborted) {
    if (ctx.now() >= endsAtMs) return 'timeout';
    const began = ctx.now();
    const wake = new Deadline(Math.min(endsAtMs, announceAtMs) - began);
    let key: string | undefined;
    try {
      const until = AbortSignal.any([place.ready, wake.signal]);
      const heard = await ctx.channel.play(music, { until, terminators });
      if (heard.end === 'digit') key = heard.digit;
      // Music that fails or ends at once would be asked for again and again: wait in silence instead.
      const broken = heard.end === 'failed' || (heard.end === 'finished' && ctx.now() - began < 1000);
      if (broken && music.kind === 'silence') throw new Error('nothing plays, so the caller cannot wait');
      if (broken) {
        ctx.log.warn({ music: params.music, heard }, 'queue music not played, went on in silence');
        music = { kind: 'silence', durationMs: Math.min(msOf(params.maxWaitSeconds), longestSilenceMs) };
      }
    } finally {
      wake.cancel();
    }
    if (key === undefined && !place.ready.aborted && ctx.now() >= announceAtMs && ctx.now() < endsAtMs) {
      key = await announce(ctx, place, params.announcement, terminators);
      announceAtMs = ctx.now() + everyMs;
    }
    if (key !== undefined && !place.ready.aborted)
      return key === params.callbackKey ? 'callback' : `exitKey:${key}`;
  }
  ctx.explain(place.lost ? 'the line was lost: went on without a held slot' : 'its turn');
  return 'ready';
}
