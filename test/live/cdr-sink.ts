import { createServer } from 'node:http';

/** One record as mod_json_cdr posts it. */
export interface PostedCdr {
  readonly path: string;
  readonly uuid: string;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
  readonly variables: Readonly<Record<string, string>>;
}
export interface CdrSink {
  readonly url: string;
  /** Resolves with all that came once there are `count`. */
  posted(count: number, deadlineMs?: number): Promise<readonly PostedCdr[]>;
  stop(): Promise<void>;
}

/** What mod_json_cdr posts to where there is no daemon. Listens on loopback. */
export async function startCdrSink(): Promise<CdrSink> {
  const cdrs: PostedCdr[] = [];
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://sink');
      const { variables } = JSON.parse(body) as { variables: Record<string, string> };
      cdrs.push({
        path: url.pathname,
        uuid: url.searchParams.get('uuid') ?? '',
        authorization: request.headers.authorization,
        contentType: request.headers['content-type'],
        variables,
      });
      response.writeHead(204).end();
      for (const resolve of waiting) resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}/freeswitch/cdr`,
    async posted(count, deadlineMs = 10_000) {
      const signal = AbortSignal.timeout(deadlineMs);
      while (cdrs.length < count) {
        if (signal.aborted)
          throw new Error(`${cdrs.length} of ${count} records were posted in ${deadlineMs} ms`);
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.add(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
        await promise;
        waiting.delete(resolve);
      }
      return cdrs;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
