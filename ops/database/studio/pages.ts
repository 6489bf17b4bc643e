import { groupNames, groups } from '../erd/groups.ts';
import type { StudioColumn, StudioTable } from './catalogue.ts';
import { type Html, html } from './html.ts';
import type { Cell, Row } from './rows.ts';

/** Rows on one page. */
export const pageSize = 50;

const query = (values: Record<string, string>): string => new URLSearchParams(values).toString();

const rowsAddress = (table: string, column: string, value: string): string =>
  `${table}?${query({ column, value })}`;

const rowAddress = (table: string, key: readonly string[]): string =>
  `${table}/row?${query({ key: JSON.stringify(key) })}`;

/** The frame of every page. `base` is the address of the studio, with its token. */
export function page(
  base: string,
  title: string,
  catalogue: ReadonlyMap<string, StudioTable>,
  body: Html,
): string {
  const navigation = groupNames.map((group) => {
    const tables = [...catalogue.values()].filter((table) => table.group === group);
    if (tables.length === 0) return undefined;
    return html`<h2 class="${group}">${group}</h2>${tables.map(
      ({ name }) =>
        html`<a href="${base}${name}"${name === title ? html` aria-current="page"` : ''}>${name}</a>`,
    )}`;
  });
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${title} · CallFabric</title><link rel="stylesheet" href="${base}studio.css"></head>
<body><nav><a class="home" href="${base}">CallFabric</a>${navigation}</nav><main><h1>${title}</h1>
${body}</main></body></html>`.text;
}

/** The first page. */
export function welcome(place: string): Html {
  return html`<p>${place}, read only. Choose a table.</p>`;
}

function cell(base: string, column: StudioColumn, value: Cell): Html {
  if (value === null) return html`<span class="null">null</span>`;
  if (column.secret) return html`<span class="null">${value}</span>`;
  if (column.target === undefined) return html`${value}`;
  const { table, column: named } = column.target;
  return html`<a href="${base}${rowsAddress(table, named, value)}">${value}</a>`;
}

/** Rows of a table, one a line. */
export function list(
  base: string,
  table: StudioTable,
  rows: readonly Row[],
  where: { readonly column: string; readonly value: string } | undefined,
): Html {
  const shown = rows.slice(0, pageSize);
  const last = shown.at(-1);
  const older =
    rows.length > pageSize && last !== undefined
      ? html`<a href="${base}${table.name}?${query({ ...where, after: JSON.stringify(last.key) })}">older rows</a>`
      : undefined;
  return html`<form action="${base}${table.name}">
<select name="column" aria-label="column">${table.columns
    .filter(({ secret }) => !secret)
    .map(
      ({ name }) => html`<option${name === where?.column ? html` selected` : ''}>${name}</option>`,
    )}</select> is <input name="value" aria-label="value" value="${where?.value ?? ''}"> <button>Find</button>
${where === undefined ? '' : html`<a href="${base}${table.name}">all rows</a>`}</form>
${
  shown.length === 0
    ? html`<p>No rows.</p>`
    : html`<div class="rows"><table><thead><tr><th></th>${table.columns.map(({ name, type }) => html`<th>${name}<small>${type}</small></th>`)}</tr></thead>
<tbody>${shown.map(
        ({ cells, key }) =>
          html`<tr><td><a href="${base}${rowAddress(table.name, key)}" title="the whole row">⤢</a></td>${table.columns.map((column, index) => html`<td>${cell(base, column, cells[index] ?? null)}</td>`)}</tr>
`,
      )}</tbody></table></div><p>${older}</p>`
}`;
}

/** One row whole, and where it is referred to. */
export function detail(base: string, table: StudioTable, row: Row): Html {
  const valueIn = (column: string): Cell =>
    row.cells[table.columns.findIndex(({ name }) => name === column)] ?? null;
  const referring = table.referredBy.map(({ table: from, column, own }) => {
    const value = valueIn(own);
    return value === null
      ? undefined
      : html`<li><a href="${base}${rowsAddress(from, column, value)}">${from}.${column}</a></li>`;
  });
  return html`<table class="row"><tbody>${table.columns.map(
    (column, index) =>
      html`<tr><th>${column.name}<small>${column.type}</small></th><td><pre>${cell(base, column, row.cells[index] ?? null)}</pre></td></tr>
`,
  )}</tbody></table>${table.referredBy.length === 0 ? '' : html`<h3>Referred to by</h3><ul>${referring}</ul>`}`;
}

/** The look. The colours are those of the picture of the data model. */
export const stylesheet = `
:root { color-scheme: light dark; --line: light-dark(#e2e8f0, #334155); --quiet: #64748b; }
* { box-sizing: border-box; }
body { margin: 0; display: grid; grid-template-columns: 14rem minmax(0, 1fr); min-height: 100vh;
  font: 14px/1.45 system-ui, sans-serif; background: light-dark(#fff, #0f172a); color: light-dark(#0f172a, #e2e8f0); }
nav { padding: 1rem; border-right: 1px solid var(--line); background: light-dark(#f8fafc, #1e293b); }
nav a { display: block; padding: .1rem .5rem; border-radius: .3rem; color: inherit; text-decoration: none; }
nav a:hover, nav a[aria-current] { background: var(--line); }
nav .home { font-weight: 700; font-size: 1.1rem; }
nav h2 { margin: 1rem 0 .2rem; padding: 0 .5rem; font-size: .75rem; text-transform: uppercase; letter-spacing: .05em; }
main { padding: 1rem 1.5rem; }
h1 { font-size: 1.3rem; margin: 0 0 .8rem; }
a { color: light-dark(#0369a1, #7dd3fc); }
form { margin-bottom: 1rem; }
.rows { overflow-x: auto; border: 1px solid var(--line); border-radius: .4rem; }
table { border-collapse: collapse; font: 12px/1.4 ui-monospace, Menlo, Consolas, monospace; }
th { text-align: left; vertical-align: top; font-weight: 600; white-space: nowrap; }
th small { display: block; font-weight: 400; color: var(--quiet); }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
.rows td { max-width: 24rem; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
tbody tr:hover { background: light-dark(#f8fafc, #1e293b); }
pre { margin: 0; font: inherit; white-space: pre-wrap; overflow-wrap: anywhere; }
.null { color: var(--quiet); font-style: italic; }
${groupNames.map((group) => `.${group} { color: light-dark(${groups[group].colour}, color-mix(in srgb, ${groups[group].colour}, #fff 45%)); }`).join('\n')}
`;
