import type { CallRecords, CallSummary, Moment } from './call-schemas.ts';

/** Everything that happened in a call as one list of moments, oldest first; moments of one instant keep their order. */
export function timelineOf(call: CallSummary, records: CallRecords): Moment[] {
  const moments: Moment[] = [];
  const tell = (at: string | null, kind: Moment['kind'], text: string): void => {
    if (at !== null) moments.push({ at, kind, text });
  };
  // A call of another daemon: what is not told here, that daemon's API tells.
  const began =
    call.caller === null ? `a call that daemon ${call.daemonId} runs` : `${call.caller} called ${call.did}`;
  tell(call.startedAt, 'call', began);
  tell(call.answeredAt, 'call', 'answered');
  tell(call.connectedAt, 'call', call.buyer === null ? 'connected' : `connected with ${call.buyer}`);
  for (const step of records.trace) {
    const why = step.reason === null ? '' : `: ${step.reason}`;
    tell(step.enteredAt, 'node', `${step.nodeId} (${step.nodeType}) left by ${step.exit}${why}`);
  }
  for (const attempt of records.attempts) {
    const name = `attempt ${attempt.number}`;
    tell(
      attempt.dialledAt,
      'attempt',
      `${name} dialled ${attempt.destination} (caps ${attempt.capDecision})`,
    );
    tell(attempt.ringingAt, 'attempt', `${name} rang`);
    tell(attempt.answeredAt, 'attempt', `${name} was answered`);
    tell(
      attempt.endedAt,
      'attempt',
      `${name} ended: ${attempt.outcome ?? 'unknown'} (${attempt.cause ?? 'no cause'})`,
    );
  }
  for (const recording of records.recordings)
    tell(recording.startedAt, 'recording', `recording began (${recording.channels}, ${recording.state})`);
  for (const leg of records.legs)
    if (leg.cdr !== null)
      tell(leg.cdr.endedAt, 'leg', `leg ${leg.side} ended: ${leg.cdr.cause}, by ${leg.cdr.hungUpBy}`);
  tell(
    call.endedAt,
    'call',
    `ended: ${call.outcome ?? 'unknown'}${call.reason === null ? '' : `, ${call.reason}`}`,
  );
  return moments.sort((a, b) => (a.at === b.at ? 0 : a.at < b.at ? -1 : 1));
}
