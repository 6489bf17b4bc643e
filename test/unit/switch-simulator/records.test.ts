import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { withSimulator } from './with-simulator.ts';

type Json = Record<string, Record<string, unknown>>;

function folder(t: { teardown(undo: () => void): unknown }): string {
  const path = mkdtempSync(join(tmpdir(), 'switch-simulator-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const bridged = {
  callees: { '1555': { kind: 'answer', talkMs: 2000 } },
} as const;
const talk = ['set hangup_after_bridge=true', 'answer', 'bridge sofia/gateway/trunk/1555'];

void t.test('mod_json_cdr posts both legs in the recorded shape', async (t) => {
  const posts: { url: string; record: Json }[] = [];
  const both = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      posts.push({ url: request.url ?? '', record: JSON.parse(Buffer.concat(chunks).toString()) as Json });
      response.end('ok');
      if (posts.length === 2) both.resolve();
    });
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', listening.resolve);
  await listening.promise;
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  t.teardown(() => server.close());
  const { simulator } = await withSimulator(t, (call) => void call.execute(...talk), {
    ...bridged,
    jsonCdr: { url: `http://127.0.0.1:${port}/cdr`, fallbackFolder: undefined },
  });
  const call = simulator.call({ from: '+15125550100', fromName: 'Alice', to: '15551234567' });
  await Promise.all([call.ended, both.promise]);
  const shape = (side: string) =>
    JSON.parse(
      readFileSync(new URL(`../../fixtures/transcripts/json_cdr/${side}.cdr.json`, import.meta.url), 'utf8'),
    ) as Json;
  const legA = posts.find((post) => post.url === `/cdr?uuid=a_${call.uuid}`)?.record;
  const legB = posts.find((post) => !post.url.includes('a_'))?.record;
  t.same(Object.keys(legA ?? {}), Object.keys(shape('a_leg')));
  t.same(Object.keys(legB ?? {}), Object.keys(shape('b_leg')));
  for (const [leg, side] of [
    [legA, 'a_leg'],
    [legB, 'b_leg'],
  ] as const) {
    const present = Object.keys(leg?.['variables'] ?? {});
    const absent = Object.keys(shape(side)['variables'] ?? {}).filter((name) => !present.includes(name));
    t.same(
      absent.filter((name) => !ownToTheRecording.has(name)),
      [],
      `${side}: every variable of the recording`,
    );
  }
  t.equal(legA?.['variables']?.['sip_from_user'], '%2B15125550100', 'values are encoded');
});

/** Set by that recording's own commands and dial string. */
const ownToTheRecording = new Set([
  'continue_on_fail',
  'call_timeout',
  'ringback',
  'leg_timeout',
  'origination_caller_id_number',
]);

void t.test('a record nobody takes is kept on disk', async (t) => {
  const path = folder(t);
  const { simulator } = await withSimulator(t, (call) => call.hangUp(), {
    jsonCdr: { url: 'http://127.0.0.1:1/cdr', fallbackFolder: path },
  });
  const kept = Promise.withResolvers<void>();
  const call = simulator.call({ from: '+1512', to: '+1555' });
  await call.ended;
  const look = setInterval(() => {
    if (simulator.snapshot().cdrsOnDisk === 1) kept.resolve();
  }, 2);
  await kept.promise;
  clearInterval(look);
  t.same(readdirSync(path), [`a_${call.uuid}.cdr.json`]);
});

void t.test('a recording is whole on disk when RECORD_STOP comes, as long as it was recorded', async (t) => {
  const path = join(folder(t), 'deep', 'call.wav');
  const { simulator } = await withSimulator(t, async (call) => {
    await call.execute(
      'answer',
      'set RECORD_STEREO=true',
      `record_session ${path}`,
      'playback silence_stream://1500',
    );
    await call.execute(`stop_record_session ${path}`);
    call.hangUp();
  });
  const placed = simulator.call({ from: '+1512', to: '+1555' });
  const end = await placed.ended;
  const ms = Number(end.variable('record_ms'));
  t.ok(ms >= 1500, `recorded ${ms} ms of 1500 ms played`);
  t.ok(existsSync(path));
  const wav = readFileSync(path);
  t.equal(wav.toString('latin1', 0, 4), 'RIFF');
  t.equal(wav.readUInt16LE(22), 2, 'stereo');
  t.equal(wav.readUInt32LE(40), Math.floor((ms * 8000) / 1000) * 4);
  t.equal(wav.length, 44 + wav.readUInt32LE(40));
});

void t.test('masked is silent, paused is missing, and the switch counts what is in the file', async (t) => {
  const path = join(folder(t), 'call.wav');
  const { simulator } = await withSimulator(t, async (call) => {
    await call.execute('answer', `record_session ${path}`, 'playback silence_stream://500');
    await call.execute(`record_session_mask ${path}`, 'playback silence_stream://1000');
    await call.execute(`record_session_unmask ${path}`, 'playback silence_stream://500');
    await call.execute(`record_session_pause ${path}`, 'playback silence_stream://2000');
    await call.execute(`record_session_resume ${path}`, 'playback silence_stream://500');
    await call.execute(`stop_record_session ${path}`);
    call.hangUp();
  });
  const placed = simulator.call({ from: '+1512', to: '+1555' });
  const end = await placed.ended;
  const ms = Number(end.variable('record_ms'));
  const times = new Map(
    placed.leg.applications.map(({ app, atUs }): [string, number] => [app, Math.floor(atUs / 1000)]),
  );
  const between = (first: string, last: string) => (times.get(last) ?? 0) - (times.get(first) ?? 0);
  t.ok(between('record_session', 'stop_record_session') - ms >= 2000, `${ms} ms without the pause`);
  const wav = readFileSync(path);
  t.equal(wav.length, 44 + ms * 16, 'mono, 8 kHz');
  const silent = (sample: number) => wav.readInt16LE(44 + sample * 2) === 0;
  const samples = ms * 8;
  const quiet = Array.from({ length: samples }, (_, sample) => sample).filter(silent);
  t.ok(quiet.length >= 8000, `${quiet.length / 8} ms are silent`);
  const [first = 0, last = 0] = [quiet[0], quiet.at(-1)];
  t.equal(last - first + 1, quiet.length, 'in one stretch');
  t.ok(first >= 4000 && last < samples - 8000, 'and not before the mask or after it');
});
