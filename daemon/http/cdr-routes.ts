import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { ApiPorts } from './ports.ts';
import { Problem, unavailable } from './problem.ts';

/** A leg's record is 20 to 60 KB, up to three times that when URL-encoded. */
const largestRecordBytes = 2 * 1024 * 1024;

const RecordSchema = Type.Object({ variables: Type.Record(Type.String(), Type.Unknown()) });

/**
 * `POST /freeswitch/cdr`: where mod_json_cdr sends each leg's record. Any 2xx means CallFabric has it; anything else
 * makes FreeSWITCH try its next address and at last keep the record in `log-dir` (mod_json_cdr.c, process_cdr).
 */
export function cdrRoutes(ports: Pick<ApiPorts, 'cdrs'>): FastifyPluginAsyncTypebox {
  return async (app) => {
    // mod_json_cdr's three encodings: `encode` true, base64 and false. Bytes that are no UTF-8 must not lose the record.
    app.removeAllContentTypeParsers();
    const asText = { parseAs: 'buffer', bodyLimit: largestRecordBytes } as const;
    app.addContentTypeParser(
      'application/x-www-form-urlencoded',
      asText,
      async (_request: unknown, body: Buffer) => recordOf(percentDecoded(formField(body))),
    );
    app.addContentTypeParser(
      'application/x-www-form-base64-encoded',
      asText,
      async (_request: unknown, body: Buffer) =>
        recordOf(Buffer.from(formField(body), 'base64').toString('utf8')),
    );
    app.addContentTypeParser('application/json', asText, async (_request: unknown, body: Buffer) =>
      recordOf(body.toString('utf8')),
    );

    app.post(
      '/freeswitch/cdr',
      {
        bodyLimit: largestRecordBytes,
        schema: {
          summary: "One leg's record from mod_json_cdr",
          description:
            '`cdr=<JSON>` as a form (URL-encoded or base64), or JSON. Basic authentication with the CDR secret.',
          tags: ['freeswitch'],
          security: [{ cdrSecret: [] }],
          body: RecordSchema,
          response: { 204: Type.Null() },
        },
      },
      async (request, reply) => {
        await ports.cdrs.accept(request.body).catch((error: unknown) => {
          request.log.error({ err: error }, 'a record of mod_json_cdr could not be taken');
          throw unavailable('the place for records');
        });
        return reply.code(204).send(null);
      },
    );
  };
}

function formField(body: Buffer): string {
  // The bytes beyond ASCII, if any, survive as latin1 until they are decoded.
  const text = body.toString('latin1');
  const at = text.startsWith('cdr=') ? 0 : text.indexOf('&cdr=') + 1;
  if (!text.startsWith('cdr=', at)) throw new Problem('malformed-request', 'the form has no field cdr');
  const end = text.indexOf('&', at);
  return text.slice(at + 4, end === -1 ? undefined : end);
}

/** Decodes `%XX` to bytes and those as UTF-8; a lone `%` stays, bytes that are no UTF-8 become U+FFFD. Never throws. */
function percentDecoded(text: string): string {
  const raw = text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return Buffer.from(raw, 'latin1').toString('utf8');
}

function recordOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Problem('malformed-request', 'the record is no JSON');
  }
}
