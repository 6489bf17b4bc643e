import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { tenantOf } from '../access.ts';
import { callsReport } from './calls-report.ts';
import type { Reports } from './ports.ts';
import { ReportQuerySchema, ReportSchema } from './report-schemas.ts';

/** `GET /reports/calls`. */
export function reportsRoutes(ports: { readonly reports: Reports }): FastifyPluginAsyncTypebox {
  return async (app) => {
    app.get(
      '/reports/calls',
      {
        config: { dear: 'report', access: { scope: 'reports:read', views: ['publisher', 'buyer'] } },
        schema: {
          operationId: 'reportCalls',
          summary: 'Calls counted by hour, day, campaign, publisher, buyer or number',
          description:
            'Always the sum of the calls there are, in order of `key`; hours and days without calls are left out. A publisher sees its own calls and its payouts, a buyer its own calls and what they cost it.',
          tags: ['reports'],
          querystring: ReportQuerySchema,
          response: { 200: ReportSchema },
        },
      },
      (request) => callsReport(ports.reports, tenantOf(request), request.query, request.principal.view),
    );
  };
}
