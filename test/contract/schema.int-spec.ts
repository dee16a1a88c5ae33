import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#platform/paths';
import { Client } from 'pg';
import { TestDatabase } from '../support/test-database.js';
import { dumpCatalog } from './catalog-dump.js';

const FILE = join(projectRoot, 'test/contract/schema.sql');

describe('the schema of an empty, migrated database', () => {
  it('is what test/contract/schema.sql says (after a migration: npm run contract, and read the difference)', async () => {
    const database = await TestDatabase.create();
    const owner = new Client({ connectionString: database.ownerUrl });
    try {
      await owner.connect();
      const dump = await dumpCatalog(owner);
      if (process.env['WRITE_CONTRACT'] === 'true') writeFileSync(FILE, dump);
      expect(dump.split('\n')).toEqual((existsSync(FILE) ? readFileSync(FILE, 'utf8') : '').split('\n'));
    } finally {
      await owner.end();
      await database.dispose();
    }
  });
});
