/** A log that keeps its messages. */
export function quietLog() {
  const messages: string[] = [];
  const keep = (_facts: object, message: string): void => {
    messages.push(message);
  };
  return { messages, info: keep, warn: keep, error: keep };
}
