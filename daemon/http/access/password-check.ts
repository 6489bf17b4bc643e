import { hashPassword, isPassword } from '../../../orm/password.ts';
import { unavailable } from '../problem.ts';
import { newSecret } from './secrets.ts';

/** Each takes 19 MiB and a thread of the pool that also writes the spool: a flood of sign-ins must leave some. */
const atOnce = 2;
const mostWaiting = 50;

type Hashing = { readonly hashPassword: typeof hashPassword; readonly isPassword: typeof isPassword };

/**
 * Checks passwords, a few at a time. An account that does not exist costs what a wrong password costs: a hash of
 * nobody's is checked in its place.
 */
export class PasswordCheck {
  readonly #hashing: Hashing;
  #nobodys: Promise<string> | undefined;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(hashing: Hashing = { hashPassword, isPassword }) {
    this.#hashing = hashing;
  }

  /** True where `hash` is of this password; false where there is no hash. Rejects where too many wait. */
  async matches(password: string, hash: string | undefined): Promise<boolean> {
    return this.#inTurn(async () => {
      this.#nobodys ??= this.#hashing.hashPassword(newSecret());
      const nobodys = await this.#nobodys;
      const matches = await this.#hashing.isPassword(password, hash ?? nobodys);
      return matches && hash !== undefined;
    });
  }

  /** A hash of a new password. */
  hashed(password: string): Promise<string> {
    return this.#inTurn(() => this.#hashing.hashPassword(password));
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= atOnce) {
      if (this.#waiting.length >= mostWaiting) throw unavailable('the check of passwords');
      await new Promise<void>((go) => this.#waiting.push(go));
    } else this.#running += 1;
    try {
      return await work();
    } finally {
      // Whoever is next takes the place; nobody else can slip in between.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
