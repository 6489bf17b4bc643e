/**
 * How `record_session` records, set just before it. `record_ms` is emptied: RECORD_STOP bears it, and where FreeSWITCH
 * cannot count any more it leaves that of the recording before.
 */
export function recordingVariables(
  channels: 'mono' | 'stereo',
  onlyBridged: boolean,
): Record<string, string> {
  return {
    RECORD_STEREO: channels === 'stereo' ? 'true' : 'false',
    RECORD_BRIDGE_REQ: onlyBridged ? 'true' : 'false',
    record_ms: '',
  };
}
