/** What this room needs of a log; pino's loggers fit. */
export interface EslLog {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
}
