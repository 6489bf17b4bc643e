import type { Media } from '../telephony/media.ts';

/** What to do where a text was not heard. */
export const noSpeechEngine =
  'FreeSWITCH spoke nothing: load a speech engine (mod_flite), or use sound files (freeswitch-conf/README.md)';
/** Nobody says a word in less, ms. */
const shortestWordMs = 50;

/** `speak` without an engine ends at once and says so in FreeSWITCH's log alone (switch_ivr_speak_text). */
export function unspoken(media: Media, tookMs: number): boolean {
  return media.kind === 'speech' && tookMs < shortestWordMs && /[\p{L}\p{N}]/u.test(media.text);
}
