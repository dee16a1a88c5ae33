import { installationOf } from '#platform/database';
import { Client } from 'pg';
import { TestDatabase } from '../../support/test-database.js';

describe('the name of an installation', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await TestDatabase.start();
  }, 60_000);
  afterAll(() => database.stop());

  it('is the same for everybody on one database, and short', async () => {
    const name = await installationOf(database.uow);
    expect(name).toMatch(/^[\da-f]{16}$/);
    expect(await installationOf(database.uow)).toBe(name);
  });

  it('is made from what is left where the cluster may not be asked', async () => {
    const name = await installationOf(database.uow);
    const owner = new Client({ connectionString: database.ownerUrl });
    await owner.connect();
    await owner.query('REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC');
    try {
      const lesser = await installationOf(database.uow);
      expect(lesser).toMatch(/^[\da-f]{16}$/);
      expect(lesser).not.toBe(name);
      expect(await installationOf(database.uow)).toBe(lesser);
    } finally {
      await owner.query('GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC');
      await owner.end();
    }
  });

  it('differs between databases of one server', async () => {
    if ((process.env['DATABASE_URL'] ?? '') === '') return;
    const other = await TestDatabase.start({ pool: 1 });
    expect(await installationOf(other.uow)).not.toBe(await installationOf(database.uow));
    await other.stop();
  });
});
