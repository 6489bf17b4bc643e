import { createHash } from 'node:crypto';
import type { EntityMetadata, EntityProperty, MikroORM } from '@mikro-orm/postgresql';
import { type Group, groupOf } from './groups.ts';

/** One column of a table. */
export interface ErdColumn {
  readonly name: string;
  /** PostgreSQL's name of its type. */
  readonly type: string;
  readonly nullable: boolean;
  readonly key: 'primary' | 'foreign' | 'unique' | undefined;
}

/** One table. */
export interface ErdTable {
  readonly name: string;
  readonly entity: string;
  readonly group: Group;
  readonly columns: readonly ErdColumn[];
}

/** A foreign key. */
export interface ErdRelation {
  readonly table: string;
  /** Of several columns the first that is not the tenant's. */
  readonly column: string;
  readonly target: string;
  /** The row may point nowhere. */
  readonly optional: boolean;
  /** At most one row points to one of the target. */
  readonly single: boolean;
}

/** What the picture shows. */
export interface ErdModel {
  readonly tables: readonly ErdTable[];
  readonly relations: readonly ErdRelation[];
}

/** Reads tables, columns and foreign keys out of the metadata of `orm`, which need not be connected. */
export function readModel(orm: MikroORM): ErdModel {
  const tables: ErdTable[] = [];
  const relations: ErdRelation[] = [];
  const known = [...orm.getMetadata().getAll().values()]
    .filter((meta) => meta.tableName && !meta.embeddable && !meta.abstract && !meta.virtual)
    .sort((a, b) => (a.tableName < b.tableName ? -1 : 1));
  for (const meta of known) {
    const columns = new Map<string, ErdColumn>();
    for (const property of meta.props.filter(isStored)) {
      property.fieldNames.forEach((name, index) => {
        const column = columnOf(meta, property, name, index);
        // A composite foreign key may share a column with another: what says most about it is shown.
        const before = columns.get(name);
        if (before?.key === undefined || column.key === 'primary') columns.set(name, column);
      });
      if (property.targetMeta !== undefined && isReference(property))
        relations.push({
          table: meta.tableName,
          column: property.fieldNames.find((name) => name !== 'tenant_id') ?? 'tenant_id',
          target: property.targetMeta.tableName,
          optional: property.nullable === true,
          single: isUnique(meta, property),
        });
    }
    tables.push({
      name: meta.tableName,
      entity: meta.className,
      group: groupOf(meta.className),
      columns: [...columns.values()],
    });
  }
  return { tables, relations };
}

function isStored(property: EntityProperty): boolean {
  return property.persist !== false && property.kind !== 'embedded' && property.fieldNames?.length > 0;
}

function isReference(property: EntityProperty): boolean {
  return property.kind === 'm:1' || (property.kind === '1:1' && property.owner);
}

function isUnique(meta: EntityMetadata, property: EntityProperty): boolean {
  const alone = (properties: unknown): boolean =>
    [properties].flat().length === 1 && [properties].flat()[0] === property.name;
  return (
    property.unique === true ||
    property.kind === '1:1' ||
    alone(meta.primaryKeys) ||
    // A partial index promises nothing of the other rows.
    meta.uniques.some((unique) => unique.where === undefined && alone(unique.properties))
  );
}

function columnOf(meta: EntityMetadata, property: EntityProperty, name: string, index: number): ErdColumn {
  let key: ErdColumn['key'];
  if (property.primary === true) key = 'primary';
  else if (isReference(property)) key = 'foreign';
  else if (isUnique(meta, property)) key = 'unique';
  const type = property.columnTypes[index] ?? property.columnTypes[0] ?? '';
  return { name, type, nullable: property.nullable === true, key };
}

/** Changes with everything the picture shows, and with nothing else. */
export function fingerprint(model: ErdModel): string {
  return createHash('sha256').update(JSON.stringify(model)).digest('hex').slice(0, 16);
}
