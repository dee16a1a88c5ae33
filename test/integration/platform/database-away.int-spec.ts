import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase, UnitOfWork } from '#platform/database';
import { HealthModule } from '#platform/health';
import type { DataSource } from 'typeorm';
import { AuthApp } from '../auth/auth-app.js';
import { CutOffProxy } from './cut-off.proxy.js';

/** What callers see while the database is away, hangs or is too busy: 503 with a time to come back, and nothing else. */
describe('a server whose database does not answer', () => {
  let plain: AuthApp;
  let app: AuthApp;
  let proxy: CutOffProxy;
  let dataSource: DataSource;
  let user: Awaited<ReturnType<AuthApp['signedIn']>>;
  const POOL = 3;

  beforeAll(async () => {
    plain = await AuthApp.start();
    proxy = await CutOffProxy.before(plain.database.url);
    dataSource = await openDatabase({ url: proxy.url, login: plain.database.login, pool: POOL });
    app = await AuthApp.start({}, { beside: plain, imports: [HealthModule], unitOfWork: new UnitOfWork(dataSource) });
    user = await plain.signedIn('end_user');
  }, 60_000);
  afterAll(async () => {
    await app.app.close();
    await dataSource.destroy();
    await proxy.close();
    await plain.stop();
  });

  const timed = async (path: string, call: Parameters<AuthApp['call']>[1] = {}) => {
    const since = performance.now();
    const answer = await app.call(path, call);
    return { ...answer, ms: performance.now() - since };
  };
  const unavailable = { status: 503, code: 'UNAVAILABLE', retryable: true };

  it('says 503 to everybody, whoever they are, and is well again by itself', async () => {
    expect((await app.call('/api/auth/me', { token: user.token })).status).toBe(200);
    proxy.refuse();
    const asked = await Promise.all([
      timed('/api/auth/me', { token: user.token }),
      timed('/api/auth/login', { body: { tenant: user.slug, email: user.email, password: 'whatever' } }),
      timed('/api/auth/refresh', { body: { refresh_token: user.refresh } }),
      timed('/api/auth/me', { token: `sk_${user.tenantId}_${'a'.repeat(43)}` }),
    ]);
    for (const { body, headers, ms } of asked) {
      expect(body).toMatchObject(unavailable);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(ms).toBeLessThan(2000);
    }
    expect((await timed('/health/live')).status).toBe(200);
    expect((await timed('/health/ready')).status).toBe(503);
    proxy.heal();
    expect((await app.call('/api/auth/me', { token: user.token })).status).toBe(200);
    expect((await timed('/health/ready')).status).toBe(200);
  });

  it('keeps its word while the pool is saturated by locks: 503 in 5 s, liveness in 200 ms', async () => {
    const lock = plain.database.uow.run(
      user,
      async (tx) => {
        await tx.query('SELECT 1 FROM app.tenant WHERE id = $1 FOR UPDATE', [user.tenantId]);
        await sleep(6000);
      },
      { deadlineMs: 20_000 },
    );
    await sleep(200);
    const work = new UnitOfWork(dataSource);
    const stuck = Array.from({ length: POOL }, () =>
      work.query(user, 'SELECT 1 FROM app.tenant WHERE id = $1 FOR UPDATE', [user.tenantId]),
    );
    await sleep(200);
    const asked = timed('/api/auth/me', { token: user.token });
    expect(await timed('/health/ready')).toMatchObject({ status: 503 });
    const live = await timed('/health/live');
    expect(live.status).toBe(200);
    expect(live.ms).toBeLessThan(200);
    const answer = await asked;
    expect(answer.body).toMatchObject(unavailable);
    expect(answer.headers.get('retry-after')).not.toBeNull();
    expect(answer.ms).toBeLessThan(5000);
    await Promise.all([lock, ...stuck]);
    expect((await app.call('/api/auth/me', { token: user.token })).status).toBe(200);
    expect((await timed('/health/ready')).status).toBe(200);
  }, 30_000);
});
