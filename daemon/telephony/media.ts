/** Something that can be heard. Paths are absolute or relative to FreeSWITCH's sounds folder. */
export type Media =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'speech'; readonly text: string; readonly language?: string; readonly voice?: string }
  | { readonly kind: 'tone'; readonly tone: string; readonly loops?: number }
  | { readonly kind: 'silence'; readonly durationMs: number }
  /** Plays until interrupted: FreeSWITCH's music on hold (`local_stream://…` or a file, looped). */
  | { readonly kind: 'music'; readonly source?: string };

/** What the caller hears until the callee answers. */
export type Ringback =
  | { readonly kind: 'passthrough' } // the far side's own early media
  | { readonly kind: 'media'; readonly media: Media };
