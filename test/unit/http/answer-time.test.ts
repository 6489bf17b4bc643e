import t from 'tap';
import { callId, checkedApp, fakePorts, key, liveCall, noLiveCalls } from './test-api.ts';

void t.test('a request with a body is answered in time as well, over a socket', async (t) => {
  const { promise: never, resolve: release } = Promise.withResolvers<{ result: 'unknown' }>();
  const app = checkedApp({
    ports: fakePorts({ liveCalls: { ...noLiveCalls, get: () => liveCall(), hangup: () => never } }),
    answerWithinMs: 20,
  });
  t.teardown(() => app.close());
  const address = await app.listen({ port: 0, host: '127.0.0.1' });
  const answer = await fetch(`${address}/calls/${callId}/hangup`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ cause: 'USER_BUSY' }),
  });
  t.equal(answer.status, 503);
  t.match(await answer.json(), { type: 'urn:callfabric:problem:unavailable', detail: /took too long/ });
  // What comes of it later is told to nobody, and breaks nothing.
  release({ result: 'unknown' });
  t.equal((await fetch(`${address}/health/live`)).status, 200);
});
