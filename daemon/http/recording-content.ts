import { extname } from 'node:path';
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from 'fastify';
import { LRUCache } from 'lru-cache';
import { Type } from 'typebox';
import { inTenant } from '../../orm/in-tenant.ts';
import { Recording } from '../../orm/index.ts';
import type { recordingStatuses } from '../../orm/recording.ts';
import { type ByteRange, RecordingNotRead } from '../records/recording-source.ts';
import { stillAllowed, tenantOf } from './access.ts';
import { lastsWhileRead, signalOf } from './answer-time.ts';
import { audited } from './audited.ts';
import { rangeOf } from './byte-range.ts';
import { isKnown } from './conditional.ts';
import { playbackOf } from './playback.ts';
import type { ApiPorts } from './ports.ts';
import { Problem, type ProblemName, unavailable } from './problem.ts';
import { UuidSchema } from './schemas.ts';

const types: Readonly<Record<string, string>> = {
  '.wav': 'audio/wav',
  '.mp3': 'audio/mpeg',
  '.ogg': 'audio/ogg',
  '.flac': 'audio/flac',
};
const otherType = 'application/octet-stream';

const audio = (description: string) => ({
  description,
  content: Object.fromEntries(
    [...Object.values(types), otherType].map((type) => [
      type,
      { schema: Type.String({ format: 'binary', contentMediaType: type }) },
    ]),
  ),
});

const description = `Asked for in parts (Range), as players do, each part is answered by itself: the etag is the recording's SHA-256. 409 audio-pending, no-audio (it failed or is empty), audio-missing (it is not where it was kept, as the daemon that answers sees it); 410 audio-deleted. \`download=true\`: to be kept as a file. Whoever hears a recording stands in the audit log.`;

/** How long a part that is not the first belongs to a hearing that is in the audit log already, ms. */
const oneHearingMs = 3_600_000;
/** And how long the beginning: players ask for it twice, and a loop must not fill the log. */
const oneBeginningMs = 60_000;

type Status = (typeof recordingStatuses)[number];

/** Why there is nothing to hear, by a recording's status; its reason follows. */
const notHeard: Readonly<Record<Status, readonly [ProblemName, string] | undefined>> = {
  pending: ['audio-pending', 'it is checked and kept soon after its call has ended'],
  failed: ['no-audio', 'it could not be kept'],
  empty: ['no-audio', 'nothing came while it was recorded'],
  deleted: ['audio-deleted', 'its time was over; its size, length and SHA-256 are still known'],
  stored: undefined,
};

