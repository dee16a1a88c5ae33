import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { Browser, Locator, Page } from 'playwright-core';
import { describeInBrowser, launchChromium } from '../support/chromium.js';
import { DEMO_PASSWORD, TestServer } from '../support/test-server.js';

/** Of the seeded database. */
const ADMIN = { tenant: 'platform', email: 'root@platform.test', password: DEMO_PASSWORD };

interface Shown {
  readonly status: number;
  // The shape is what the walk is about; it asserts on it.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  readonly body: any;
}

/**
 * What an operator does with a tenant from its first to its last day, in production mode on Postgres with the powerless login,
 * and with nothing but Swagger UI: what it offers to send is accepted, and what it shows is enough to go on.
 */
describeInBrowser('an operator with Swagger UI', () => {
  let server: TestServer;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    server = await TestServer.start({
      env: {
        NODE_ENV: 'production',
        DOCS_PUBLIC: 'true',
        SEED_DEMO: 'false',
        JWT_PRIVATE_KEY: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        SECRETS_KEY: randomBytes(32).toString('base64'),
      },
    });
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1300, height: 1000 } });
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(`${server.url}/docs`);
    await page.locator('.opblock').first().waitFor();
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  const problems: string[] = [];

  async function authorize(token: string): Promise<void> {
    await page.locator('.scheme-container .btn.authorize').click();
    const dialog = page.locator('.modal-ux');
    const logout = dialog.locator('button', { hasText: 'Logout' });
    if ((await logout.count()) > 0) await logout.first().click();
    await dialog.locator('input').first().fill(token);
    await dialog.locator('button[type=submit]').first().click();
    await dialog.locator('.btn-done').first().click();
  }

  /** The page draws operations as they are scrolled to. */
  async function block(operation: string): Promise<Locator> {
    const [method = '', path = ''] = operation.split(' ');
    const found = page
      .locator(`.opblock-${method.toLowerCase()}`)
      .filter({ has: page.locator(`.opblock-summary-path[data-path="${path}"]`) });
    for (let steps = 0; (await found.count()) === 0 && steps < 200; steps++) {
      if (steps === 0) await page.evaluate('scrollTo(0, 0)');
      else await page.mouse.wheel(0, 500);
      await page.waitForTimeout(60);
    }
    return found;
  }

  /**
   * Opens an operation, tries it out and executes it.
   * @param body fields over what the page offers to send; absent: exactly what it offers
   */
  async function execute(
    operation: string,
    { body, parameters = {} }: { parameters?: Record<string, string>; body?: Record<string, unknown> } = {},
  ): Promise<Shown> {
    const shown = await block(operation);
    await shown.locator('.opblock-summary-control').click();
    await shown.locator('.execute').waitFor();
    // What it answered the last time.
    const clear = shown.locator('.btn-clear');
    if ((await clear.count()) > 0) await clear.click();
    for (const [name, value] of Object.entries(parameters))
      await shown.locator(`tr[data-param-name="${name}"] input`).fill(value);
    if (body !== undefined) {
      const text = shown.locator('textarea.body-param__text');
      const offered = JSON.parse(await text.inputValue()) as Record<string, unknown>;
      await text.fill(JSON.stringify({ ...offered, ...body }, null, 2));
    }
    await shown.locator('.execute').click();
    const answer = shown.locator('.live-responses-table tbody tr.response').first();
    await answer.waitFor({ timeout: 30_000 });
    const status = Number((await answer.locator('.response-col_status').innerText()).trim().split(/\s/)[0]);
    const content = answer.locator('.response-col_description .highlight-code code').first();
    const text = (await content.count()) > 0 ? await content.innerText() : '';
    // Closed again: a page with thirty open operations is slow.
    await shown.locator('.opblock-summary-control').click();
    return { status, body: /^\s*[{[]/.test(text) ? JSON.parse(text) : text };
  }

  async function finished(id: string): Promise<Shown> {
    for (let tries = 0; tries < 60; tries++) {
      const job = await execute('GET /api/admin/jobs/{id}', { parameters: { id } });
      if (!['queued', 'running'].includes(job.body.status)) return job;
      await page.waitForTimeout(300);
    }
    throw new Error(`the job ${id} does not end`);
  }

  it('makes a tenant, gives it rights, an agent and a key, chats, suspends, exports and erases it', async () => {
    const signedIn = await execute('POST /api/auth/login', { body: ADMIN });
    expect(signedIn.status).toBe(200);
    const root = String(signedIn.body.access_token);
    await authorize(root);

    const tenant = await execute('POST /api/admin/tenants');
    expect([tenant.status, tenant.body]).toEqual([201, expect.objectContaining({ status: 'active' })]);
    const { id, slug } = tenant.body as { id: string; slug: string };
    const granted = await execute('PUT /api/admin/tenants/{id}/entitlements', { parameters: { id } });
    expect([granted.status, granted.body]).toEqual([200, expect.objectContaining({ limits: expect.any(Object) })]);
    const visit = await execute('POST /api/admin/tenants/{id}/tokens', { parameters: { id } });
    expect(visit.status).toBe(200);

    await authorize(String(visit.body.access_token));
    const agent = await execute('POST /api/admin/agents');
    expect([agent.status, agent.body]).toEqual([201, expect.objectContaining({ enabled: true })]);
    const key = await execute('POST /api/admin/api-keys');
    expect([key.status, key.body]).toEqual([201, expect.objectContaining({ role: 'end_user' })]);

    await authorize(String(key.body.key));
    const user = await execute('POST /api/auth/end-user-tokens');
    expect(user.status).toBe(200);
    await authorize(String(user.body.access_token));
    const chat = await execute('POST /api/{tenant}/chat', { parameters: { tenant: slug } });
    expect([chat.status, chat.body]).toEqual([200, expect.objectContaining({ status: 'completed' })]);

    await authorize(root);
    const suspended = await execute('POST /api/admin/tenants/{id}/suspend', { parameters: { id } });
    expect([suspended.status, suspended.body.status]).toEqual([200, 'suspended']);
    await authorize(String(user.body.access_token));
    const refused = await execute('POST /api/{tenant}/chat', { parameters: { tenant: slug } });
    expect([refused.status, refused.body.code]).toEqual([403, 'SUSPENDED']);

    await authorize(root);
    const ordered = await execute('POST /api/admin/tenants/{id}/export', { parameters: { id } });
    expect(ordered.status).toBe(202);
    const exported = await finished(ordered.body.id);
    expect(exported.body).toMatchObject({ status: 'succeeded', result: { counts: { conversation: 1 } } });
    const file = await execute('GET /api/admin/jobs/{id}/file', { parameters: { id: ordered.body.id } });
    expect(file.status).toBe(200);

    const wrong = await execute('DELETE /api/admin/tenants/{id}', { parameters: { id }, body: { confirm: 'another' } });
    expect(wrong.status).toBe(422);
    const erasure = await execute('DELETE /api/admin/tenants/{id}', { parameters: { id }, body: { confirm: slug } });
    expect(erasure.status).toBe(202);
    const erased = await finished(erasure.body.id);
    expect(erased.body).toMatchObject({ status: 'succeeded', result: { counts: { conversation: 1 } } });
    expect((await execute('GET /api/admin/tenants/{id}', { parameters: { id } })).status).toBe(404);
    expect(problems).toEqual([]);
  }, 180_000);
});
