import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Type } from 'typebox';
import type { ApiPorts } from '../ports.ts';
import { NodeTypeSchema } from './flow-schemas.ts';

/** `GET /node-types`: out of the definitions themselves, as the walker and the publish checks read them. */
export function nodeTypeRoutes(ports: Pick<ApiPorts, 'nodeTypes'>): FastifyPluginAsyncTypebox {
  const nodeTypes = Array.from(ports.nodeTypes.values(), (definition) => ({
    type: definition.type,
    help: definition.help,
    params: definition.params,
    exits: Object.entries(definition.exits).map(([name, rule]) => ({
      name,
      rule,
      help: definition.exitHelp?.[name] ?? '',
    })),
    waitsForCaller: definition.waitsForCaller ?? false,
  })).sort((a, b) => (a.type < b.type ? -1 : 1));
  return async (app) => {
    app.get(
      '/node-types',
      {
        config: { access: { scope: 'flows:read' } },
        schema: {
          summary: 'The node types a flow may use, with params and exits',
          description: 'Beside its own exits every node has `error` and `hangup`.',
          tags: ['flows'],
          response: { 200: Type.Object({ nodeTypes: Type.Array(NodeTypeSchema) }) },
        },
      },
      async () => ({ nodeTypes }),
    );
  };
}
