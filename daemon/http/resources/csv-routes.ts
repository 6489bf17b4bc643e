import { Readable } from 'node:stream';
import type { FastifyPluginAsync, FastifyRequest } from 'fastify';
import { getCountries } from 'libphonenumber-js/min';
import { Type } from 'typebox';
import { signalOf } from '../answer-time.ts';
import { Problem } from '../problem.ts';
import { FaultSchema } from '../schemas.ts';
import { validatorCompiler } from '../validation.ts';
import { csvResponse, exportBatch, exportTimeoutMs, sendCsv } from './csv-export.ts';
import { type ImportMode, importModes, importRows } from './csv-import.ts';
import { readCsv } from './csv-reader.ts';
import type { Resource } from './define-resource.ts';
import type { ImportPlaces } from './import-places.ts';
import { filterProperties, filtersOf, type Query, wantedOf } from './page-query.ts';
import { paramsOf } from './resource-routes.ts';
import { listRows, type Row } from './resource-rows.ts';
import { accessTo, inScope, type ResourcePorts } from './resource-scope.ts';

const largestFileBytes = 100 * 1024 * 1024;
const importTimeoutMs = 10 * 60_000;

const ReportSchema = Type.Object({
  rows: Type.Integer(),
  imported: Type.Integer(),
  failed: Type.Integer(),
  errors: Type.Array(FaultSchema, { description: 'The first 100, with their lines' }),
});

async function* batches(ports: ResourcePorts, request: FastifyRequest, resource: Resource) {
  const { order } = wantedOf(resource, {});
  const filters = filtersOf(resource, request.query as Query);
  let after: { value: string | undefined; id: string } | undefined;
  // Each batch is a transaction of its own: a slow reader holds neither a connection nor a snapshot.
  for (;;) {
    const wanted = { filters, order, after, limit: exportBatch };
    const rows: Row[] = await inScope(ports, request, resource, 'read', (em, scope) =>
      listRows(em, resource, scope, wanted),
    );
    yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < exportBatch) return;
    after = {
      value: order.field === undefined ? undefined : String(last[order.field]),
      id: String(last['id']),
    };
  }
}

/** `GET …/export` and `POST …/import` of a resource: at its list, or at the item of its parent. */
export function csvRoutes(
  ports: ResourcePorts,
  resource: Resource,
  places: ImportPlaces,
): FastifyPluginAsync {
  const { parent, plural } = resource;
  const at = parent === undefined ? resource.address : `${parent.resource.address}/:${parent.field}`;
  const tags = [resource.thing];
  const params = paramsOf(resource, false);
  return async (app) => {
    app.get(
      `${at}/export`,
      {
        config: { dear: 'export', access: accessTo(resource, 'read'), answerWithinMs: exportTimeoutMs },
        schema: {
          summary: `All ${plural} as a CSV file`,
          description:
            "What a spreadsheet would take for a formula has a ' before it; importing takes it off.",
          tags,
          params,
          querystring: Type.Object(filterProperties(resource), { additionalProperties: false }),
          response: csvResponse,
        },
      },
      (request, reply) =>
        sendCsv(reply, plural, Object.keys(resource.fields), batches(ports, request, resource)),
    );
    if (resource.csv !== 'both') return;

    // Of this route alone: everywhere else a CSV body is refused.
    app.addContentTypeParser('text/csv', (_request, payload, done) => done(null, payload));
    app.post(
      `${at}/import`,
      {
        config: { access: accessTo(resource, 'write'), answerWithinMs: importTimeoutMs },
        // A file is checked row by row, as it comes.
        validatorCompiler: (route) =>
          route.httpPart === 'body'
            ? () => true
            : validatorCompiler(route as Parameters<typeof validatorCompiler>[0]),
        schema: {
          summary: `Import ${plural} from a CSV file`,
          description:
            'UTF-8 with a header line, up to 100 MB. Columns are called as the fields; empty cells take the default. all-or-nothing: one wrong row, and none is kept (422). report-and-continue: what is right is kept. At most 2 imports of a tenant and 4 of a daemon at once (429, 503).',
          tags,
          params,
          querystring: Type.Object(
            {
              mode: Type.Optional(Type.Enum([...importModes], { default: 'all-or-nothing' })),
              country: Type.Optional(
                Type.Enum(getCountries(), {
                  description: 'Reads numbers that are written without country code',
                }),
              ),
            },
            { additionalProperties: false },
          ),
          body: { content: { 'text/csv': { schema: Type.String() } } },
          response: { 200: ReportSchema },
        },
      },
      async (request) => {
        if (!(request.body instanceof Readable)) throw new Problem('unsupported-media-type', 'send text/csv');
        const { mode = 'all-or-nothing', country } = request.query as {
          mode?: ImportMode;
          country?: ReturnType<typeof getCountries>[number];
        };
        const release = places.take(request.principal.tenantId ?? null);
        try {
          const signal = signalOf(request);
          const rows = readCsv(request.body, resource, { maxBytes: largestFileBytes, country, signal });
          return await importRows({ ports, request, resource, signal }, mode, rows);
        } finally {
          release();
        }
      },
    );
  };
}
