import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { defineEntity, p } from '@mikro-orm/postgresql';
import t from 'tap';
import { groupOf } from '../../../../ops/database/erd/groups.ts';
import { layOut } from '../../../../ops/database/erd/layout.ts';
import { type ErdModel, fingerprint, readModel } from '../../../../ops/database/erd/model.ts';
import { paint } from '../../../../ops/database/erd/paint.ts';
import { markOf, rasterise } from '../../../../ops/database/erd/raster.ts';
import { openOrm } from '../../../../orm/config.ts';
import { entities } from '../../../../orm/index.ts';

const ops = resolve(import.meta.dirname, '../../../../ops');
const model = readModel(openOrm('postgres://nobody@localhost/none'));

void t.test('the committed pictures show the entities as they are', async (t) => {
  const mark = fingerprint(model);
  const advice = 'run `npm run db:erd` and commit ops/erd.svg and ops/erd.png';
  t.match(readFileSync(resolve(ops, 'erd.svg'), 'utf8'), `<desc>callfabric-erd ${mark}</desc>`, advice);
  t.equal(markOf(readFileSync(resolve(ops, 'erd.png'))), mark, advice);
});

void t.test('the model has every entity, with what a reader asks of a column', async (t) => {
  t.equal(model.tables.length, entities.length);
  const number = model.tables.find(({ name }) => name === 'phone_number');
  t.match(number, {
    entity: 'PhoneNumber',
    group: 'telephony',
    columns: [
      { name: 'id', type: 'uuid', nullable: false, key: 'primary' },
      { name: 'tenant_id', type: 'uuid', nullable: false, key: 'foreign' },
      { name: 'e164', type: 'text', nullable: false, key: 'unique' },
      { name: 'campaign_id', type: 'uuid', nullable: true, key: 'foreign' },
    ],
  });
  const relation = (table: string, column: string) =>
    model.relations.find((one) => one.table === table && one.column === column);
  t.match(relation('phone_number', 'campaign_id'), { target: 'campaign', optional: true, single: false });
  t.match(relation('flow_version', 'flow_id'), { optional: false, single: false }, 'its unique is partial');
});

void t.test('an entity in no group is refused, with where to add it', async (t) => {
  t.throws(() => groupOf('Nobody'), {
    message: 'The entity Nobody is in no group: add it to one in ops/database/erd/groups.ts.',
  });
  const Nobody = defineEntity({ name: 'Nobody', properties: { id: p.uuid().primary() } });
  const orm = openOrm('postgres://nobody@localhost/none');
  orm.discoverEntity(Nobody);
  t.throws(() => readModel(orm), /The entity Nobody is in no group/);
});

void t.test('two runs draw the same; every table, column and line is in it', async (t) => {
  const svg = paint(await layOut(model), 'abc');
  t.equal(svg, paint(await layOut(model), 'abc'));
  for (const table of model.tables) {
    t.match(svg, `<g id="${table.name}">`);
    for (const column of table.columns) t.match(svg, `>${column.name}</text>`);
  }
  const lines = model.relations.filter(({ target }) => target !== 'tenant');
  t.equal((await layOut(model)).lines.length, lines.length);
});

void t.test('the fingerprint changes with a column', async (t) => {
  const more = { name: 'another', type: 'text', nullable: true, key: undefined };
  const table = model.tables[0] ?? { name: '', entity: '', group: 'core' as const, columns: [] };
  const tables = model.tables.with(0, { ...table, columns: [...table.columns, more] });
  const other: ErdModel = { ...model, tables };
  t.not(fingerprint(other), fingerprint(model));
});

void t.test('the PNG has the text painted, with a font of its own, and keeps the mark', async (t) => {
  const picture = (words: string) =>
    rasterise(
      `<svg xmlns="http://www.w3.org/2000/svg" width="80" height="20"><text y="15">${words}</text></svg>`,
      'abc',
      2,
    );
  const png = await picture('tenant');
  t.equal(png.subarray(1, 4).toString('latin1'), 'PNG');
  t.equal(png.readUInt32BE(16), 160, 'twice as wide');
  t.equal(markOf(png), 'abc');
  t.ok(png.length > (await picture('')).length + 100, 'letters take room');
});