interface Stored {
  readonly id: string;
  readonly callId: string;
  readonly location: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** `GET /recordings/:id/content`: the audio. */
export function recordingContent({
  recordings,
  resources: { orm },
}: Pick<ApiPorts, 'recordings' | 'resources'>): FastifyPluginAsync {
  /** When each hearing was written down. */
  const heard = new LRUCache<string, number>({ max: 10_000, ttl: oneHearingMs });

  async function find(request: FastifyRequest, id: string): Promise<Stored> {
    const row = await inTenant(orm, tenantOf(request), (em) => em.findOne(Recording, { id }));
    if (row === null) throw new Problem('not-found', 'no recording has this id');
    const reason = row.reason == null ? '' : `: ${row.reason}`;
    const status: Status = row.status ?? 'pending';
    const whyNot = notHeard[status];
    if (whyNot !== undefined) throw new Problem(whyNot[0], `${whyNot[1]}${reason}`);
    const { location, bytes, sha256, call } = row;
    if (location == null || bytes == null || sha256 == null)
      throw new Error(`recording ${id} is stored, and it is not known where`);
    return { id, callId: call.id, location, bytes, sha256 };
  }

  /** Every hearing is in the audit log once: players ask for many parts, and who leaves out the first byte hears all else. */
  async function note(
    request: FastifyRequest,
    recording: Stored,
    range: ByteRange | undefined,
  ): Promise<void> {
    const { kind, id, tenantId } = request.principal;
    const hearing = `${kind} ${id ?? ''} ${tenantId ?? ''} ${recording.id}`;
    const begins = range === undefined || range.from === 0;
    const writtenAtMs = heard.get(hearing);
    const now = performance.now();
    if (writtenAtMs !== undefined && (!begins || now - writtenAtMs < oneBeginningMs)) return;
    await inTenant(orm, tenantOf(request), async (em) => {
      audited(em, request, {
        action: 'recording.listen',
        subject: 'recording',
        subjectId: recording.id,
        after: { callId: recording.callId },
      });
    });
    heard.set(hearing, now);
  }

  async function open(request: FastifyRequest, recording: Stored, range: ByteRange | undefined) {
    const { location, bytes } = recording;
    try {
      return await recordings.read({ location, bytes, range, signal: signalOf(request) });
    } catch (error) {
      if (!(error instanceof RecordingNotRead)) throw error;
      const facts = { recordingId: recording.id, location, err: error };
      request.log.warn(facts, 'a recording could not be read');
      if (error.kind === 'missing') throw new Problem('audio-missing', error.message);
      throw unavailable('the place where recordings are kept');
    }
  }

  async function answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { id } = request.params as { id: string };
    const { download = false } = request.query as { download?: boolean };
    const recording = await find(request, id.toLowerCase());
    const { bytes, location, sha256 } = recording;
    const etag = `"${sha256}"`;
    // No copy stays behind on a machine that people share.
    reply.headers({ etag, 'accept-ranges': 'bytes', 'cache-control': 'no-store' });
    if (isKnown(request, etag)) return reply.code(304).send();

    // Of HEAD a range means nothing; and of another state of it the client wants the whole (RFC 9110, 13.1.5 and 14.2).
    const { range: asked, 'if-range': seen } = request.headers;
    const inParts = request.method === 'GET' && (seen === undefined || seen === etag);
    const wanted = rangeOf(inParts ? asked : undefined, bytes);
    if (wanted === 'unsatisfiable') {
      reply.header('content-range', `bytes */${bytes}`);
      throw new Problem('range-not-satisfiable', `the recording has ${bytes} bytes`);
    }
    const range = wanted === 'whole' ? undefined : wanted;
    const length = range === undefined ? bytes : range.to - range.from + 1;
    const extension = extname(location).toLowerCase();
    const name = `recording-${recording.id}${types[extension] === undefined ? '' : extension}`;
    const headers = {
      'content-type': types[extension] ?? otherType,
      'content-length': length,
      'content-disposition': `${download ? 'attachment' : 'inline'}; filename="${name}"`,
      ...(range === undefined ? {} : { 'content-range': `bytes ${range.from}-${range.to}/${bytes}` }),
    };
    if (request.method === 'HEAD') return reply.headers(headers).send();

    const playback = playbackOf({
      source: await open(request, recording, range),
      bytes: length,
      allowed: () => stillAllowed(request),
    });
    try {
      await note(request, recording, range);
    } catch (error) {
      playback.destroy();
      throw error;
    }
    lastsWhileRead(request);
    return reply
      .code(range === undefined ? 200 : 206)
      .headers(headers)
      .send(playback);
  }

  return async (app) => {
    // HEAD by itself: Fastify's own would read what GET opened.
    for (const method of ['GET', 'HEAD'] as const)
      app.route({
        method,
        url: '/recordings/:id/content',
        exposeHeadRoute: false,
        config: { access: { scope: 'recordings:read' }, dear: 'playback' },
        schema: {
          summary: 'The audio of a recording, whole or in parts',
          description,
          tags: ['recordings'],
          params: Type.Object({ id: UuidSchema }),
          querystring: Type.Object(
            { download: Type.Optional(Type.Boolean()) },
            { additionalProperties: false },
          ),
          headers: Type.Object({
            range: Type.Optional(Type.String({ description: 'One part: `bytes=0-1023`' })),
            'if-range': Type.Optional(Type.String({ description: 'The etag the part must be of' })),
          }),
          response: { 200: audio('All of it'), 206: audio('The part'), 304: Type.Null() },
        },
        handler: answer,
      });
  };
}
