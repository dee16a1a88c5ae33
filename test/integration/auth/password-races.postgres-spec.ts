import { setTimeout as sleep } from 'node:timers/promises';
import { AuthApp, PASSWORD } from './auth-app.js';

/** Transactions side by side, which the embedded database does not have. */
describe('a password that is being changed', () => {
  let app: AuthApp;
  beforeAll(async () => {
    app = await AuthApp.start();
  });
  afterAll(() => app.stop());

  it('lets nobody in by the old one who was checked before the change is through', async () => {
    const user = await app.signedIn('end_user');
    const waiting = async () => {
      const query = 'SELECT 1 FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()';
      while ((await app.database.uow.query(user, query)).length === 0) await sleep(20);
    };
    const body = { tenant: user.slug, email: user.email, password: PASSWORD };
    const signIn = await app.database.uow.run(user, async (tx) => {
      const mine = [tx.tenantId, user.id];
      await tx.execute(`UPDATE app.principal SET password_hash = 'another' WHERE tenant_id = $1 AND id = $2`, mine);
      await tx.execute('UPDATE app.session SET revoked_at = now() WHERE tenant_id = $1 AND principal_id = $2', mine);
      const answer = app.call('/api/auth/login', { body });
      await Promise.race([answer, waiting()]);
      // Not the answer itself: it comes after the commit.
      return { answer };
    });
    expect((await signIn.answer).status).toBe(401);
  });
});
