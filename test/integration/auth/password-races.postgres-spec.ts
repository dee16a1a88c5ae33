import { setTimeout as sleep } from 'node:timers/promises';
import { AuthApp, PASSWORD } from './auth-app.js';

/** Transactions side by side, which the embedded database does not have. */
describe('a password that is being changed', () => {
  let app: AuthApp;
  beforeAll(async () => {
    app = await AuthApp.start();
  });
  afterAll(() => app.stop());

  /** Until so many wait for a lock. */
  const waiting = async (scope: { tenantId: string }, count: number) => {
    const query = 'SELECT 1 FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()';
    while ((await app.database.uow.query(scope, query)).length < count) await sleep(20);
  };

  it('lets nobody in by the old one who was checked before the change is through', async () => {
    const user = await app.signedIn('end_user');
    const body = { tenant: user.slug, email: user.email, password: PASSWORD };
    const { answer } = await app.database.uow.run(user, async (tx) => {
      const mine = [tx.tenantId, user.id];
      await tx.execute(`UPDATE app.principal SET password_hash = 'another' WHERE tenant_id = $1 AND id = $2`, mine);
      await tx.execute('UPDATE app.session SET revoked_at = now() WHERE tenant_id = $1 AND principal_id = $2', mine);
      const signIn = app.call('/api/auth/login', { body });
      await Promise.race([signIn, waiting(user, 1)]);
      // Not the answer itself: it comes after the commit.
      return { answer: signIn };
    });
    expect((await answer).status).toBe(401);
  });

  it('is set by one of two who have the same link, also where both have looked at it', async () => {
    const admin = await app.signedIn('tenant_admin');
    const user = await app.signedIn('end_user', admin);
    const path = `/api/admin/users/${user.id}/reset-password`;
    const { text } = await app.call(path, { method: 'POST', token: admin.token });
    const token = /token=([\w-]+)/.exec(text)?.[1];
    const reset = (password: string) => app.call('/api/auth/password/reset', { body: { token, password } });
    const { both } = await app.database.uow.run(user, async (tx) => {
      const link = 'SELECT 1 FROM app.recovery WHERE tenant_id = $1 AND principal_id = $2 FOR UPDATE';
      await tx.execute(link, [tx.tenantId, user.id]);
      const answers = Promise.all([reset('password number one'), reset('password number two')]);
      await Promise.race([answers, waiting(user, 2)]);
      return { both: answers };
    });
    expect((await both).map(({ status }) => status).sort()).toEqual([204, 422]);
  });
});
