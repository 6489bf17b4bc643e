import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import fc from 'fast-check';
import type { FastifyInstance } from 'fastify';
import t from 'tap';
import type { CdrSink } from '../../../daemon/http/ports.ts';
import { cdrSecret, key, testApi } from './test-api.ts';

const fixture = resolve(import.meta.dirname, '../../fixtures/transcripts/json_cdr/a_leg.cdr.json');
const recorded: unknown = JSON.parse(readFileSync(fixture, 'utf8'));
const basic = (password: string): string =>
  `Basic ${Buffer.from(`freeswitch:${password}`).toString('base64')}`;

/** FreeSWITCH's switch_url_encode: these, controls and every byte beyond ASCII. */
function switchUrlEncode(bytes: Buffer): string {
  return Array.from(bytes, (byte) =>
    byte < 32 || byte > 126 || ' #%&+:;<=>?@[\\]^`{|}"'.includes(String.fromCharCode(byte))
      ? `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
      : String.fromCharCode(byte),
  ).join('');
}

function taking(): { taken: unknown[]; cdrs: CdrSink } {
  const taken: unknown[] = [];
  return { taken, cdrs: { accept: async (record) => void taken.push(record) } };
}

async function send(app: FastifyInstance, type: string, payload: string | Buffer, password = cdrSecret) {
  const headers = { 'content-type': type, authorization: basic(password) };
  const answer = await app.inject({ method: 'POST', url: '/freeswitch/cdr', headers, payload });
  return answer.statusCode;
}

const form = 'application/x-www-form-urlencoded';

void t.test('a recorded leg arrives the same in all three encodings of mod_json_cdr', async (t) => {
  const { taken, cdrs } = taking();
  const app = testApi(t, { cdrs });
  const json = Buffer.from(JSON.stringify(recorded));
  t.equal(await send(app, form, `cdr=${switchUrlEncode(json)}`), 204);
  t.equal(await send(app, 'application/x-www-form-base64-encoded', `cdr=${json.toString('base64')}`), 204);
  t.equal(await send(app, 'application/json', json), 204);
  t.same(taken, [recorded, recorded, recorded]);
});

void t.test('whatever is in a variable arrives unchanged', async (t) => {
  const { taken, cdrs } = taking();
  const app = testApi(t, { cdrs });
  await fc.assert(
    fc.asyncProperty(fc.dictionary(fc.string(), fc.string({ unit: 'binary' })), async (variables) => {
      taken.length = 0;
      const json = Buffer.from(JSON.stringify({ variables }));
      const status = await send(app, form, `cdr=${switchUrlEncode(json)}`);
      t.equal(status, 204);
      t.same(taken, [JSON.parse(json.toString())]);
    }),
    { numRuns: 50 },
  );
});

void t.test('bytes that are no UTF-8, and a lone percent sign, do not lose the record', async (t) => {
  const { taken, cdrs } = taking();
  const app = testApi(t, { cdrs });
  const json = Buffer.concat([
    Buffer.from('{"variables":{"a":"caf'),
    Buffer.from([0xff, 0xfe]),
    Buffer.from('"}}'),
  ]);
  t.equal(await send(app, form, `cdr=${switchUrlEncode(json)}`), 204);
  t.equal(await send(app, form, Buffer.concat([Buffer.from('cdr='), json])), 204);
  t.equal(await send(app, form, 'x=1&cdr={"variables":{"a":"5%zz"}}&y=2'), 204);
  t.same(taken, [
    { variables: { a: 'caf\ufffd\ufffd' } },
    { variables: { a: 'caf\ufffd\ufffd' } },
    { variables: { a: '5%zz' } },
  ]);
});

void t.test('what is no record is refused, so that FreeSWITCH keeps it', async (t) => {
  const { taken, cdrs } = taking();
  const app = testApi(t, { cdrs });
  t.equal(await send(app, form, 'cdr={"variables":'), 400);
  t.equal(await send(app, form, 'record={}'), 400);
  t.equal(await send(app, 'application/json', '[]'), 422);
  t.equal(await send(app, 'application/json', '{"variables":1}'), 422);
  t.equal(await send(app, 'text/plain', '{}'), 415);
  t.equal(await send(app, 'application/json', `{"variables":{"a":"${'x'.repeat(2 * 1024 * 1024)}"}}`), 413);
  t.same(taken, []);
});

void t.test('where the record cannot be taken the answer is 503, so that FreeSWITCH keeps it', async (t) => {
  const accept = async (): Promise<never> => {
    throw new Error('the spool is full');
  };
  const app = testApi(t, { cdrs: { accept } });
  t.equal(await send(app, 'application/json', '{"variables":{}}'), 503);
});

void t.test('only the CDR secret opens it, and it opens nothing else', async (t) => {
  const { taken, cdrs } = taking();
  const app = testApi(t, { cdrs });
  const body = '{"variables":{}}';
  t.equal(await send(app, 'application/json', body, 'wrong-wrong-wrong-wrong'), 401);
  t.equal(await send(app, 'application/json', body, key), 401);
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const withKey = await app.inject({ method: 'POST', url: '/freeswitch/cdr', headers, payload: body });
  t.equal(withKey.statusCode, 401);
  t.match(withKey.headers['www-authenticate'], /^Basic/);
  t.same(taken, []);
  for (const authorization of [basic(cdrSecret), `Bearer ${cdrSecret}`])
    t.equal((await app.inject({ url: '/calls', headers: { authorization } })).statusCode, 401);
});

void t.test('without a CDR secret there is no such address', async (t) => {
  const app = testApi(t, {}, { cdrSecret: undefined });
  t.equal(await send(app, 'application/json', '{"variables":{}}'), 404);
});
