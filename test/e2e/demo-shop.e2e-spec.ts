import type { Browser, Page } from 'playwright-core';
import { describeInBrowser, launchChromium } from '../support/chromium.js';
import { DEMO_PASSWORD, TestServer } from '../support/test-server.js';

/** What a newcomer sees without doing anything: a customer's site on another origin, and the designer of what is on it. */
describeInBrowser('the demo’s shop', () => {
  let server: TestServer;
  let browser: Browser;
  let shop: string;
  const problems: string[] = [];
  beforeAll(async () => {
    server = await TestServer.start();
    shop = /a shop’s website with the chat in its corner: (\S+)/.exec(server.log)?.[1] ?? '';
    browser = await launchChromium();
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  const signIn = async (page: Page, email: string) => {
    const { body } = await server.api('/api/auth/login', { body: { tenant: 'acme', email, password: DEMO_PASSWORD } });
    const session = {
      accessToken: body.access_token,
      refreshToken: body.refresh_token,
      expiresAt: Date.now() + body.expires_in * 1000,
      user: body.user,
    };
    await page.evaluate(`sessionStorage.setItem('switchboard.session', ${JSON.stringify(JSON.stringify(session))})`);
    await page.reload();
  };

  it('has the chat in its corner, which knows who signs in', async () => {
    expect(new URL(shop).origin).not.toBe(server.url);
    const page = await browser.newPage({ locale: 'en-GB' });
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (line) => {
      if (line.type() === 'error') problems.push(line.text());
    });
    await page.goto(shop);
    await page.getByRole('button', { name: 'Where is my order?' }).click();
    const answered = (count: number) =>
      page
        .locator('[data-testid=turn][data-status=completed]')
        .nth(count - 1)
        .waitFor();
    await answered(1);
    expect(await page.getByTestId('answer').innerText()).toContain('1042');
    await page.getByRole('button', { name: 'Sign in as Ana' }).click();
    await page.getByTestId('input').fill('How many days do I have to return something?');
    await page.keyboard.press('Enter');
    await answered(2);
    const { token } = await server.login('admin@acme.test');
    const people = await server.api('/api/admin/users?kind=end_user&q=Ana', { token });
    expect(people.body.data.map((one: { external_id?: string }) => one.external_id)).toContain('shop-ana');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByTestId('question').first().waitFor();
    expect(await page.getByTestId('turn').count()).toBe(0);
    expect(problems).toEqual([]);
  }, 60_000);

  it('is one of the widgets that an admin designs, with the panel itself beside the form', async () => {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(server.url);
    await signIn(page, 'admin@acme.test');
    await page.getByTestId('nav-widgets').click();
    await page.getByTestId('widget-item').getByText('Demo shop').waitFor();
    await page.getByTestId('widget-new').click();
    const secret = await page.getByTestId('secret').innerText();
    expect(secret).toMatch(/^ws_/);
    expect(await page.getByTestId('snippet').innerText()).toMatch(
      new RegExp(`^<script src="${server.url}/widget.js" data-widget="pk_[^"]+" async></script>$`),
    );
    const preview = page.getByTestId('widget-preview');
    await page.getByTestId('widget-greeting').fill('Welcome to the shop');
    await preview.getByTestId('greeting').getByText('Welcome to the shop').waitFor();
    await page.getByTestId('widget-accent').fill('#7c3a');
    expect(await page.getByTestId('widget-save').isDisabled()).toBe(true);
    await page.getByTestId('widget-accent').fill('#7c3aed');
    await page.getByTestId('widget-origins').fill('shop.example.com/contact');
    await page.getByTestId('widget-questions').fill('Where are you?');
    await page.getByTestId('widget-save').click();
    await page.getByText('Saved').waitFor();
    const { token } = await server.login('admin@acme.test');
    const [widget] = (await server.api('/api/admin/widgets?limit=1', { token })).body.data;
    expect(widget).toMatchObject({
      origins: ['https://shop.example.com'],
      questions: ['Where are you?'],
      texts: { greeting: 'Welcome to the shop' },
      appearance: { accent: '#7c3aed' },
    });
    await preview.getByTestId('question').click();
    await preview.locator('[data-testid=turn][data-status=completed]').waitFor();
    await page.reload();
    await page.getByTestId('widget-form').waitFor();
    expect(await page.getByTestId('secret').count()).toBe(0);
    await page.getByTestId('rotate').click();
    await page.getByTestId('confirm-yes').click();
    expect(await page.getByTestId('secret').innerText()).not.toBe(secret);
    await page.getByTestId('widget-delete').click();
    await page.getByTestId('confirm-yes').click();
    await page.getByTestId('widget-item').getByText('Website').waitFor({ state: 'detached' });
    expect(problems).toEqual([]);
  }, 60_000);

  it('is no page of those who are not the tenant’s admins', async () => {
    const page = await browser.newPage();
    await page.goto(`${server.url}/#/widgets`);
    await signIn(page, 'user@acme.test');
    await page.getByTestId('composer-input').waitFor();
    expect(await page.getByTestId('nav-widgets').count()).toBe(0);
    expect(await page.getByTestId('widgets').count()).toBe(0);
  }, 60_000);
});
