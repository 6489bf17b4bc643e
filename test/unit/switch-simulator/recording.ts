import { readFileSync } from 'node:fs';

interface RecordedLine {
  readonly t: number;
  readonly conn: number;
  readonly dir: string;
  readonly data: string;
}

/** One thing on the wire of a recorded connection, in order. */
export type RecordedStep =
  | { readonly kind: 'frame'; readonly text: string }
  | { readonly kind: 'command'; readonly text: string }
  | { readonly kind: 'kill' };

/** What was said to FreeSWITCH on one connection of a recording, as `live/sign_of_life`. */
export const commandsOf = (recording: string, conn: number): string[] =>
  (readTranscript(recording)[conn - 1] ?? []).flatMap((step) => (step.kind === 'command' ? [step.text] : []));

/** What FreeSWITCH said on it. */
export const framesOf = (recording: string, conn: number): string[] =>
  (readTranscript(recording)[conn - 1] ?? []).flatMap((step) => (step.kind === 'frame' ? [step.text] : []));

/** A recorded scenario of `sync/`: the steps of each connection. */
export const readRecording = (name: string): RecordedStep[][] => readTranscript(`sync/${name}`);

/** The call's own sockets in a recording of `live/`: those that a daemon opened with `connect`. */
export const readLiveRecording = (name: string): RecordedStep[][] =>
  readTranscript(`live/${name}`).filter((steps) => {
    const said = steps.find(({ kind }) => kind === 'command');
    return said?.kind === 'command' && said.text.startsWith('connect');
  });

function readTranscript(recording: string): RecordedStep[][] {
  const file = new URL(`../../fixtures/transcripts/${recording}.jsonl`, import.meta.url);
  const connections: RecordedStep[][] = [];
  const rests: string[] = [];
  for (const line of readFileSync(file, 'utf8').trim().split('\n')) {
    const { conn, dir, data } = JSON.parse(line) as RecordedLine;
    connections[conn - 1] ??= [];
    const steps = connections[conn - 1] ?? [];
    if (dir === 'daemon>freeswitch') steps.push({ kind: 'command', text: data });
    else if (dir.startsWith('daemon killed')) steps.push({ kind: 'kill' });
    else if (dir === 'freeswitch>daemon') {
      const { frames, rest } = cutFrames((rests[conn - 1] ?? '') + data);
      rests[conn - 1] = rest;
      for (const text of frames) steps.push({ kind: 'frame', text });
    }
  }
  return connections;
}

/** Cuts what FreeSWITCH sends into frames: head, and a body where the head counts one. */
export function cutFrames(text: string): { frames: string[]; rest: string } {
  const frames: string[] = [];
  let rest = text;
  for (;;) {
    const end = rest.indexOf('\n\n');
    if (end < 0) return { frames, rest };
    const length = Number(/^Content-Length: (\d+)$/m.exec(rest.slice(0, end))?.[1] ?? 0);
    if (rest.length < end + 2 + length) return { frames, rest };
    const frame = rest.slice(0, end + 2 + length);
    if (frame.trim() !== '') frames.push(frame);
    rest = rest.slice(end + 2 + length);
  }
}

/** The headers of a frame: of its event where it bears one. JSON and plain read the same. */
export function headersOf(frame: string): Map<string, string> {
  const bodyAt = frame.indexOf('\n\n') + 2;
  const body = frame.slice(bodyAt);
  if (frame.startsWith('Content-Length') && frame.includes('text/event-json'))
    return new Map(
      Object.entries(JSON.parse(body) as Record<string, unknown>).map(([k, v]) => [k, String(v)]),
    );
  const lines = (frame.includes('Content-Type: text/event-plain') ? body : frame).split('\n');
  return new Map(
    lines
      .filter((line) => line.includes(': '))
      .map((line) => {
        const colon = line.indexOf(': ');
        const value = line
          .slice(colon + 2)
          .replace(/%([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
        return [line.slice(0, colon), value];
      }),
  );
}

const compared = [
  'Reply-Text',
  'Content-Disposition',
  'Event-Name',
  'Answer-State',
  'Channel-State-Number',
  'Hangup-Cause',
  'Other-Type',
  'Application',
  'Application-UUID',
  'Application-Response',
  'DTMF-Digit',
  'Socket-Mode',
  'variable_originate_disposition',
  'variable_DIALSTATUS',
  'variable_originate_failed_cause',
  'variable_last_bridge_hangup_cause',
  'variable_bridge_hangup_cause',
  'variable_last_bridge_role',
  'variable_sip_hangup_disposition',
  'variable_sip_invite_failure_status',
  'variable_sip_term_status',
  'variable_endpoint_disposition',
  'variable_read_result',
  'variable_read_terminator_used',
  'variable_choice',
  'variable_cf_takeover',
  'variable_current_application',
  'variable_RECORD_STEREO',
];

/** What a frame says, without what differs from call to call (ids, times, ports). */
export function gist(frame: string): Record<string, string> {
  const headers = headersOf(frame);
  const told: Record<string, string> = {};
  for (const name of compared) {
    const value = headers.get(name);
    if (value !== undefined) told[name.replace('variable_', '')] = value;
  }
  return told;
}
