import Fastify from 'fastify';
import t from 'tap';
import { Type } from 'typebox';
import { validatorCompiler } from '../../../daemon/http/validation.ts';
import { checkAnswers } from './check-answers.ts';

const documented = {
  200: Type.Object({ name: Type.String(), inner: Type.Array(Type.Object({ n: Type.Integer() })) }),
  204: Type.Null(),
};
const right = { name: 'x', inner: [{ n: 1 }] };

void t.test('an answer that its route does not document is none', async (t) => {
  const app = Fastify();
  t.teardown(() => app.close());
  app.setValidatorCompiler(validatorCompiler);
  checkAnswers(app);
  const answers: Record<string, readonly [number, unknown, string?]> = {
    right: [200, right],
    empty: [204, null],
    status: [202, right],
    field: [200, { ...right, more: 1 }],
    inner: [200, { name: 'x', inner: [{ n: 1, more: 1 }] }],
    lacks: [200, { name: 'x' }],
    type: [200, { ...right, name: 7 }],
    text: [200, 'text', 'text/plain'],
    problem: [409, '{"type":"x","title":"x","status":409}', 'application/problem+json'],
  };
  for (const [name, [status, payload, type]] of Object.entries(answers))
    app.get(`/${name}`, { schema: { response: documented } }, async (_request, reply) =>
      reply
        .code(status as 200)
        .type(type ?? 'application/json')
        .send(payload),
    );
  const statusOf = async (name: string) => (await app.inject({ url: `/${name}` })).statusCode;
  t.equal(await statusOf('right'), 200);
  t.equal(await statusOf('empty'), 204);
  for (const name of ['status', 'field', 'inner', 'lacks', 'type', 'text', 'problem'])
    t.equal(await statusOf(name), 599, name);
});
