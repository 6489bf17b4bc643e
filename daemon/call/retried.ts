/** How often it is tried again, ms. */
const everyMs = 250;

/** Tries until it succeeds, `forMs` are over or `until` fires; rejects as the last try did. */
export async function retried<T>(work: () => Promise<T>, forMs: number, until: AbortSignal): Promise<T> {
  const endsAtMs = performance.now() + forMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (until.aborted || performance.now() + everyMs > endsAtMs) throw error;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    const timer = setTimeout(wake, everyMs);
    until.addEventListener('abort', wake, { once: true });
    await promise;
    clearTimeout(timer);
    until.removeEventListener('abort', wake);
  }
}
