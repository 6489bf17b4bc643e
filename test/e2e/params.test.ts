import t from 'tap';
import { closeOrm, openOrm } from '../../orm/config.ts';
import { Tenant } from '../../orm/index.ts';
import { seedTrunk } from '../../orm/seed-parts.ts';
import { stepsOf } from './call-row.ts';
import { flowOf } from './flow-plan.ts';
import { heardBy } from './heard.ts';
import { type House, openHouse } from './house.ts';
import { callees, paramCases } from './params-cases.ts';
import { placeInTurn } from './place-in-turn.ts';

async function addTrunk(house: House): Promise<void> {
  const orm = openOrm(house.databaseUrl, { applicationName: 'callfabric e2e' });
  try {
    const em = orm.em.fork();
    const tenant = await em.findOneOrFail(Tenant, { slug: 'test-org' });
    await seedTrunk(em, tenant, { carrier: 'Test Carrier', name: 'Second Trunk', gateway: 'second-trunk' });
    await em.flush();
  } finally {
    await closeOrm(orm);
  }
}

const end = ['end', 'hangup', { cause: 'NORMAL_UNSPECIFIED' }] as const;

void t.test('what the params of the nodes say is done', async (t) => {
  const house = await openHouse(t, { simulator: { callees } });
  await addTrunk(house);
  const dids: string[] = [];
  for (const { type, exit, params, plan } of paramCases) {
    const graph = flowOf([['node', type, params], end], [`node ${exit} end`], 'NORMAL_TEMPORARY_FAILURE');
    dids.push((await house.flow(graph, plan)).did);
  }
  await house.startDaemon();
  await house.warm();
  const placed = placeInTurn(paramCases.length, (index) => {
    const { script, from } = paramCases[index] ?? {};
    return house.call(dids[index] ?? '', {
      ...(script === undefined ? {} : { script }),
      ...(from === undefined ? {} : { from }),
    });
  });
  for (const [
    index,
    { type, exit, as, outcome, attempts, variables, heard, dialled },
  ] of paramCases.entries())
    await t.test(`${type} ${as}`, async (t) => {
      const call = await placed[index];
      if (call === undefined) throw new Error('the call was not placed');
      await call.ended;
      const row = await house.calls.row(call.uuid);
      t.same(stepsOf(row), [`node:${exit}`, 'end:end'], row.reason ?? '');
      t.equal(row.outcome, outcome ?? 'finished');
      t.same(
        row.attempts.map((attempt) => attempt.outcome),
        attempts ?? [],
      );
      if (variables !== undefined) t.same(row.variables, variables);
      if (heard !== undefined) t.same(heardBy(call), heard);
      const bridged = call.leg.applications.filter(({ app }) => app === 'bridge').map(({ data }) => data);
      if (dialled !== undefined) t.match(bridged.join('\n'), dialled);
      await house.leaksOf(t, call, row.id);
    });

  await t.test('goto a pinned version, whatever is published since', async (t) => {
    const { flowId } = await house.flow(
      flowOf([['old', 'tag', { add: ['old'] }]], ['old next return:done']),
      {
        name: 'Pinned',
      },
    );
    const body = JSON.stringify(flowOf([['new', 'tag', { add: ['new'] }]], ['new next return:done']));
    t.equal((await house.api(`/flows/${flowId}/versions`, { method: 'POST', body })).status, 201);
    t.equal((await house.api(`/flows/${flowId}/versions/2/publish`, { method: 'POST' })).status, 200);
    const walked = async (params: object): Promise<string[]> => {
      const node = ['node', 'goto', { flow: 'Pinned', returns: ['done'], ...params }] as const;
      const edges = ['node return:done end', 'node missing end'];
      const call = house.call((await house.flow(flowOf([node, end], edges))).did);
      return stepsOf(await house.calls.row(call.uuid));
    };
    t.same(await walked({ version: 1 }), ['node:return:done', 'old:next', 'end:end']);
    t.same(await walked({ version: 2 }), ['node:return:done', 'new:next', 'end:end']);
    t.same(await walked({}), ['node:return:done', 'new:next', 'end:end'], 'the latest');
    t.same(await walked({ version: 3 }), ['node:missing', 'end:end']);
  });

  await house.leaks(t);
});
