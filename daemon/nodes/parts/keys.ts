import type { CollectedDigits } from '../../channel/channel.ts';
import type { NodeContext } from '../../flow/node-context.ts';
import { msOf } from './milliseconds.ts';
import { mediaOf, type Prompt } from './prompt.ts';

interface KeysWanted {
  readonly prompt: Prompt;
  readonly minDigits: number;
  readonly maxDigits: number;
  readonly firstDigitTimeoutSeconds: number;
  readonly interDigitTimeoutSeconds: number;
  readonly terminator: string;
  readonly bargeIn: boolean;
}

/**
 * Plays the prompt of a menu or a question and waits for the caller's keys.
 * @throws Error where the prompt cannot be played: a caller who hears nothing presses nothing, and "no key" would be
 * the wrong reason in the trace.
 */
export async function askForKeys(
  ctx: NodeContext,
  wanted: KeysWanted,
): Promise<Exclude<CollectedDigits, { end: 'failed' }>> {
  const entry = await ctx.channel.collectDigits({
    prompt: mediaOf(wanted.prompt, ctx),
    minDigits: wanted.minDigits,
    maxDigits: wanted.maxDigits,
    firstDigitTimeoutMs: msOf(wanted.firstDigitTimeoutSeconds),
    interDigitTimeoutMs: msOf(wanted.interDigitTimeoutSeconds),
    terminator: wanted.terminator,
    bargeIn: wanted.bargeIn,
  });
  if (entry.end === 'failed') throw new Error(`the prompt could not be played: ${entry.detail}`);
  return entry;
}

/** A word before the next try. The next try comes without it too, but the trace says so. */
export async function notice(ctx: NodeContext, prompt: Prompt | undefined): Promise<void> {
  if (prompt === undefined) return;
  const played = await ctx.channel.play(mediaOf(prompt, ctx));
  if (played.end === 'failed') ctx.explain(`a notice could not be played: ${played.detail}`);
}
