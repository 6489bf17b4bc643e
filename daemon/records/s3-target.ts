import { createReadStream } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { addAbortSignal, Readable } from 'node:stream';
import type { S3Client } from '@aws-sdk/client-s3';
import { type ByteRange, RecordingNotRead, type RecordingSource } from './recording-source.ts';
import { type RecordingTarget, removeFile } from './recording-target.ts';

export interface S3Options {
  readonly bucket: string;
  readonly region: string;
  /** For stores that are not Amazon's, e.g. `http://127.0.0.1:9000`. */
  readonly endpoint?: string;
  /** Bucket in the path, not in the host name: most other stores need it. */
  readonly forcePathStyle?: boolean;
  /** Absent: what the SDK finds by itself. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Before every key, e.g. `recordings/`. */
  readonly prefix?: string;
  /** Longest wait for one request. Default 60000. */
  readonly deadlineMs?: number;
}

/** The store; its SDK is loaded with the first recording. */
function connection(options: S3Options) {
  let client: S3Client | undefined;
  return async () => {
    const s3 = await import('@aws-sdk/client-s3');
    client ??= new s3.S3Client({
      region: options.region,
      forcePathStyle: options.forcePathStyle ?? options.endpoint !== undefined,
      maxAttempts: 3,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      // A part of an object has no checksum of its own, and what checks the whole does not end with its reader.
      responseChecksumValidation: 'WHEN_REQUIRED',
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
      ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    });
    return { s3, client };
  };
}

/**
 * Recordings go to an S3-compatible store: sent with their SHA-256, which the store checks, then asked for again (HEAD)
 * before they count as stored.
 */
export function s3Target(options: S3Options): RecordingTarget {
  const connect = connection(options);
  const deadline = (): { abortSignal: AbortSignal } => ({
    abortSignal: AbortSignal.timeout(options.deadlineMs ?? 60_000),
  });
  return {
    async store({ path, key, bytes, sha256 }) {
      const { s3, client } = await connect();
      const place = { Bucket: options.bucket, Key: `${options.prefix ?? ''}${key}` };
      await client.send(
        new s3.PutObjectCommand({
          ...place,
          Body: createReadStream(path),
          ContentLength: bytes,
          ContentType: 'audio/wav',
          ChecksumSHA256: Buffer.from(sha256, 'hex').toString('base64'),
          Metadata: { sha256 },
        }),
        deadline(),
      );
      const there = await client.send(new s3.HeadObjectCommand(place), deadline());
      if (there.ContentLength !== bytes || there.Metadata?.['sha256'] !== sha256)
        throw new Error(`the object ${place.Key} in ${place.Bucket} is not the file`);
      return `s3://${place.Bucket}/${place.Key}`;
    },
    // The local file is kept until the row says `stored`, so there is nothing to find.
    find: async () => undefined,
    forget: (path) => unlink(path),
    async remove(location, leftover) {
      const bucket = `s3://${options.bucket}/`;
      if (!location.startsWith(bucket)) return removeFile(location, leftover);
      const { s3, client } = await connect();
      // One that is not there is answered like one that was (DeleteObject, S3 API reference).
      const place = { Bucket: options.bucket, Key: location.slice(bucket.length) };
      await client.send(new s3.DeleteObjectCommand(place), deadline());
    },
  };
}

/** Recordings that are objects in the store; `files` reads what was kept before there was one. */
export function s3Source(options: S3Options, files: RecordingSource): RecordingSource {
  const connect = connection(options);
  const bucket = `s3://${options.bucket}/`;
  return {
    async read(recording) {
      const { location, bytes, range, signal } = recording;
      if (!location.startsWith(bucket)) return files.read(recording);
      // Of the beginning alone: what comes then comes as fast as it is heard.
      const late = new AbortController();
      const timer = setTimeout(() => late.abort(), options.deadlineMs ?? 60_000);
      try {
        const { s3, client } = await connect();
        const object = await client.send(
          new s3.GetObjectCommand({
            Bucket: options.bucket,
            Key: location.slice(bucket.length),
            ...(range === undefined ? {} : { Range: `bytes=${range.from}-${range.to}` }),
          }),
          { abortSignal: AbortSignal.any([signal, late.signal]) },
        );
        if (!(object.Body instanceof Readable)) throw new Error('the store answered without a body');
        addAbortSignal(signal, object.Body);
        if (isOf(object, bytes, range)) return object.Body;
        object.Body.on('error', () => {}).destroy();
        throw new RecordingNotRead(
          'missing',
          'what is in its place in the store is not the file that was kept',
        );
      } catch (error) {
        if (error instanceof RecordingNotRead) throw error;
        throw notRead(error);
      } finally {
        clearTimeout(timer);
      }
    },
  };
}

/** Whether it is that much of an object of that size. */
function isOf(
  object: { readonly ContentLength?: number | undefined; readonly ContentRange?: string | undefined },
  bytes: number,
  range: ByteRange | undefined,
): boolean {
  if (range === undefined) return object.ContentLength === bytes;
  return object.ContentRange === `bytes ${range.from}-${range.to}/${bytes}`;
}

function notRead(error: unknown): RecordingNotRead {
  const { $metadata: answer } = error as { $metadata?: { readonly httpStatusCode?: number } };
  // 416: it is shorter than the part that was asked for.
  return answer?.httpStatusCode === 404 || answer?.httpStatusCode === 416
    ? new RecordingNotRead('missing', 'its object is not in the store', error)
    : new RecordingNotRead('unreachable', 'the store of recordings does not answer as it should', error);
}
