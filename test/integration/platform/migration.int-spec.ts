import { LOGIN_ROLES, loginFaults } from '#platform/database';
import { migrate } from '#platform/migration';
import { Client } from 'pg';
import { TestDatabase, type TestAddress } from '../../support/test-database.js';

/** What `migrate` mends, and what it leaves to the owner. */
describe('bringing a database up to date', () => {
  let address: TestAddress;
  let owner: Client;
  beforeAll(async () => {
    address = await TestDatabase.create();
    owner = new Client({ connectionString: address.ownerUrl });
    await owner.connect();
  }, 60_000);
  afterAll(async () => {
    await owner?.end();
    await address?.dispose();
  });

  it('changes nothing the second time', async () => {
    expect(await migrate({ ownerUrl: address.ownerUrl })).toEqual({ migrations: [], madeLogin: null });
  });

  it("gives the job queue's role back what it uses, and takes from everybody what nobody needs", async () => {
    await owner.query('REVOKE ALL ON pgboss.job_common, pgboss.queue FROM switchboard_queue');
    await owner.query('GRANT EXECUTE ON FUNCTION pgboss.create_queue TO PUBLIC');
    await migrate({ ownerUrl: address.ownerUrl });
    const { rows } = await owner.query(
      `SELECT has_table_privilege('switchboard_queue', 'pgboss.job_common', 'INSERT') AS adds,
              has_table_privilege('switchboard_queue', 'pgboss.queue', 'SELECT') AS reads,
              has_function_privilege('switchboard_app', 'pgboss.create_queue(text, jsonb)', 'EXECUTE') AS everybody`,
    );
    expect(rows).toEqual([{ adds: true, reads: true, everybody: false }]);
  });

  // A role belongs to the whole cluster, and that of a real Postgres to the other tests as well.
  (onSharedCluster() ? it.skip : it)(
    'refuses working roles that somebody gave powers to, and a login with them',
    async () => {
      await owner.query('ALTER ROLE switchboard_queue BYPASSRLS');
      await expect(migrate({ ownerUrl: address.ownerUrl })).rejects.toThrow(/switchboard_queue has been given/);
      await owner.query(`CREATE ROLE servant LOGIN NOINHERIT; GRANT ${LOGIN_ROLES.join(', ')} TO servant`);
      expect((await loginFaults(owner, 'servant'))?.message).toContain('switchboard_queue, which has powers now');
      await owner.query('ALTER ROLE switchboard_queue NOBYPASSRLS');
      expect(await loginFaults(owner, 'servant')).toBeNull();
    },
  );

  it('refuses an address whose user is the owner, or nobody', async () => {
    const { ownerUrl } = address;
    await expect(migrate({ ownerUrl, loginUrl: ownerUrl })).rejects.toThrow(/is the owner that migrates/);
    const nobody = new URL(ownerUrl);
    nobody.username = '';
    nobody.password = '';
    await expect(migrate({ ownerUrl, loginUrl: nobody.href })).rejects.toThrow(/is not named in DATABASE_URL/);
  });
});

function onSharedCluster(): boolean {
  return (process.env['DATABASE_URL'] ?? '') !== '';
}
