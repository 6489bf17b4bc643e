import { createReadStream } from 'node:fs';
import { unlink } from 'node:fs/promises';
import type { S3Client } from '@aws-sdk/client-s3';
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

/**
 * Recordings go to an S3-compatible store: sent with their SHA-256, which the store checks, then asked for again (HEAD)
 * before they count as stored.
 */
export function s3Target(options: S3Options): RecordingTarget {
  let client: S3Client | undefined;
  const deadline = (): { abortSignal: AbortSignal } => ({
    abortSignal: AbortSignal.timeout(options.deadlineMs ?? 60_000),
  });
  /** The SDK is loaded with the first recording. */
  const connect = async () => {
    const s3 = await import('@aws-sdk/client-s3');
    client ??= new s3.S3Client({
      region: options.region,
      forcePathStyle: options.forcePathStyle ?? options.endpoint !== undefined,
      maxAttempts: 3,
      requestChecksumCalculation: 'WHEN_REQUIRED',
      ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
      ...(options.credentials === undefined ? {} : { credentials: options.credentials }),
    });
    return { s3, client };
  };
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
