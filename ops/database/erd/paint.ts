import { fontFamily, fontFiles } from './font.ts';
import { type Group, groups } from './groups.ts';
import { type Box, type ErdLayout, metrics, type Point } from './layout.ts';
import type { ErdColumn, ErdRelation, ErdTable } from './model.ts';

const titleHeight = 104;
const paper = '#f8fafc';
const ink = '#0f172a';
const quiet = '#64748b';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Two decimals at most, so that the file does not change with the last digit of a float. */
const n = (value: number): string => String(Math.round(value * 100) / 100);

const rectangle = (box: Box, attributes: string): string =>
  `<rect x="${n(box.x)}" y="${n(box.y)}" width="${n(box.width)}" height="${n(box.height)}" ${attributes}/>`;

const text = (x: number, y: number, content: string, attributes: string): string =>
  `<text x="${n(x)}" y="${n(y)}" ${attributes}>${escaped(content)}</text>`;

/** `colour` mixed with white; `share` of it stays. */
function tint(colour: string, share: number): string {
  const mixed = [1, 3, 5].map((at) =>
    Math.round(255 - (255 - Number.parseInt(colour.slice(at, at + 2), 16)) * share)
      .toString(16)
      .padStart(2, '0'),
  );
  return `#${mixed.join('')}`;
}

function frame(box: Box & { group: Group }): string {
  const { colour } = groups[box.group];
  return [
    rectangle(box, `rx="14" fill="${tint(colour, 0.07)}" stroke="${tint(colour, 0.35)}"`),
    text(box.x + 22, box.y + 34, box.group, `class="bold" font-size="20" fill="${colour}"`),
  ].join('');
}

const marks = { primary: 'PK', foreign: 'FK', unique: 'UQ' } as const;

function row(box: Box, index: number, column: ErdColumn, colour: string): string {
  const { rowHeight, headerHeight, padding, keyWidth } = metrics;
  const y = box.y + headerHeight + (index + 0.5) * rowHeight + 4;
  const mark =
    column.key === undefined
      ? ''
      : text(box.x + padding, y - 0.5, marks[column.key], `class="bold" font-size="9" fill="${colour}"`);
  const name = text(
    box.x + padding + keyWidth - 10,
    y,
    column.name,
    column.key === 'primary' ? 'class="bold"' : '',
  );
  const type = text(
    box.x + box.width - padding,
    y,
    `${column.type}${column.nullable ? '?' : ''}`,
    `text-anchor="end" fill="${quiet}"`,
  );
  return mark + name + type;
}

function card(box: Box & { table: ErdTable }): string {
  const { table } = box;
  const { colour } = groups[table.group];
  const { headerHeight } = metrics;
  const right = box.x + box.width;
  const r = 7;
  const header = `M${n(box.x)} ${n(box.y + headerHeight)}V${n(box.y + r)}q0-${r} ${r}-${r}H${n(right - r)}q${r} 0 ${r} ${r}V${n(box.y + headerHeight)}z`;
  return [
    `<g id="${escaped(table.name)}">`,
    rectangle(box, `rx="${r}" fill="#fff" stroke="${tint(colour, 0.6)}"`),
    `<path d="${header}" fill="${colour}"/>`,
    text(box.x + metrics.padding, box.y + 20, table.name, 'class="bold" font-size="14" fill="#fff"'),
    ...table.columns.map((column, index) => row(box, index, column, colour)),
    '</g>',
  ].join('');
}

/** The points joined, with rounded corners. */
function path(points: readonly Point[]): string {
  return points
    .map((point, index) => {
      const before = points[index - 1];
      const after = points[index + 1];
      if (before === undefined) return `M${n(point.x)} ${n(point.y)}`;
      if (after === undefined) return `L${n(point.x)} ${n(point.y)}`;
      const towards = (other: Point): Point => {
        const length = Math.hypot(other.x - point.x, other.y - point.y) || 1;
        const radius = Math.min(6, length / 2);
        return {
          x: point.x + ((other.x - point.x) / length) * radius,
          y: point.y + ((other.y - point.y) / length) * radius,
        };
      };
      const [a, b] = [towards(before), towards(after)];
      return `L${n(a.x)} ${n(a.y)}Q${n(point.x)} ${n(point.y)} ${n(b.x)} ${n(b.y)}`;
    })
    .join('');
}

