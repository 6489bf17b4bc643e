/** A log that keeps its messages, and the facts beside them. */
export function quietLog() {
  const messages: string[] = [];
  const facts: object[] = [];
  const keep = (fact: object, message: string): void => {
    facts.push(fact);
    messages.push(message);
  };
  return { messages, facts, info: keep, warn: keep, error: keep };
}
