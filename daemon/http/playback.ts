import { pipeline, type Readable, Transform, type TransformCallback } from 'node:stream';

/** How often whoever listens is asked about again, ms. */
const askAgainMs = 10_000;

export interface Playback {
  readonly source: Readable;
  /** As many as were announced. */
  readonly bytes: number;
  /** Whether it may go on. */
  readonly allowed: () => Promise<boolean>;
  /** Default 10 seconds. */
  readonly askAgainMs?: number;
}

/**
 * Audio as it is sent: exactly as many bytes as were announced, or a failure, which cuts the connection. Fewer would
 * leave the client waiting, or taking the next answer for the rest. It and its source end together.
 */
export function playbackOf({ source, bytes, allowed, askAgainMs: every = askAgainMs }: Playback): Readable {
  let sent = 0;
  let askedAtMs = performance.now();
  const check = async (): Promise<void> => {
    if (sent > bytes) throw new Error(`there is more audio than ${bytes} bytes`);
    if (performance.now() - askedAtMs < every) return;
    askedAtMs = performance.now();
    if (!(await allowed())) throw new Error('the key or session this was asked with is over');
  };
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sent += chunk.length;
      void passed(check(), chunk, done);
    },
    flush: (done) =>
      done(sent < bytes ? new Error(`the audio ended after ${sent} of ${bytes} bytes`) : undefined),
  });
  // Whoever sends it hears of a failure; here it only must not be unheard.
  return pipeline(source, counted, () => {});
}

async function passed(check: Promise<void>, chunk: Buffer, done: TransformCallback): Promise<void> {
  let fault: Error | undefined;
  try {
    await check;
  } catch (error) {
    fault = error instanceof Error ? error : new Error(String(error));
  }
  if (fault === undefined) done(null, chunk);
  else done(fault);
}
