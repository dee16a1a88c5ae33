import { AuthApp, PASSWORD } from './auth-app.js';
import { expectAlike } from './timing.js';

/** Who may not sign in does not learn by a clock who could. */
describe('the time that a refused sign-in takes', () => {
  let app: AuthApp;
  let number = 0;
  beforeAll(async () => {
    app = await AuthApp.start({ REQUESTS_PER_MINUTE: '0', TRUST_PROXY: '1' });
  });
  afterAll(() => app.stop());

  const login = async (address: string, body: { tenant: string; email: string; password: string }) =>
    (await app.call('/api/auth/login', { body, headers: { 'x-forwarded-for': address } })).status;
  const elsewhere = () => `10.7.${++number >> 8}.${number & 255}`;

  it('is the same for a wrong password and for an unknown address', async () => {
    const { slug: tenant, email } = await app.signedIn('end_user');
    const wrong = (who: string) => async () =>
      expect(await login(elsewhere(), { tenant, email: who, password: 'wrong' })).toBe(401);
    await wrong('ghost@example.test')();
    await expectAlike(60, [wrong(email), wrong('ghost@example.test')]);
  }, 60_000);

  it('is the same beyond the limit, also where the owner signed in lately', async () => {
    const { tenantId, slug: tenant } = await app.database.tenant();
    const { email } = await app.person(tenantId, 'end_user');
    const address = elsewhere();
    expect(await login(address, { tenant, email, password: PASSWORD })).toBe(200);
    const wrong = (who: string, status: number) => async () =>
      expect(await login(address, { tenant, email: who, password: 'wrong' })).toBe(status);
    for (let i = 0; i < 10; i++) for (const who of [email, 'ghost@example.test']) await wrong(who, 401)();
    await expectAlike(30, [wrong(email, 429), wrong('ghost@example.test', 429)]);
  }, 60_000);
});
