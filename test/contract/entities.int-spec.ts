import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#platform/paths';
import { Client } from 'pg';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { TestDatabase } from '../support/test-database.js';

interface CatalogColumn {
  readonly table: string;
  readonly column: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly has_default: boolean;
  readonly key: boolean;
}

/** Of `format_type`; an entity says `uuid` + `array`. */
const typeOf = (column: ColumnMetadata) => {
  const name = { timestamptz: 'timestamp with time zone', int: 'integer' }[String(column.type)] ?? String(column.type);
  return column.isArray ? `${name}[]` : name;
};

describe('entities', () => {
  let db: TestDatabase;
  let catalog: CatalogColumn[];

  beforeAll(async () => {
    // Each entity of the sources, so that none escapes by not being loaded.
    for (const file of readdirSync(join(projectRoot, 'src'), { recursive: true, encoding: 'utf8' }))
      if (file.endsWith('.entity.ts')) await import(join(projectRoot, 'src', file));
    db = await TestDatabase.start({ pool: 1 });
    const owner = new Client({ connectionString: db.ownerUrl });
    await owner.connect();
    const { rows } = await owner.query<CatalogColumn>(`
      SELECT n.nspname || '.' || c.relname AS table, a.attname AS column, format_type(a.atttypid, NULL) AS type,
             NOT a.attnotnull AS nullable, a.atthasdef AS has_default,
             a.attnum = ANY (COALESCE(i.indkey::int2[], '{}')) AS key
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
      WHERE n.nspname = 'app' AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped`);
    await owner.end();
    catalog = rows;
  });
  afterAll(() => db.stop());

  const judged = () => db.dataSource.entityMetadatas.map((entity) => ({ entity, table: `app.${entity.tableName}` }));

  it('are there to be judged', () => {
    expect(judged().length).toBeGreaterThan(0);
  });

  it('have the columns of their tables, with their types, and no others', () => {
    for (const { entity, table } of judged()) {
      const said = entity.columns.map((column) => [
        column.databaseName,
        typeOf(column),
        column.isNullable,
        column.isPrimary,
      ]);
      const stored = catalog
        .filter((row) => row.table === table)
        .map((row) => [row.column, row.type, row.nullable, row.key]);
      expect({ table, columns: said.sort() }).toEqual({ table, columns: stored.sort() });
    }
  });

  it('belong to a tenant, which leads their key', () => {
    for (const { entity, table } of judged())
      if (table !== 'app.tenant') expect([table, entity.primaryColumns[0]?.databaseName]).toEqual([table, 'tenant_id']);
  });

  it('say of a column that the database fills it in only where it does', () => {
    for (const { entity, table } of judged())
      for (const column of entity.columns) {
        const filled = column.isCreateDate || column.isUpdateDate || column.default !== undefined;
        const stored = catalog.find((row) => row.table === table && row.column === column.databaseName);
        if (filled)
          expect([table, column.databaseName, stored?.has_default]).toEqual([table, column.databaseName, true]);
      }
  });
});
