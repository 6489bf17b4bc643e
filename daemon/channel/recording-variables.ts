/** How `record_session` records, set just before it. */
export function recordingVariables(
  channels: 'mono' | 'stereo',
  onlyBridged: boolean,
): Record<string, string> {
  return {
    RECORD_STEREO: channels === 'stereo' ? 'true' : 'false',
    RECORD_BRIDGE_REQ: onlyBridged ? 'true' : 'false',
  };
}
