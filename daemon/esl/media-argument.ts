import {
  localStreamPattern,
  longestSilenceMs,
  type Media,
  soundFilePattern,
  toneScriptPattern,
} from '../telephony/media.ts';
import { flushDtmf } from './channel-command.ts';
import { inert, matching, oneLine, whole } from './checked-text.ts';
import type { Application } from './command.ts';
import { UnsafeText } from './esl-error.ts';
import { setVariables } from './variables.ts';

/** Who speaks where a flow does not say. */
export interface SpeechSettings {
  readonly engine: string;
  readonly voice: string;
}
export const defaultSpeech: SpeechSettings = { engine: 'flite', voice: 'slt' };

const word = /^[A-Za-z0-9_.-]{1,64}$/;
const toneScript = new RegExp(toneScriptPattern);
const filePath = new RegExp(soundFilePattern, 'u');
const localStream = new RegExp(localStreamPattern);

/**
 * Media as the one text FreeSWITCH opens as a file, for prompts, ringback and whispers. Speech needs `tts_engine` and
 * `tts_voice` on the channel that hears it (`speechVariables`).
 */
export function fileArgument(media: Media): string {
  switch (media.kind) {
    case 'file':
      return matching(
        media.path,
        'sound file',
        filePath,
        'a path below the sounds folder or an absolute one',
      );
    case 'speech':
      return `say:${inert(oneLine(media.text, 'speech'), 'speech')}`;
    case 'tone':
      return toneStream(media.tone, media.loops);
    case 'silence':
      return `silence_stream://${whole(media.durationMs, 'silence', 0, longestSilenceMs)}`;
    case 'music':
      return musicSource(media.source);
  }
}

export function speechVariables(media: Media, speech: SpeechSettings): Readonly<Record<string, string>> {
  if (media.kind !== 'speech') return {};
  return { tts_engine: speech.engine, tts_voice: voiceOf(media.voice, speech) };
}

/** Plays media on the A-leg. A `local_stream://` goes on until it is interrupted, a file of music ends. */
export function play(media: Media, speech: SpeechSettings = defaultSpeech): Application {
  switch (media.kind) {
    case 'speech':
      return {
        app: 'speak',
        arg: `${matching(speech.engine, 'speech engine', word, 'a name')}|${voiceOf(media.voice, speech)}|${inert(media.text, 'speech')}`,
      };
    case 'music':
      // Once: with `loops` a terminator key would begin the next round instead of ending the music
      // (switch_ivr_parse_event), and `endless_playback` begins again after uuid_break. Whoever waits plays it again.
      return { app: 'playback', arg: musicSource(media.source) };
    case 'file':
    case 'tone':
    case 'silence':
      return { app: 'playback', arg: fileArgument(media) };
  }
}

export interface DigitsRequest {
  readonly prompt?: Media;
  readonly minDigits: number;
  readonly maxDigits: number;
  /** How long to wait for the first digit after the prompt. */
  readonly firstDigitTimeoutMs: number;
  readonly interDigitTimeoutMs: number;
  /** Digit that ends the entry early, or '' for none. */
  readonly terminator: string;
  /** What was pressed before does not count. */
  readonly forgetEarlier: boolean;
}

/**
 * Plays the prompt and collects digits into the variable `into` with one try; the channel's session decides about
 * further ones. FreeSWITCH raises a first-digit timeout below 1 s to 1 s.
 */
export function collectDigits(
  request: DigitsRequest,
  into: string,
  speech: SpeechSettings = defaultSpeech,
): Application[] {
  const { prompt } = request;
  const before: Application[] = [];
  if (prompt !== undefined) before.push(...setVariables(speechVariables(prompt, speech)));
  if (request.forgetEarlier) before.push(flushDtmf);
  const terminator =
    request.terminator === ''
      ? 'none'
      : matching(request.terminator, 'terminator', /^[0-9*#A-D]{1,16}$/, 'a key');
  const file = fileArgument(prompt ?? { kind: 'silence', durationMs: 20 });
  const parts = [
    whole(request.minDigits, 'minDigits', 0, 100),
    whole(request.maxDigits, 'maxDigits', 1, 100),
    '1',
    whole(request.firstDigitTimeoutMs, 'firstDigitTimeoutMs', 0, 600_000),
    terminator,
    file.includes(' ') ? `'${file}'` : file,
    'silence_stream://20',
    matching(into, 'variable', word, 'a variable name'),
    '.+',
    whole(request.interDigitTimeoutMs, 'interDigitTimeoutMs', 0, 600_000),
  ];
  return [...before, { app: 'play_and_get_digits', arg: parts.join(' ') }];
}

/** What a caller hears while another leg rings; FreeSWITCH repeats it. Speech cannot be ringback. */
export function ringbackArgument(media: Media): string {
  if (media.kind === 'speech') throw new UnsafeText('ringback', 'FreeSWITCH cannot speak as ringback');
  if (media.kind === 'tone') return toneStream(media.tone, -1);
  const file = fileArgument(media);
  // A relative path would be read as a tone script (switch_is_file_path).
  return file.startsWith('/') || file.includes('://') ? file : `file_string://${file}`;
}

function voiceOf(voice: string | undefined, speech: SpeechSettings): string {
  return matching(voice ?? speech.voice, 'voice', word, 'a name');
}

function toneStream(tone: string, loops: number | undefined): string {
  const script = matching(tone, 'tone', toneScript, 'a tone script');
  return `tone_stream://${script}${loops === undefined ? '' : `;loops=${whole(loops, 'loops', -1, 1000)}`}`;
}

function musicSource(source: string | undefined): string {
  if (source === undefined) return 'local_stream://default';
  return localStream.test(source)
    ? source
    : matching(source, 'music', filePath, 'local_stream://<name> or a path');
}
