import { AuthApp, PASSWORD } from './auth-app.js';

interface Account {
  readonly tenant: string;
  readonly email: string;
}

/** Who may not sign in does not learn by a clock who could. */
describe('the time that a refused sign-in takes', () => {
  let app: AuthApp;
  let number = 0;
  beforeAll(async () => {
    app = await AuthApp.start({ REQUESTS_PER_MINUTE: '0', TRUST_PROXY: '1' });
  });
  afterAll(() => app.stop());

  const login = (account: Account, address: string, password: string) =>
    app.call('/api/auth/login', { body: { ...account, password }, headers: { 'x-forwarded-for': address } });
  const elsewhere = () => `10.7.${++number >> 8}.${number & 255}`;
  const timed = async (account: Account, { address, status }: { address: string; status: number }) => {
    const startedAt = performance.now();
    const answer = await login(account, address, 'wrong');
    expect(answer.status).toBe(status);
    return performance.now() - startedAt;
  };

  /** Both in turn, so that what else the machine does falls on both. */
  const expectAlike = async (
    [known, unknown]: [Account, Account],
    { address, status, times }: { address: () => string; status: number; times: number },
  ) => {
    const [differences, whole]: [number[], number[]] = [[], []];
    for (let i = 0; i < times; i++) {
      const knownFirst = i % 2 === 0;
      const one = await timed(knownFirst ? known : unknown, { address: address(), status });
      const other = await timed(knownFirst ? unknown : known, { address: address(), status });
      differences.push(knownFirst ? one - other : other - one);
      whole.push(Math.max(one, other));
    }
    // A busy machine is not asked for more than it can show, and even there neither may take half as long again.
    const noise = (4 * (quantile(differences, 0.75) - quantile(differences, 0.25))) / Math.sqrt(times);
    const tolerance = Math.min(Math.max(5, noise), quantile(whole, 0.5) / 3);
    expect(Math.abs(quantile(differences, 0.5))).toBeLessThan(tolerance);
  };

  it('is the same for a wrong password and for an unknown address', async () => {
    const { slug: tenant, email } = await app.signedIn('end_user');
    const ghost = { tenant, email: 'ghost@example.test' };
    await timed(ghost, { address: elsewhere(), status: 401 });
    await expectAlike([{ tenant, email }, ghost], { address: elsewhere, status: 401, times: 60 });
  }, 60_000);

  it('is the same beyond the limit, also where the owner signed in lately', async () => {
    const { tenantId, slug: tenant } = await app.database.tenant();
    const owner = { tenant, email: (await app.person(tenantId, 'end_user')).email };
    const ghost = { tenant, email: 'ghost@example.test' };
    const address = elsewhere();
    expect((await login(owner, address, PASSWORD)).status).toBe(200);
    for (let i = 0; i < 10; i++) for (const who of [owner, ghost]) await timed(who, { address, status: 401 });
    await expectAlike([owner, ghost], { address: () => address, status: 429, times: 30 });
  }, 60_000);
});

function quantile(values: readonly number[], part: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * part)] ?? 0;
}
