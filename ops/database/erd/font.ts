import { readFileSync } from 'node:fs';

/** The picture's font, in the two weights that it uses; brought by npm, so that any machine makes the same picture. */
export const fontFamily = 'IBM Plex Mono';

const files = { 400: 'ibm-plex-mono-latin-400-normal.woff2', 700: 'ibm-plex-mono-latin-700-normal.woff2' };

/** Each weight's WOFF2 file. */
export function fontFiles(): { weight: number; bytes: Buffer }[] {
  return Object.entries(files).map(([weight, name]) => ({
    weight: Number(weight),
    bytes: readFileSync(
      new URL(`../../../node_modules/@fontsource/ibm-plex-mono/files/${name}`, import.meta.url),
    ),
  }));
}
