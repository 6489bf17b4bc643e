import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import t from 'tap';

const root = resolve(import.meta.dirname, '../..');

/** Which rooms a room's code may import from (its own is always allowed). Types follow the same arrows. */
const mayImport: Record<string, readonly string[]> = {
  telephony: [],
  esl: ['telephony'],
  channel: ['telephony', 'esl'],
  caps: ['telephony'],
  flow: ['telephony', 'channel'],
  nodes: ['telephony', 'channel', 'flow'],
  routing: ['telephony', 'channel', 'flow', 'caps', 'records', 'orm'],
  records: ['telephony', 'channel', 'orm'],
  money: ['telephony', 'orm'],
  compliance: ['telephony', 'orm'],
  outbox: ['telephony', 'orm'],
  call: [
    'telephony',
    'esl',
    'channel',
    'caps',
    'flow',
    'nodes',
    'routing',
    'records',
    'money',
    'compliance',
    'outbox',
    'orm',
  ],
  jobs: ['telephony', 'call', 'caps', 'records', 'routing', 'money', 'compliance', 'outbox', 'orm'],
  http: [
    'telephony',
    'channel',
    'call',
    'caps',
    'flow',
    'nodes',
    'routing',
    'records',
    'money',
    'compliance',
    'outbox',
    'orm',
  ],
  orm: ['telephony'],
};

/** The one room of each outside library; `daemon` stands for the files directly in daemon/. */
const libraryRooms: Record<string, readonly string[]> = {
  '@redis/client': ['caps'],
  fastify: ['http'],
  '@fastify/': ['http'],
  'prom-client': ['http'],
  'node-cron': ['jobs'],
  '@aws-sdk/': ['records'],
  '@mikro-orm/': ['orm', 'records', 'routing', 'http', 'call', 'jobs'],
  pino: ['daemon'],
  'node:net': ['esl', 'daemon'],
};

function typescriptFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

function roomOf(file: string): string {
  const [top, room, rest] = file.split('/');
  if (top === 'orm' || top === 'migrations') return 'orm';
  return rest === undefined ? 'daemon' : (room ?? 'daemon');
}

const sources = [...typescriptFiles('daemon'), ...typescriptFiles('orm')].map((file) => {
  const text = readFileSync(join(root, file), 'utf8');
  const imports = [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
  return { file, text, imports, room: roomOf(file) };
});

void t.test('every import between rooms points down the table', async (t) => {
  t.ok(sources.length > 20, 'the house was found');
  for (const { file, imports, room } of sources) {
    if (room === 'daemon') continue;
    for (const name of imports.filter((name) => name.startsWith('.'))) {
      const target = roomOf(relative(root, resolve(root, file, '..', name)));
      const allowed = target === room || (mayImport[room] ?? []).includes(target);
      if (!allowed) t.fail(`${file} (${room}) must not import ${name} (${target})`);
    }
  }
});

void t.test('every outside library is known to its own room alone', async (t) => {
  for (const { file, imports, room } of sources)
    for (const name of imports)
      for (const [library, rooms] of Object.entries(libraryRooms))
        if (
          name === library ||
          name.startsWith(`${library}/`) ||
          (library.endsWith('/') && name.startsWith(library))
        )
          if (!rooms.includes(room))
            t.fail(`${file} (${room}) must not import ${name}: its room is ${rooms.join(', ')}`);
});

void t.test('the environment is read in config.ts and the process ended in main.ts alone', async (t) => {
  for (const { file, text } of sources) {
    if (!['daemon/config.ts', 'daemon/main.ts'].includes(file) && /\bprocess\.env\b/.test(text))
      t.fail(`${file} reads process.env`);
    if (file !== 'daemon/main.ts' && /\bprocess\.(exit|on)\(/.test(text))
      t.fail(`${file} ends the process or takes signals`);
  }
});

void t.test('no file is longer than its cap, no test is skipped without a reason', async (t) => {
  const files = ['daemon', 'orm', 'ops', 'test', 'migrations'].flatMap((folder) => typescriptFiles(folder));
  for (const file of files) {
    const text = readFileSync(join(root, file), 'utf8');
    const lines = text.split('\n').length - 1;
    if (lines > 400 && !file.startsWith('migrations/')) t.fail(`${file} has ${lines} lines, the cap is 400`);
    if (/\bt\.(skip|todo)\(|skip: true|\.only\(/.test(text) && !file.endsWith('imports.test.ts'))
      t.fail(`${file} skips a test without a reason`);
    if (/^export default\b/m.test(text) && !file.startsWith('orm/mikro-orm.config'))
      t.fail(`${file} has a default export`);
  }
});
