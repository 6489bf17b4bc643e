import type { HangupCause } from '../../daemon/telephony/hangup-cause.ts';
import type { Leg } from './leg.ts';

/** How a simulated call ended, by the switch's own word. */
export interface SimulatedCallEnd {
  readonly uuid: string;
  readonly cause: HangupCause;
  readonly disposition: string | undefined;
  readonly answered: boolean;
  /** From answer to end by the switch's clock. */
  readonly billMs: number;
  /** The last B-leg it was joined with. */
  readonly bridgedTo: string | undefined;
  variable(name: string): string | undefined;
}

/** A call placed on the simulated switch, seen from the caller's chair. */
export interface SimulatedCall {
  readonly uuid: string;
  /** The A-leg as it stands. */
  readonly leg: Leg;
  /** Resolves when it is quite over; never rejects. */
  readonly ended: Promise<SimulatedCallEnd>;
  /** True when answered, false when it ended before. */
  readonly answered: Promise<boolean>;
  press(digits: string): void;
  hangUp(how?: 'bye' | 'cancel'): void;
}

export function endOf(leg: Leg): SimulatedCallEnd {
  const { answeredUs, hangupUs } = leg.times;
  return {
    uuid: leg.uuid,
    cause: leg.hangupCause ?? 'NORMAL_UNSPECIFIED',
    // Looked up only when asked: it means rendering all the variables of the leg's end.
    get disposition() {
      return leg.variables.get('sip_hangup_disposition');
    },
    answered: leg.answered,
    billMs: leg.answered ? Math.floor((hangupUs - answeredUs) / 1000) : 0,
    get bridgedTo() {
      return leg.variables.get('bridge_uuid');
    },
    variable: (name) => leg.variables.get(name),
  };
}
