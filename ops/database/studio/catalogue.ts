import type { EntityProperty, MikroORM } from '@mikro-orm/postgresql';
import { type Group, groupOf } from '../erd/groups.ts';

/** A column as the studio shows it. */
export interface StudioColumn {
  readonly name: string;
  readonly type: string;
  /** Its value never leaves the database: a password's hash, a secret. */
  readonly secret: boolean;
  /** The table whose row it names, where it does so alone. */
  readonly target: { readonly table: string; readonly column: string } | undefined;
}

/** A table as the studio shows it. */
export interface StudioTable {
  readonly name: string;
  readonly group: Group;
  readonly columns: readonly StudioColumn[];
  readonly primaryKey: readonly StudioColumn[];
  /** Columns of other tables that name rows of this one. */
  readonly referredBy: readonly { readonly table: string; readonly column: string; readonly own: string }[];
}

/** What a person must not read over another's shoulder, even where an entity forgot to say `hidden()`. */
const secretName = /(^|_)(password|secret|hash)(_|$)/;

/** Every table that `orm` has an entity for, by name. Nothing else in the database can be asked for. */
export function catalogueOf(orm: MikroORM): Map<string, StudioTable> {
  const known = [...orm.getMetadata().getAll().values()].filter(
    (meta) => meta.tableName && !meta.embeddable && !meta.abstract && !meta.virtual,
  );
  const tables = new Map<string, Omit<StudioTable, 'referredBy'>>();
  for (const meta of known) {
    const columns = new Map<string, StudioColumn & { primary: boolean }>();
    for (const property of meta.props)
      if (property.persist !== false && property.kind !== 'embedded')
        property.fieldNames?.forEach((name, index) => {
          const before = columns.get(name);
          columns.set(name, {
            name,
            type: property.columnTypes[index] ?? property.columnTypes[0] ?? 'text',
            secret: property.hidden === true || secretName.test(name),
            target: targetOf(property, index) ?? before?.target,
            primary: property.primary === true || before?.primary === true,
          });
        });
    const all = [...columns.values()];
    tables.set(meta.tableName, {
      name: meta.tableName,
      group: groupOf(meta.className),
      columns: all,
      primaryKey: all.filter(({ primary }) => primary),
    });
  }
  const references = [...tables.values()].flatMap((table) =>
    table.columns.flatMap(({ name, target }) =>
      target === undefined ? [] : [{ table: table.name, column: name, target }],
    ),
  );
  return new Map(
    [...tables].map(([name, table]) => {
      const referredBy = references
        .filter(({ target }) => target.table === name)
        .map(({ table: from, column, target }) => ({ table: from, column, own: target.column }));
      return [name, { ...table, referredBy }];
    }),
  );
}

function targetOf(property: EntityProperty, index: number): StudioColumn['target'] {
  const owns = property.kind === 'm:1' || (property.kind === '1:1' && property.owner);
  const column = property.referencedColumnNames?.[index];
  if (!owns || property.targetMeta === undefined || column === undefined) return undefined;
  // In a composite key the tenant goes along; it is the rest that names the row.
  if (property.fieldNames.length > 1 && property.fieldNames[index] === 'tenant_id') return undefined;
  return { table: property.targetMeta.tableName, column };
}
