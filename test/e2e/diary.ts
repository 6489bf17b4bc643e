import { pino } from 'pino';
import { createLog, type Logger } from '../../daemon/log.ts';

/** Lines kept; the first ones go. */
const kept = 60;

/** What the daemons of a test said was wrong: told when the test fails, for what the records miss is told nowhere else. */
export class Diary {
  readonly #lines: string[] = [];

  /** A log for a daemon in this process: silent, unless E2E_LOG names a level, but for what is kept here. */
  log(options: { readonly level: string; readonly pretty: boolean }): Logger {
    return options.level === 'silent'
      ? pino({ level: 'warn', base: null }, { write: (line) => this.note(line) })
      : createLog(options);
  }

  /** A line of a daemon's log; those below a warning are left out. */
  note(line: string): void {
    if (!/"level":(40|50|60|"warn"|"error"|"fatal")/.test(line)) return;
    this.#lines.push(line.trim().slice(0, 600));
    if (this.#lines.length > kept) this.#lines.shift();
  }

  /** As comments of the test's output. */
  tell(): void {
    process.stdout.write(this.#lines.map((line) => `# ${line}\n`).join(''));
  }
}
