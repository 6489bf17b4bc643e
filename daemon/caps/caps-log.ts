/** What the caps room writes its diary to; pino's logger fits. */
export interface CapsLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}
