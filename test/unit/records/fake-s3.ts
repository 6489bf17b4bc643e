import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { rangeOf } from '../../../daemon/http/byte-range.ts';
import type { S3Options } from '../../../daemon/records/s3-target.ts';

interface StoredObject {
  readonly body: Buffer;
  readonly sha256: string;
  readonly checksum: string;
}

/** As much of S3 as recordings need, over HTTP. */
export interface FakeS3 {
  readonly options: S3Options;
  /** By `/bucket/key`. */
  readonly objects: Map<string, StoredObject>;
  /** Ranges that were asked for; undefined: all of it. */
  readonly ranges: (string | undefined)[];
  /** Keeps the first ten bytes alone. */
  keepsHalf: boolean;
  /** How it answers GET: not at all, or half of it and then nothing more, or with this status. */
  answers: 'well' | 'never' | 'half' | 403 | 503;
  /** Answers that were not taken whole. */
  abandoned: number;
}

export async function fakeS3(t: Test): Promise<FakeS3> {
  const server = createServer((request, response) => void answer(store, request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const store: FakeS3 = {
    options: {
      bucket: 'calls',
      region: 'us-east-1',
      endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    },
    objects: new Map(),
    ranges: [],
    keepsHalf: false,
    answers: 'well',
    abandoned: 0,
  };
  return store;
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

async function answer(store: FakeS3, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const header = (name: string): string => String(request.headers[name] ?? '');
  const key = new URL(request.url ?? '', 'http://x').pathname;
  const body = await bodyOf(request);
  response.once('close', () => {
    if (!response.writableFinished) store.abandoned += 1;
  });
  switch (String(request.method)) {
    case 'PUT':
      store.objects.set(key, {
        body: store.keepsHalf ? body.subarray(0, 10) : body,
        sha256: header('x-amz-meta-sha256'),
        checksum: header('x-amz-checksum-sha256'),
      });
      response.end();
      return;
    case 'DELETE':
      store.objects.delete(key);
      response.writeHead(204).end();
      return;
    case 'HEAD': {
      const found = store.objects.get(key);
      response.writeHead(found === undefined ? 404 : 200, {
        'content-length': found?.body.length ?? 0,
        'x-amz-meta-sha256': found?.sha256 ?? '',
      });
      response.end();
      return;
    }
    default:
      get(store, key, request.headers.range, response);
  }
}

function get(store: FakeS3, key: string, asked: string | undefined, response: ServerResponse): void {
  const found = store.objects.get(key);
  store.ranges.push(asked);
  if (store.answers === 'never') return;
  if (typeof store.answers === 'number' || found === undefined) {
    response.writeHead(typeof store.answers === 'number' ? store.answers : 404).end();
    return;
  }
  const { body } = found;
  const range = rangeOf(asked, body.length);
  if (range === 'unsatisfiable') {
    response.writeHead(416).end();
    return;
  }
  const part = range === 'whole' ? body : body.subarray(range.from, range.to + 1);
  response.writeHead(range === 'whole' ? 200 : 206, {
    'content-length': part.length,
    ...(range === 'whole' ? {} : { 'content-range': `bytes ${range.from}-${range.to}/${body.length}` }),
  });
  if (store.answers === 'half') response.write(part.subarray(0, part.length / 2));
  else response.end(part);
}
