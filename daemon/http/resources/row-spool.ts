import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newId } from '../../telephony/ids.ts';
import type { GoodRow } from './csv-reader.ts';
import type { Row } from './resource-rows.ts';

const writeAtBytes = 64 * 1024;

/**
 * Rows of a file that were checked, kept on disk until the last one has come: a client may take minutes to send them,
 * and PostgreSQL's connection and locks must not wait for it. The file has no name (it is removed as soon as it is
 * open), so that a crash leaves nobody's numbers behind.
 */
export class RowSpool implements AsyncDisposable {
  readonly #file: FileHandle;
  /** Fields in the order a line has their values. */
  #fields: readonly string[] | undefined;
  #waiting = '';

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async open(folder = tmpdir()): Promise<RowSpool> {
    const path = join(folder, `callfabric-import-${newId()}`);
    const file = await open(path, 'wx+', 0o600);
    await unlink(path);
    return new RowSpool(file);
  }

  async add({ line, row: { id: _made, ...row } }: GoodRow): Promise<void> {
    this.#fields ??= Object.keys(row);
    this.#waiting += `${JSON.stringify([line, ...this.#fields.map((field) => row[field])])}\n`;
    if (this.#waiting.length >= writeAtBytes) await this.#flush();
  }

  /** All rows, as they came; their ids are new. */
  async *rows(): AsyncGenerator<GoodRow> {
    await this.#flush();
    const fields = this.#fields ?? [];
    for await (const text of this.#file.readLines({ start: 0, autoClose: false })) {
      const [line, ...values] = JSON.parse(text) as [number, ...unknown[]];
      const row: Row = Object.fromEntries(fields.map((field, at) => [field, values[at]]));
      yield { line, row: { ...row, id: newId() } };
    }
  }

  async #flush(): Promise<void> {
    const text = this.#waiting;
    this.#waiting = '';
    if (text !== '') await this.#file.appendFile(text);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
