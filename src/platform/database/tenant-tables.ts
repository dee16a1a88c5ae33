import type { TenantTx } from './unit-of-work.js';

export interface TableColumn {
  readonly name: string;
  /** As SQL writes it: `timestamp with time zone`. */
  readonly type: string;
}

/** A table of the schema whose rows belong to tenants. */
export interface TenantTable {
  readonly name: string;
  readonly columns: readonly TableColumn[];
  /** The primary key without the tenant. */
  readonly key: readonly TableColumn[];
  /** Rows of other tables with which its own go (ON DELETE CASCADE), the tenant's columns left out. */
  readonly cascades: readonly {
    readonly table: string;
    readonly columns: readonly string[];
    readonly parent: readonly string[];
  }[];
  /** Tables of tenants that it refers to. */
  readonly parents: readonly string[];
  /** Whether the working role may delete its rows. */
  readonly deletable: boolean;
}

const TABLES = `
SELECT c.relname AS name,
  (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, NULL)) ORDER BY a.attnum)
     FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
  (SELECT coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, NULL)) ORDER BY k.place), '[]')
     FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(number, place)
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.number WHERE a.attname <> 'tenant_id'
      AND k.place <= i.indnkeyatts) AS key,
  ARRAY(SELECT DISTINCT r.relname::text FROM pg_constraint f JOIN pg_class r ON r.oid = f.confrelid
         WHERE f.conrelid = c.oid AND f.contype = 'f' AND r.oid <> c.oid AND r.relname <> 'tenant') AS parents,
  (SELECT coalesce(json_agg(json_build_object('table', r.relname,
       'columns', (SELECT json_agg(a.attname ORDER BY k.place) FROM unnest(f.conkey) WITH ORDINALITY AS k(number, place)
                     JOIN pg_attribute a ON a.attrelid = f.conrelid AND a.attnum = k.number WHERE a.attname <> 'tenant_id'),
       'parent', (SELECT json_agg(a.attname ORDER BY k.place) FROM unnest(f.confkey) WITH ORDINALITY AS k(number, place)
                    JOIN pg_attribute a ON a.attrelid = f.confrelid AND a.attnum = k.number WHERE a.attname <> 'tenant_id'))), '[]')
     FROM pg_constraint f JOIN pg_class r ON r.oid = f.confrelid
    WHERE f.conrelid = c.oid AND f.contype = 'f' AND f.confdeltype = 'c' AND r.oid <> c.oid AND r.relname <> 'tenant') AS cascades,
  has_table_privilege(c.oid, 'DELETE') AS deletable
FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
WHERE n.nspname = 'app' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND EXISTS (
  SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped)
ORDER BY c.relname`;

/** Every table with rows of tenants, as the catalog says: one that is added is there without being named anywhere. */
export function tenantTables(tx: TenantTx): Promise<TenantTable[]> {
  return tx.query<TenantTable>(TABLES);
}

/** Those that refer to others before the others: rows can be deleted in this order. */
export function childrenFirst(tables: readonly TenantTable[]): TenantTable[] {
  const left = [...tables];
  const sorted: TenantTable[] = [];
  while (left.length > 0) {
    const free = left.findIndex(
      (table) => !left.some((other) => other !== table && other.parents.includes(table.name)),
    );
    // Two that refer to each other: either may come first, since the constraints are judged by the statement.
    sorted.push(...left.splice(Math.max(free, 0), 1));
  }
  return sorted;
}

