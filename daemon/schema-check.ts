import type { openOrm } from '../orm/config.ts';
import { DatabaseFault } from '../orm/database-fault.ts';
import { checkApiRole, checkSchema } from '../orm/migrate.ts';

export interface SchemaCheckParts {
  readonly orm: ReturnType<typeof openOrm>;
  readonly url: string;
  readonly log: {
    info(facts: object, message: string): void;
    error(facts: object, message: string): void;
  };
}

/**
 * Whether the database is this release's: its schema, and a login that may be the daemon. A PostgreSQL that is away
 * keeps no daemon from starting; when it comes back it is looked at then, for it may have been migrated meanwhile, or
 * not at all. Passed once, it is not asked again.
 */
export class SchemaCheck {
  readonly #parts: SchemaCheckParts;
  #passed = false;
  #startedWithout = false;
  #said: string | undefined;

  constructor(parts: SchemaCheckParts) {
    this.#parts = parts;
  }

  /** Rejects with DatabaseFault where the database is not this release's; resolves where it is, or is away. */
  async atStart(): Promise<void> {
    try {
      await this.pass();
    } catch (error) {
      if (isNotOurs(error)) throw error;
      this.#startedWithout = true;
      const what = 'started without PostgreSQL: calls to numbers never seen are refused';
      this.#parts.log.error({ err: error }, what);
    }
  }

  /**
   * Rejects with DatabaseFault where the database is not this release's, or is away. After a start without PostgreSQL it
   * logs once what is wrong, and that it is well.
   */
  async pass(): Promise<void> {
    if (this.#passed) return;
    const { orm, url, log } = this.#parts;
    try {
      await checkSchema(orm, url);
      await checkApiRole(orm, url);
    } catch (error) {
      if (this.#startedWithout && isNotOurs(error) && error.message !== this.#said) {
        this.#said = error.message;
        log.error({ err: error }, 'call records wait on disk: the database is not of this release');
      }
      throw error;
    }
    if (this.#startedWithout && !this.#passed) log.info({}, 'PostgreSQL is there, and its schema is ours');
    this.#passed = true;
  }

  /** For a job: `pass`, whose failure is told already. */
  async again(): Promise<void> {
    await this.pass().catch(() => undefined);
  }
}

function isNotOurs(error: unknown): error is DatabaseFault {
  return error instanceof DatabaseFault && ['schema_older', 'schema_newer', 'no_role'].includes(error.kind);
}
