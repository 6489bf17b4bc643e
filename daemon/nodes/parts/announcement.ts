import { type Static, Type } from 'typebox';
import type { Media } from '../../channel/channel.ts';
import type { NodeContext, QueuePlace } from '../../flow/node-context.ts';
import { spokenNumber } from './numbers.ts';
import { mediaOf, PromptSchema } from './prompt.ts';

/** A piece of what is said to somebody who waits: a prompt, or a number that only the line knows. */
export const AnnouncementPart = Type.Union([
  ...PromptSchema.anyOf,
  Type.Object(
    { kind: Type.Literal('position') },
    { additionalProperties: false, title: 'Place in the line' },
  ),
  Type.Object(
    { kind: Type.Literal('expectedWait') },
    { additionalProperties: false, title: 'Wait in minutes' },
  ),
]);
export type AnnouncementPart = Static<typeof AnnouncementPart>;

/** Says the announcement until it is the caller's turn; answers the key that was pressed meanwhile. */
export async function announce(
  ctx: NodeContext,
  place: QueuePlace,
  parts: readonly AnnouncementPart[],
  terminators: string,
): Promise<string | undefined> {
  for (const part of parts) {
    const sounds = await soundsOf(ctx, place, part);
    if (sounds === undefined) return undefined; // the rest would make no sense without the number
    for (const media of sounds) {
      if (place.ready.aborted) return undefined;
      const heard = await ctx.channel.play(media, { until: place.ready, terminators });
      if (heard.end === 'digit') return heard.digit;
      if (heard.end === 'failed') ctx.log.warn({ detail: heard.detail }, 'announcement not played');
    }
  }
  return undefined;
}

async function soundsOf(
  ctx: NodeContext,
  place: QueuePlace,
  part: AnnouncementPart,
): Promise<Media[] | undefined> {
  if (part.kind === 'position') {
    const position = await place.position();
    return position >= 1 ? spokenNumber(position) : undefined;
  }
  if (part.kind === 'expectedWait') {
    const waitMs = await place.expectedWaitMs();
    return waitMs === undefined ? undefined : spokenNumber(Math.max(1, Math.ceil(waitMs / 60_000)));
  }
  return [mediaOf(part, ctx)];
}
