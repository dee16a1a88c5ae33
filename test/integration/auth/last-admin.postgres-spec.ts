import { AuthApp } from './auth-app.js';

/** On a real Postgres, where two transactions really run side by side: the embedded one has a single session. */
describe('two admins of a tenant who remove each other at once', () => {
  let app: AuthApp;
  beforeAll(async () => {
    app = await AuthApp.start();
  }, 60_000);
  afterAll(() => app.stop());

  it.each(['disable', 'demote', 'delete'])(
    '%s: one of them stays, each time',
    async (how) => {
      const call =
        how === 'delete'
          ? { method: 'DELETE' }
          : { method: 'PATCH', body: how === 'demote' ? { role: 'end_user' } : { disabled: true } };
      for (let round = 0; round < 5; round++) {
        const one = await app.signedIn('tenant_admin');
        const other = await app.signedIn('tenant_admin', one);
        const remove = (by: typeof one, id: string) => app.call(`/api/admin/users/${id}`, { token: by.token, ...call });
        await Promise.all([remove(one, other.id), remove(other, one.id)]);
        const left = await app.database.uow.query(
          one,
          `SELECT id FROM app.principal WHERE tenant_id = $1 AND role = 'tenant_admin' AND disabled_at IS NULL`,
          [one.tenantId],
        );
        expect(left).toHaveLength(1);
      }
    },
    60_000,
  );
});
