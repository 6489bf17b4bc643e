import { rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { commonExits } from '../../daemon/flow/node-exits.ts';
import { nodeTypes } from '../../daemon/nodes/index.ts';
import { stepsOf } from './call-row.ts';
import { callees, cases, full, menu, press } from './exit-cases.ts';
import { file, flowOf } from './flow-plan.ts';
import { cannotHangUp, hangupCases } from './hangup-cases.ts';
import { openHouse } from './house.ts';
import { placeInTurn } from './place-in-turn.ts';

/** Exits that need more than one call, or a broken disk: each has a test of its own below. */
const apart: readonly (readonly [type: string, exit: string])[] = [
  ['queue', 'full'],
  ['record', 'storageUnavailable'],
];

void t.test('every exit of every node type has a case', (t) => {
  const covered = new Set([
    ...[...cases, ...hangupCases].map(({ type, exit }) => `${type} ${exit}`),
    ...apart.map((one) => one.join(' ')),
    ...Object.keys(cannotHangUp).map((type) => `${type} hangup`),
  ]);
  for (const { type, exits } of nodeTypes.values())
    for (const exit of [...Object.keys(exits), ...commonExits]) {
      // `key:<d>` stands for any key.
      const [named] = exit.split('<');
      const found = exit.includes('<')
        ? [...covered].some((one) => one.startsWith(`${type} ${named}`))
        : covered.has(`${type} ${exit}`);
      t.ok(found, `${type} ${exit}`);
    }
  t.end();
});

void t.test('every exit of every node leads on, and stands in the record', async (t) => {
  const house = await openHouse(t, { simulator: { callees } });
  await house.flow(flowOf([['sell', 'tag', { add: ['inner'] }]], ['sell next return:sold']), {
    name: 'Inner',
  });
  const dids: string[] = [];
  for (const { type, exit, params, plan, given } of cases) {
    const graph = flowOf(
      [
        ['node', type, params],
        ['end', 'hangup', { cause: 'NORMAL_UNSPECIFIED' }],
      ],
      [`node ${exit} end`],
      'NORMAL_TEMPORARY_FAILURE',
    );
    const { did } = await house.flow(given === undefined ? graph : { ...graph, variables: given }, plan);
    dids.push(did);
  }
  await house.startDaemon();
  await house.warm();
  const placed = placeInTurn(cases.length, (index) => {
    const script = cases[index]?.script;
    return house.call(dids[index] ?? '', script === undefined ? {} : { script });
  });
  for (const [index, { type, exit, as, outcome, attempts, variables }] of cases.entries())
    await t.test(`${type} ${exit}${as === undefined ? '' : ` ${as}`}`, async (t) => {
      const call = await placed[index];
      if (call === undefined) throw new Error('the call was not placed');
      const end = await call.ended;
      t.equal(end.cause, 'NORMAL_UNSPECIFIED', 'the end was reached');
      const row = await house.calls.row(call.uuid);
      const inner = exit === 'return:sold' ? ['sell:next'] : [];
      t.same(stepsOf(row), [`node:${exit}`, ...inner, 'end:end'], row.reason ?? '');
      t.equal(row.outcome, outcome ?? 'finished');
      t.same(
        row.attempts.map((attempt) => attempt.outcome),
        attempts ?? [],
      );
      t.equal(row.cdrs.length, row.legs.length, 'a CDR a leg');
      t.notOk(row.cdrs.some(({ source }) => source === 'estimated'));
      if (variables !== undefined) t.same(row.variables, variables);
      if (type === 'tag' && exit === 'next') t.same(row.tags, ['vip']);
      if (type === 'set' && exit === 'next') {
        t.same(row.variables, { who: `caller ${row.caller}` });
        t.equal(end.variable('flow_mark'), 'yes');
      }
      if (type === 'record')
        t.equal(row.recordings.length, exit === 'next' ? 1 : 0, 'recorded with consent alone');
      await house.leaksOf(t, call, row.id);
    });

  await t.test('queue full', async (t) => {
    const { did } = await house.flow(
      flowOf(
        [
          ['line', 'queue', { maxSize: 1 }],
          ['out', 'hangup', { cause: 'USER_BUSY' }],
        ],
        ['line full out'],
      ),
      full,
    );
    const first = house.call(did);
    await first.answered;
    const second = house.call(did);
    t.equal((await second.ended).cause, 'USER_BUSY');
    t.same(stepsOf(await house.calls.row(second.uuid)), ['line:full', 'out:end']);
    first.hangUp();
    t.equal((await house.calls.row(first.uuid)).outcome, 'abandoned_in_queue');
    await house.leaks(t);
  });

  await t.test('record storageUnavailable', async (t) => {
    const folder = join(house.folder, 'recordings');
    await rename(folder, `${folder}-good`);
    await writeFile(folder, 'a file where the folder should be: nobody can write below it');
    const { did } = await house.flow(
      flowOf(
        [
          ['tape', 'record'],
          ['end', 'hangup', { cause: 'NORMAL_UNSPECIFIED' }],
        ],
        ['tape storageUnavailable end'],
        'NORMAL_TEMPORARY_FAILURE',
      ),
    );
    const call = house.call(did);
    t.equal((await call.ended).cause, 'NORMAL_UNSPECIFIED', 'the call went on without a recording');
    const row = await house.calls.row(call.uuid);
    t.same(stepsOf(row), ['tape:storageUnavailable', 'end:end']);
    t.same(row.recordings, [], 'what never began is no recording');
    await unlink(folder);
    await rename(`${folder}-good`, folder);
    const again = house.call(did);
    await again.ended;
    t.same(stepsOf(await house.calls.row(again.uuid)), ['tape:next'], 'the next call is recorded again');
    await house.leaks(t);
  });

  await t.test('hangup ends with its cause, or with its SIP status', async (t) => {
    for (const [params, cause] of [
      [{ cause: 'CALL_REJECTED' }, 'CALL_REJECTED'],
      [{ sipCode: 486, prompt: file('sorry.wav') }, 'USER_BUSY'],
    ] as const) {
      const { did } = await house.flow(flowOf([['out', 'hangup', params]]));
      const call = house.call(did);
      t.equal((await call.ended).cause, cause);
      const row = await house.calls.row(call.uuid);
      t.same(stepsOf(row), ['out:end']);
      t.match(row, { outcome: 'finished', cause, hung_up_by: 'callfabric' });
      await house.leaks(t);
    }
  });

  await t.test('an unwired exit goes to the fallback', async (t) => {
    const { did } = await house.flow(flowOf([['menu', 'ivr', menu]], [], 'USER_BUSY'));
    const call = house.call(did, { script: press('9') });
    t.equal((await call.ended).cause, 'USER_BUSY');
    t.match((await house.calls.row(call.uuid)).reason, /exit invalid of node menu leads nowhere/);
    await house.leaks(t);
  });
});
