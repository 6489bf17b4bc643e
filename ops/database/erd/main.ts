/** `npm run db:erd`: draws the entities' own metadata as ops/erd.svg and ops/erd.png. Needs no database. */
import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openOrm } from '../../../orm/config.ts';
import { layOut } from './layout.ts';
import { fingerprint, readModel } from './model.ts';
import { paint } from './paint.ts';
import { rasterise } from './raster.ts';

const model = readModel(openOrm('postgres://nobody@localhost/callfabric'));
const mark = fingerprint(model);
const svg = paint(await layOut(model), mark);
const png = await rasterise(svg, mark, 1.5);
for (const [name, content] of [
  ['erd.svg', svg],
  ['erd.png', png],
] as const) {
  const file = fileURLToPath(new URL(`../../${name}`, import.meta.url));
  writeFileSync(file, content);
  process.stdout.write(
    `wrote ${relative(process.cwd(), file)} (${(content.length / 1024).toFixed(0)} KiB)\n`,
  );
}
process.stdout.write(`${model.tables.length} tables, ${model.relations.length} foreign keys\n`);
