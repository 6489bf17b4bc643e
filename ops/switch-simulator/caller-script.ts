import type { Leg, LegPhase } from './leg.ts';
import { hangUp } from './leg-end.ts';
import { pressKeys } from './originate.ts';
import type { SwitchTimer } from './switch-clock.ts';
import type { SwitchCore } from './switch-core.ts';

/** When a caller does something: so long after the call began, or after a moment in it. Times in ms. */
export interface CallerMoment {
  /** After the nth prompt began (playback, or a prompt of a digit menu). */
  readonly afterPrompt?: number;
  /** After the leg came into this phase. */
  readonly phase?: LegPhase;
  readonly delayMs?: number;
}

/** What the caller does. Whatever it does, it does once. */
export interface CallerScript {
  readonly keys?: readonly (CallerMoment & { readonly digits: string })[];
  readonly hangUp?: CallerMoment & {
    /** `cancel` before answer and `bye` after it, unless said. */
    readonly how?: 'bye' | 'cancel';
  };
  /** Hangs up so long after it was joined with somebody. */
  readonly talkMs?: number;
}

/** Lets a caller act on its leg; undone when the leg ends. */
export function actAsCaller(core: SwitchCore, leg: Leg, script: CallerScript): void {
  const timers: SwitchTimer[] = [];
  const waiting: { readonly moment: CallerMoment; readonly act: () => void }[] = [];
  for (const key of script.keys ?? []) waiting.push({ moment: key, act: () => pressKeys(leg, key.digits) });
  const end = script.hangUp;
  if (end !== undefined) waiting.push({ moment: end, act: () => hangUpAsCaller(core, leg, end.how) });
  if (script.talkMs !== undefined)
    waiting.push({
      moment: { phase: 'bridged', delayMs: script.talkMs },
      act: () => hangUpAsCaller(core, leg),
    });
  const come = ({ afterPrompt, phase }: CallerMoment) =>
    (afterPrompt === undefined || leg.promptsBegun >= afterPrompt) &&
    (phase === undefined || leg.phase === phase);
  const look = () => {
    for (let index = 0; index < waiting.length; index++) {
      const entry = waiting[index];
      if (entry === undefined || !come(entry.moment)) continue;
      waiting.splice(index--, 1);
      // Never within the step that brought the moment about: a caller is not part of the switch.
      timers.push(core.clock.after(entry.moment.delayMs ?? 0, entry.act));
    }
  };
  leg.onPhase = waiting.length === 0 ? undefined : look;
  leg.undo.push(() => {
    leg.onPhase = undefined;
    for (const timer of timers) timer.cancel();
  });
  look();
}

/** A BYE, or before the answer a CANCEL. */
export function hangUpAsCaller(core: SwitchCore, leg: Leg, how?: 'bye' | 'cancel'): void {
  const cancel = how === undefined ? !leg.answered : how === 'cancel';
  hangUp(
    core,
    leg,
    cancel
      ? { cause: 'ORIGINATOR_CANCEL', received: 'recv_cancel' }
      : { cause: 'NORMAL_CLEARING', received: 'recv_bye' },
  );
}
