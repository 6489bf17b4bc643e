import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { openOrm } from '../../../orm/config.ts';
import { layOut } from './layout.ts';
import { fingerprint, readModel } from './model.ts';
import { paint } from './paint.ts';
import { rasterise } from './raster.ts';

/** Draws the entities' own metadata as erd.svg and erd.png in `folder`; needs no database. Returns what it did. */
export async function drawErd(folder: string): Promise<string[]> {
  const model = readModel(openOrm('postgres://nobody@localhost/none'));
  const mark = fingerprint(model);
  const svg = paint(await layOut(model), mark);
  const png = await rasterise(svg, mark, 1.25);
  const [svgFile, pngFile] = [resolve(folder, 'erd.svg'), resolve(folder, 'erd.png')];
  writeFileSync(svgFile, svg);
  writeFileSync(pngFile, png);
  const { tables, relations } = model;
  return [
    `wrote ${svgFile}`,
    `wrote ${pngFile}`,
    `${tables.length} tables, ${relations.length} foreign keys`,
  ];
}
