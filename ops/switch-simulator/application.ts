import { markEarlyMedia } from './call-progress.ts';
import { expandVariables } from './expand-variables.ts';
import { encodeHeader } from './header-encoding.ts';
import type { Leg } from './leg.ts';
import { hangUp } from './leg-end.ts';
import type { SwitchCore } from './switch-core.ts';
import { newUuid } from './uuid.ts';

/** One run of an application on a leg. */
export interface ApplicationRun {
  readonly core: SwitchCore;
  readonly leg: Leg;
  /** The argument with `${…}` replaced. */
  readonly argument: string;
  /** To be called once, now or later; `response` becomes Application-Response. */
  readonly done: (response?: string) => void;
}

export interface Application {
  readonly name: string;
  /** True: FreeSWITCH pre-answers the leg first (no SAF_SUPPORT_NOMEDIA). */
  readonly needsMedia: boolean;
  readonly run: (run: ApplicationRun) => void;
}

/**
 * Runs an application as switch_core_session_exec does: CHANNEL_EXECUTE, the application, CHANNEL_EXECUTE_COMPLETE,
 * then `done`, in the same tick where nothing has to be waited for. An unknown one hangs the leg up with
 * DESTINATION_OUT_OF_ORDER; on a leg that is over nothing happens.
 */
export function runApplication(
  core: SwitchCore,
  leg: Leg,
  call: { readonly app: string; readonly argument: string; readonly uuid?: string | undefined },
  done: () => void,
): void {
  if (leg.down) {
    done();
    return;
  }
  const application = core.applications.get(call.app);
  if (application === undefined) {
    hangUp(core, leg, { cause: 'DESTINATION_OUT_OF_ORDER' });
    done();
    return;
  }
  if (application.needsMedia && !leg.answered) markEarlyMedia(core, leg);
  const argument = expandVariables(core, leg, call.argument);
  const uuid = call.uuid ?? newUuid();
  leg.applications.push({ app: call.app, data: argument, atUs: core.clock.nowUs() });
  const encoded = encodeHeader(argument);
  leg.variables.setEncoded('current_application_data', argument, encoded);
  leg.variables.set('current_application', call.app);
  leg.variables.set('current_application_response', undefined);
  const about = () => `Application: ${call.app}\n${argument === '' ? '' : `Application-Data: ${encoded}\n`}`;
  const named = () => `Application-UUID: ${encodeHeader(uuid)}\n`;
  core.fire('CHANNEL_EXECUTE', leg, { after: () => about() + named() });
  let finished = false;
  application.run({
    core,
    leg,
    argument,
    done: (response) => {
      if (finished) throw new Error(`${call.app} was completed twice on ${leg.uuid}`);
      finished = true;
      if (response !== undefined) leg.variables.set('current_application_response', response);
      if (!leg.down) leg.enter('idle');
      core.fire('CHANNEL_EXECUTE_COMPLETE', leg, {
        after: () => `${about()}Application-Response: ${encodeHeader(response ?? '_none_')}\n${named()}`,
      });
      done();
    },
  });
}

/** Runs what a variable of the leg names (switch_channel_execute_on): `app argument` or `app::argument`. */
export function executeOn(core: SwitchCore, leg: Leg, variable: string): void {
  const named = leg.variables.get(variable);
  if (named === undefined || leg.down) return;
  const [app = '', ...argument] = named.includes('::') ? named.split('::') : named.split(' ');
  const { phase } = leg;
  runApplication(core, leg, { app, argument: argument.join(' ') }, () => {
    leg.phase = phase; // beside what the leg is doing: nobody who waits for a phase hears of it
  });
}
