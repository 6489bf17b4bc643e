import elk, { type ElkExtendedEdge, type ElkNode } from 'elkjs';
import { type Group, groupNames, groups as groupTable } from './groups.ts';
import type { ErdModel, ErdRelation, ErdTable } from './model.ts';

/** Pixels. The font is monospaced, so a text's width is known without measuring it. */
export const metrics = {
  fontSize: 12,
  characterWidth: 7.2,
  rowHeight: 19,
  headerHeight: 30,
  /** Left of a column's name, where its key is marked. */
  keyWidth: 30,
  padding: 10,
} as const;

/** A rectangle of the picture, in its coordinates. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Where everything goes. */
export interface ErdLayout {
  readonly width: number;
  readonly height: number;
  readonly groups: readonly (Box & { readonly group: Group })[];
  readonly tables: readonly (Box & { readonly table: ErdTable })[];
  readonly lines: readonly { readonly relation: ErdRelation; readonly points: readonly Point[] }[];
}

/** A point of the picture. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** Nearly every table belongs to a tenant: those lines would hide all others, so they are not drawn. */
export const drawn = (relation: ErdRelation): boolean => relation.target !== 'tenant';

function sizeOf(table: ErdTable): { width: number; height: number } {
  const { characterWidth, keyWidth, padding, headerHeight, rowHeight, fontSize } = metrics;
  const rows = table.columns.map((column) => column.name.length + 2 + column.type.length + 1);
  const widest = Math.max(...rows) * characterWidth + keyWidth + padding;
  const header = table.name.length * characterWidth * (14 / fontSize) + 4 * padding;
  return {
    width: Math.ceil(Math.max(widest, header, 150)),
    height: headerHeight + table.columns.length * rowHeight + 6,
  };
}

/** The middle of a column's row, from the table's top. */
export function rowMiddle(table: ErdTable, column: string): number {
  const index = table.columns.findIndex(({ name }) => name === column);
  return metrics.headerHeight + (Math.max(index, 0) + 0.5) * metrics.rowHeight;
}

function nodeOf(table: ErdTable, model: ErdModel): ElkNode {
  const size = sizeOf(table);
  const relations = model.relations.filter(drawn);
  const own = relations.filter((relation) => relation.table === table.name);
  // Two keys that share a column share its port.
  const ports = [...new Set(own.map(({ column }) => column))].map((column) => ({
    id: `${table.name}.${column}`,
    x: 0,
    y: rowMiddle(table, column),
    layoutOptions: { 'elk.port.side': 'WEST' },
  }));
  const referenced = relations.some((relation) => relation.target === table.name);
  return {
    id: table.name,
    ...size,
    ports: [
      ...ports,
      ...(referenced
        ? [
            {
              id: `${table.name}:key`,
              x: size.width,
              y: rowMiddle(table, 'id'),
              layoutOptions: { 'elk.port.side': 'EAST' },
            },
          ]
        : []),
    ],
    layoutOptions: { 'elk.portConstraints': 'FIXED_POS' },
  };
}

const spacing = {
  'elk.layered.spacing.nodeNodeBetweenLayers': '56',
  'elk.layered.spacing.edgeNodeBetweenLayers': '24',
  'elk.layered.spacing.edgeEdgeBetweenLayers': '9',
  'elk.spacing.nodeNode': '24',
  'elk.spacing.edgeNode': '16',
  'elk.spacing.edgeEdge': '9',
  'elk.layered.nodePlacement.strategy': 'NETWORK_SIMPLEX',
};

const options = {
  ...spacing,
  'elk.algorithm': 'layered',
  'elk.direction': 'RIGHT',
  'elk.hierarchyHandling': 'INCLUDE_CHILDREN',
  'elk.edgeRouting': 'ORTHOGONAL',
  'elk.randomSeed': '1',
  'elk.partitioning.activate': 'true',
  'elk.padding': '[top=24,left=24,bottom=24,right=24]',
};

/** Lays `model` out, the tables of a group within one frame. Two runs give the same. */
export async function layOut(model: ErdModel): Promise<ErdLayout> {
  const edges: ElkExtendedEdge[] = model.relations.filter(drawn).map((relation, index) => ({
    id: String(index),
    sources: [`${relation.target}:key`],
    targets: [`${relation.table}.${relation.column}`],
  }));
  const present = groupNames.filter((group) => model.tables.some((table) => table.group === group));
  const graph: ElkNode = {
    id: 'root',
    layoutOptions: options,
    children: present.map((group) => ({
      id: `group:${group}`,
      layoutOptions: {
        ...spacing,
        'elk.padding': '[top=52,left=22,bottom=22,right=22]',
        'elk.partitioning.partition': String(groupTable[group].column),
      },
      children: model.tables.filter((table) => table.group === group).map((table) => nodeOf(table, model)),
    })),
    edges,
  };
  const placed = await new elk.default().layout(graph, { layoutOptions: { 'elk.json.edgeCoords': 'ROOT' } });
  const groups: (Box & { group: Group })[] = [];
  const tables: (Box & { table: ErdTable })[] = [];
  for (const [index, frame] of (placed.children ?? []).entries()) {
    const box = boxOf(frame);
    const group = present[index];
    if (group !== undefined) groups.push({ ...box, group });
    for (const child of frame.children ?? []) {
      const table = model.tables.find(({ name }) => name === child.id);
      const inner = boxOf(child);
      if (table !== undefined) tables.push({ ...inner, x: inner.x + box.x, y: inner.y + box.y, table });
    }
  }
  const relations = model.relations.filter(drawn);
  const lines = (placed.edges ?? []).flatMap((edge) => {
    const relation = relations[Number(edge.id)];
    const section = edge.sections?.[0];
    if (relation === undefined || section === undefined) return [];
    return [{ relation, points: [section.startPoint, ...(section.bendPoints ?? []), section.endPoint] }];
  });
  return { width: placed.width ?? 0, height: placed.height ?? 0, groups, tables, lines };
}

function boxOf(node: ElkNode): Box {
  return { x: node.x ?? 0, y: node.y ?? 0, width: node.width ?? 0, height: node.height ?? 0 };
}