/** @param after the key of the last row of the page before; rows as JSON, without bytes, vectors, secrets and their digests */
export async function pageOf(
  tx: TenantTx,
  table: TenantTable,
  { after, limit, of }: { readonly after: readonly unknown[] | null; readonly limit: number; readonly of?: Belonging },
): Promise<{ readonly row: Record<string, unknown>; readonly key: readonly unknown[] }[]> {
  const shown = table.columns
    .filter(({ name, type }) => !UNREADABLE.test(type) && !SECRET.test(name))
    .map(({ name }) => quoted(name));
  const names = table.key.map(({ name }) => quoted(name));
  const from = table.key.map(({ type }, index) => `($2::jsonb ->> ${index})::${type}`);
  // Every parameter is named, also where a tenant has one row at most.
  const further = names.length === 0 ? 'false' : `(${names.join(', ')}) > (${from.join(', ')})`;
  const place = `($2::jsonb IS NULL OR ${further})`;
  const key = names.length === 0 ? `'[]'::jsonb` : `jsonb_build_array(${names.join(', ')})`;
  const order = names.length === 0 ? '' : `ORDER BY ${names.join(', ')}`;
  // A column may have any name but ours: `page` is one of `chunk`.
  return tx.query(
    `SELECT to_jsonb(__page) - '__key' AS row, __page.__key AS key FROM (
       SELECT ${shown.join(', ')}, ${key} AS __key FROM app.${quoted(table.name)}
        WHERE tenant_id = $1 AND ${place}${of === undefined ? '' : ` AND (${of.condition})`} ${order} LIMIT $3) __page`,
    [tx.tenantId, after === null ? null : JSON.stringify(after), limit, ...(of === undefined ? [] : [of.id])],
  );
}

/** Rows of one table that belong to somebody. */
export interface Belonging {
  readonly table: TenantTable;
  /** SQL with `$4` for the id. */
  readonly condition: string;
  readonly id: string;
}

/** Columns that name a person without a foreign key: the books and the record outlive people. */
const NAMES_A_PERSON = new Set(['principal_id', 'actor_id', 'accepted_by']);

/** What belongs to a person: the row itself, whatever would go with it, and what names the person otherwise. */
export function belongingTo(tables: readonly TenantTable[], id: string): Belonging[] {
  const found = new Map<string, string>([['principal', 'id = $4']]);
  for (let before = 0; before < found.size;) {
    before = found.size;
    for (const table of tables.filter(({ name }) => !found.has(name))) {
      const ways = table.cascades.flatMap(({ columns, parent, table: of }) => {
        const condition = found.get(of);
        if (condition === undefined || columns.length === 0) return [];
        if (of === 'principal') return [`${quoted(columns[0] ?? '')} = $4`];
        return [
          `(${columns.map(quoted).join(', ')}) IN (SELECT ${parent.map(quoted).join(', ')} FROM app.${quoted(of)}
             WHERE tenant_id = $1 AND (${condition}))`,
        ];
      });
      if (ways.length > 0) found.set(table.name, ways.join(' OR '));
    }
  }
  for (const { columns, name } of tables) {
    const named = columns.find((column) => NAMES_A_PERSON.has(column.name));
    if (named !== undefined && !found.has(name)) found.set(name, `${quoted(named.name)} = $4`);
  }
  return tables.flatMap((table) => {
    const condition = found.get(table.name);
    return condition === undefined ? [] : [{ table, condition, id }];
  });
}

export async function countOf(tx: TenantTx, { condition, id, table }: Belonging): Promise<number> {
  const row = await tx.one<{ rows: number }>(
    `SELECT count(*)::int AS rows FROM app.${quoted(table.name)}
      WHERE tenant_id = $1 AND (${condition}) AND $2::text IS NULL AND $3::text IS NULL`,
    [tx.tenantId, null, null, id],
  );
  return row?.rows ?? 0;
}

/** Deletes up to `limit` rows. @returns how many; fewer than `limit` when none are left */
export function deleteSome(tx: TenantTx, table: Pick<TenantTable, 'name'>, limit: number): Promise<number> {
  const name = `app.${quoted(table.name)}`;
  return tx.execute(
    `DELETE FROM ${name} WHERE tenant_id = $1 AND ctid = ANY (ARRAY(SELECT ctid FROM ${name} WHERE tenant_id = $1 LIMIT $2))`,
    [tx.tenantId, limit],
  );
}

/** Secrets, digests of them and of passwords, whatever their type. */
const SECRET = /(^|_)(hash|sealed|secret|password)(_|$)/;

/** Bytes are hashes, sealed secrets and files; vectors follow from the texts. */
const UNREADABLE = /^(bytea|vector|halfvec)/;

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
