/** Something that can be heard. Paths are absolute or relative to FreeSWITCH's sounds folder. */
export type Media =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'speech'; readonly text: string; readonly voice?: string }
  | { readonly kind: 'tone'; readonly tone: string; readonly loops?: number }
  | { readonly kind: 'silence'; readonly durationMs: number }
  /** Plays until interrupted: FreeSWITCH's music on hold (`local_stream://…` or a file, looped). */
  | { readonly kind: 'music'; readonly source?: string };

/** What the caller hears until the callee answers. */
export type Ringback =
  | { readonly kind: 'passthrough' } // the far side's own early media
  | { readonly kind: 'media'; readonly media: Media };

/**
 * What FreeSWITCH may be asked to open, as patterns that a flow's schema and the event socket's commands share: what is
 * published can be played. No `scheme://` (`shell_stream://` runs commands), no `..`, no quotes; spaces are allowed.
 */
export const soundFilePattern =
  '^(?!.*//)(?!.*(?:^|/)\\.\\.(?:/|$))[\\p{L}\\p{N}/][\\p{L}\\p{N}_./ @+=,-]{0,499}$';

/** teletone scripts: `%(2000,4000,440,480)`, `v=-7;L=3;%(100,0,941.0,1477.0)`. No `path=`, which would open a file. */
export const toneScriptPattern = '^(?!.*[Pp][Aa][Tt][Hh]=)[%A-Za-z0-9(),;=+.*#> -]{1,500}$';

/** A stream of mod_local_stream. */
export const localStreamPattern = '^local_stream://[A-Za-z0-9_./-]{1,100}$';

/** Silence is played in pieces of at most this length, ms. */
export const longestSilenceMs = 3_600_000;

/**
 * What may be done to a recording that runs. Masked: silence is written in place of the voices, and the file stays as
 * long as the call. Paused: nothing is written, and the file is shorter by that. A mask outlives a pause within it.
 */
export type RecordingAdjustment = 'mask' | 'unmask' | 'pause' | 'resume';

const pathSegments = '(?:/(?!\\.\\.?(?:/|$))[A-Za-z0-9_.@+=-]+)';

/**
 * A file FreeSWITCH can be told to record to: `record_session` splits its argument at spaces and takes `scheme://` for a
 * stream to open.
 */
export const recordingFilePattern = `^${pathSegments}{1,30}$`;

/** A folder whose files, `<tenant>/<yyyy>/<mm>/<dd>/<call>-<n>.wav` within it, are such paths. */
export const recordingsFolderPattern = `^${pathSegments}{1,25}/?$`;
