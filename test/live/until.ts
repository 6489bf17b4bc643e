/** Asks `probe` every 50 ms until it gives something, or fails with what was waited for. */
export async function until<T>(
  probe: () => Promise<T | undefined> | T | undefined,
  what: string,
  deadlineMs = 15_000,
): Promise<T> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`not within ${deadlineMs} ms: ${what}`);
    await new Promise((next) => setTimeout(next, 50));
  }
}