/** The two ends of a line: how many rows of each table the other one knows. */
function ends(relation: ErdRelation, points: readonly Point[], colour: string): string {
  const first = points[0];
  const last = points.at(-1);
  if (first === undefined || last === undefined) return '';
  const pen = `fill="none" stroke="${colour}" stroke-width="1.4"`;
  const bar = (x: number, y: number): string => `<path d="M${n(x)} ${n(y - 5)}v10" ${pen}/>`;
  const ring = (x: number, y: number): string =>
    `<circle cx="${n(x)}" cy="${n(y)}" r="3.4" fill="${paper}" stroke="${colour}" stroke-width="1.4"/>`;
  const one = relation.optional ? ring(first.x + 10, first.y) : bar(first.x + 11, first.y);
  const many = relation.single
    ? bar(last.x - 7, last.y)
    : `<path d="M${n(last.x)} ${n(last.y - 5)}L${n(last.x - 10)} ${n(last.y)}L${n(last.x)} ${n(last.y + 5)}" ${pen}/>`;
  return bar(first.x + 6, first.y) + one + many + ring(last.x - (relation.single ? 12 : 13.4), last.y);
}

function line(relation: ErdRelation, points: readonly Point[], colour: string): string {
  const dash = relation.optional ? ' stroke-dasharray="5 3"' : '';
  return `<path d="${path(points)}" fill="none" stroke="${colour}" stroke-width="1.4" stroke-opacity=".75"${dash}/>${ends(relation, points, colour)}`;
}

function style(): string {
  const faces = fontFiles().map(
    ({ weight, bytes }) =>
      `@font-face{font-family:'${fontFamily}';font-weight:${weight};src:url(data:font/woff2;base64,${bytes.toString('base64')}) format('woff2')}`,
  );
  return `<style>${faces.join('')}text{white-space:pre}.bold{font-weight:700}</style>`;
}

/** The title, and what the signs mean. */
function heading(tables: number): string {
  const sample: Omit<ErdRelation, 'optional'> = { table: '', column: '', target: '', single: false };
  const shown = (x: number, optional: boolean): string =>
    line(
      { ...sample, optional },
      [
        { x, y: 76 },
        { x: x + 76, y: 76 },
      ],
      quiet,
    );
  const said = (x: number, words: string): string => text(x, 81, words, `font-size="15" fill="${quiet}"`);
  return [
    text(24, 46, "CallFabric's data model", 'class="bold" font-size="32"'),
    said(24, `${tables} tables; PK primary key, FK foreign key, UQ unique, ? may be null`),
    shown(720, false),
    said(806, 'belongs to one'),
    shown(970, true),
    said(1056, 'to one or none; nearly every table has a line to tenant: those are left out'),
  ].join('');
}

/** What `layout` says, as an SVG file. `mark` is kept in it, so that its age can be told from the file alone. */
export function paint(layout: ErdLayout, mark: string): string {
  const width = Math.ceil(Math.max(layout.width, 1800));
  const height = Math.ceil(layout.height + titleHeight);
  const groupOfTable = new Map(layout.tables.map(({ table }) => [table.name, table.group]));
  const colourOf = (table: string): string => groups[groupOfTable.get(table) ?? 'core'].colour;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="'${fontFamily}',Menlo,Consolas,monospace" font-size="${metrics.fontSize}" fill="${ink}">`,
    `<title>CallFabric's data model</title><desc>callfabric-erd ${mark}</desc>`,
    style(),
    `<rect width="100%" height="100%" fill="${paper}"/>`,
    heading(layout.tables.length),
    `<g transform="translate(0 ${titleHeight})">`,
    ...layout.groups.map(frame),
    ...layout.lines.map(({ relation, points }) => line(relation, points, colourOf(relation.target))),
    ...layout.tables.map(card),
    '</g></svg>\n',
  ].join('\n');
}
