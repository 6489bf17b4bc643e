import { type Readable, Transform } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { CsvError, parse } from 'csv-parse';
import { schemaFaults, validatorOf } from '../../flow/schema-faults.ts';
import type { CountryCode } from '../../telephony/e164.ts';
import { newId } from '../../telephony/ids.ts';
import { Problem } from '../problem.ts';
import type { Fault } from '../schemas.ts';
import { unstorable } from '../storable-text.ts';
import { cellReader } from './csv-cells.ts';
import type { Resource } from './define-resource.ts';
import type { Row } from './resource-rows.ts';

/** A row of a file: what is to be made of it, or why it cannot. */
export type FileRow = GoodRow | { readonly line: number; readonly faults: readonly Fault[] };
export interface GoodRow {
  readonly line: number;
  readonly row: Row & { readonly id: string };
}

/** A longer record is a quote that was not closed: it would take in the rest of the file. */
const longestRecordBytes = 64 * 1024;

/** After so many rows others are heard: reading is work, and calls are handled by the same thread. */
const rowsAtOnce = 100;
/** Bad rows beyond these are found out, not explained: to explain costs many times as much. */
export const mostExplained = 1000;

/** Lets so many bytes through and refuses the rest. */
function bounded(maxBytes: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      if (bytes <= maxBytes) return done(null, chunk);
      done(new Problem('too-large', `send at most ${Math.floor(maxBytes / 1024 / 1024)} MB in one file`));
    },
  });
}

interface Record {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/** Turns records into rows by the header; throws a problem where it names columns that are not there. */
function rowReader(resource: Resource, header: readonly string[], country: CountryCode | undefined) {
  const names = header.map((name) => name.trim());
  const fields = Object.entries(resource.fields);
  const known = new Set(fields.map(([name]) => name));
  const faults: Fault[] = [];
  for (const [at, name] of names.entries()) {
    if (!known.has(name))
      faults.push({
        field: '',
        line: 1,
        message: `has the column '${name.slice(0, 80)}'; there are ${[...known].join(', ')}, with commas between`,
      });
    else if (names.indexOf(name) !== at) faults.push({ field: '', line: 1, message: `has '${name}' twice` });
  }
  for (const [name, field] of fields)
    if (field.required && !names.includes(name))
      faults.push({ field: '', line: 1, message: `lacks the column '${name}'` });
  if (faults.length > 0)
    throw new Problem('invalid-body', 'the header line is wrong: see faults', faults.slice(0, 20));

  // Columns that are told but not taken (`id`, `createdAt`) are passed over: what was exported can be imported.
  const written = fields.filter(([, field]) => field.written !== 'never');
  const columns = written.map(([name, field]) => ({
    name,
    at: names.indexOf(name),
    read: cellReader(field.schema, country),
    field,
  }));
  return ({ record, info: { lines: line } }: Record, explain: boolean): FileRow => {
    if (record.length !== names.length)
      return {
        line,
        faults: [{ field: '', line, message: `has ${record.length} cells, the header has ${names.length}` }],
      };
    const given: { [name: string]: unknown } = {};
    const row: { [name: string]: unknown; id: string } = { id: newId() };
    const wrong: Fault[] = [];
    for (const { name, at, read, field } of columns) {
      const value = at === -1 ? undefined : read(record[at] ?? '');
      row[name] = value ?? field.fallback;
      if (value === undefined) continue;
      given[name] = value;
      const message = field.check?.(value) ?? (unstorable(value).length === 0 ? undefined : 'holds a NUL');
      if (message !== undefined) wrong.push({ field: `/${name}`, message, line });
    }
    if (!explain)
      return wrong.length === 0 && validatorOf(resource.schemas.create).Check(given)
        ? { line, row }
        : { line, faults: [] };
    const all = [
      ...schemaFaults(resource.schemas.create, given).map((fault) => ({ ...fault, line })),
      ...wrong,
    ];
    return all.length > 0 ? { line, faults: all } : { line, row };
  };
}

/**
 * Reads a CSV file row by row: with or without byte order mark, any line ends, cells quoted or not. Throws a problem
 * where the header is wrong or the file cannot be read on; a wrong row is told and the next one follows.
 */
export async function* readCsv(
  file: Readable,
  resource: Resource,
  options: {
    readonly maxBytes: number;
    readonly country?: CountryCode | undefined;
    readonly signal: AbortSignal;
  },
): AsyncGenerator<FileRow> {
  // Whoever went before this: the file will neither go on nor end.
  options.signal.throwIfAborted();
  const parser = parse({
    bom: true,
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: longestRecordBytes,
    record_delimiter: ['\r\n', '\n', '\r'],
  });
  const limit = bounded(options.maxBytes);
  // One failure ends all three; it is thrown by the loop.
  file.once('error', (error) => parser.destroy(error));
  limit.once('error', (error) => parser.destroy(error));
  const aborted = (): void => void parser.destroy(options.signal.reason as Error);
  options.signal.addEventListener('abort', aborted, { once: true });
  file.pipe(limit).pipe(parser);
  let read: ReturnType<typeof rowReader> | undefined;
  let rows = 0;
  let bad = 0;
  try {
    for await (const record of parser as AsyncIterable<Record>) {
      if (read === undefined) {
        read = rowReader(resource, record.record, options.country);
        continue;
      }
      const row = read(record, bad < mostExplained);
      if ('faults' in row) bad += 1;
      yield row;
      rows += 1;
      if (rows % rowsAtOnce === 0) await setImmediate();
    }
    if (read === undefined)
      throw new Problem('invalid-body', 'the file is empty: its first line names the columns');
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    const line = parser.info.lines;
    throw new Problem('invalid-body', 'the file cannot be read on: see faults', [
      { field: '', line, message: csvMessages.get(error.code) ?? 'is no CSV' },
    ]);
  } finally {
    options.signal.removeEventListener('abort', aborted);
    file.unpipe(limit);
    // What is left of the body is read by nobody.
    file.resume();
  }
}

const csvMessages: ReadonlyMap<string, string> = new Map([
  ['CSV_QUOTE_NOT_CLOSED', 'has a quote that is not closed'],
  ['CSV_MAX_RECORD_SIZE', 'has a quote that is not closed, or is far too long'],
  ['CSV_INVALID_CLOSING_QUOTE', 'has text after a closing quote'],
  ['INVALID_OPENING_QUOTE', 'has a quote within a cell that does not begin with one'],
]);
