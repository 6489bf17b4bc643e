import type { Media } from '../../channel/channel.ts';

const file = (name: string | number): Media => ({ kind: 'file', path: `digits/${name}.wav` });

/** A whole number from 0 to 999 as FreeSWITCH's own `digits/…` sounds: heard without any speech engine. */
export function spokenNumber(value: number): Media[] {
  const rest = Math.max(0, Math.min(999, Math.round(value)));
  const hundreds = Math.floor(rest / 100);
  const below = rest % 100;
  const sounds: Media[] = hundreds > 0 ? [file(hundreds), file('hundred')] : [];
  if (below === 0) return hundreds > 0 ? sounds : [file(0)];
  if (below < 20) return [...sounds, file(below)];
  const tens = below - (below % 10);
  return below === tens ? [...sounds, file(tens)] : [...sounds, file(tens), file(below - tens)];
}
