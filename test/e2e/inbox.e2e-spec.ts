import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import type { ChatClient } from '../support/chat-client.js';
import { describeInBrowser, launchChromium } from '../support/chromium.js';
import { DEMO_PASSWORD, TestServer } from '../support/test-server.js';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

/** Two supporters and a visitor: who waits is taken, answered and given back. In a real browser, where one is installed. */
describeInBrowser('the inbox in a browser', () => {
  let server: TestServer;
  let browser: Browser;
  let sam: Page;
  let rita: Page;
  const problems: string[] = [];
  const visitors: ChatClient[] = [];

  beforeAll(async () => {
    server = await TestServer.start({ env: { MESSAGES_PER_MINUTE: '0' } });
    browser = await launchChromium();
    const { token } = await server.login('admin@acme.test');
    const body = { email: 'rita@example.com', name: 'Rita Roe', role: 'supporter', password: DEMO_PASSWORD };
    expect((await server.api('/api/admin/users', { token, body })).status).toBe(201);
    sam = await signIn('supporter@acme.test');
    rita = await signIn('rita@example.com');
  }, 180_000);
  afterAll(async () => {
    for (const visitor of visitors) await visitor.close();
    await browser?.close();
    await server?.stop();
  });

  async function signIn(email: string): Promise<Page> {
    const context = await browser.newContext({ viewport: { width: 1360, height: 860 } });
    const page = await context.newPage();
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(server.url);
    await page.getByTestId('own-account').locator('summary').click();
    await page.fill('input[name="tenant"]', 'acme');
    await page.fill('input[name="email"]', email);
    await page.fill('input[name="password"]', DEMO_PASSWORD);
    await page.getByTestId('login-form').locator('button').click();
    await page.locator('[data-testid="connection"][data-state="ready"]').waitFor();
    return page;
  }

  /** Asks something, and then for a person. */
  async function visitor(reason: string): Promise<{ client: ChatClient; conversation: string }> {
    const { token } = await server.login('user@acme.test');
    const client = await server.chat(token);
    visitors.push(client);
    const { ack } = await client.ask('What does shipping cost?');
    const conversation = String(ack['conversation_id']);
    client.send({ type: 'escalate', conversation_id: conversation, reason });
    await client.next('escalation');
    return { client, conversation };
  }
  const caseOf = (page: Page, reason: string) => page.getByTestId('case').filter({ hasText: reason });
  const take = async (page: Page, reason: string) => {
    await page.getByTestId('tab-waiting').click();
    await caseOf(page, reason).click();
    await page.getByTestId('accept').click();
    await page.getByTestId('reply-input').waitFor();
  };
  const faultsOf = async (page: Page): Promise<string[]> => {
    // The page's own policy lets no script in; the debugger may.
    await page.evaluate(await readFile(AXE, 'utf8'));
    return page.evaluate(`axe.run().then(({ violations }) => violations.map(
      ({ id, nodes }) => id + ': ' + nodes.map(({ html }) => html.slice(0, 120)).join(' | ')))`);
  };

  it('is where a supporter begins, and shows who asks for a person without being asked', async () => {
    expect(new URL(sam.url()).hash).toBe('#/inbox');
    await visitor('Begins the day');
    await caseOf(sam, 'Begins the day').waitFor();
    await caseOf(rita, 'Begins the day').waitFor();
  });

  it('gives a conversation to who is quicker, and tells the other one who that was', async () => {
    await visitor('Race for it');
    for (const page of [sam, rita]) await caseOf(page, 'Race for it').click();
    for (const page of [sam, rita]) await page.getByTestId('accept').waitFor();
    // Rita does not hear of it before she has tried.
    await rita.route('**/supporter/queue*', (route) => route.abort());
    await rita.route('**/supporter/escalations?*', (route) => route.abort());
    await sam.getByTestId('accept').click();
    await sam.getByTestId('reply-input').waitFor();
    await rita.getByTestId('accept').click();
    await rita.getByTestId('case-error').waitFor();
    expect(await rita.getByTestId('case-error').innerText()).toMatch(/has taken this conversation/);
    await rita.unrouteAll({ behavior: 'ignoreErrors' });
    await sam.getByTestId('resolve').click();
    await sam.getByTestId('reopen').waitFor();
  });

  it('carries words and typing both ways as they come', async () => {
    const { client, conversation } = await visitor('Both ways');
    await take(sam, 'Both ways');
    const log = sam.getByTestId('case-log');
    await log.getByText('What does shipping cost?').waitFor();
    await sam.getByTestId('reply-input').pressSequentially('Hello');
    await client.next('typing', { where: ({ from, on }) => from === 'supporter' && on === true });
    await sam.getByTestId('reply-input').fill('Hello, this is Sam.');
    await sam.keyboard.press('Enter');
    const heard = await client.next('message', { where: ({ role }) => role === 'supporter' });
    expect(heard['content']).toBe('Hello, this is Sam.');
    expect(await sam.getByTestId('said-supporter').last().innerText()).toContain('Hello, this is Sam.');

    client.send({ type: 'typing', conversation_id: conversation, on: true });
    await sam.getByTestId('user-typing').waitFor();
    client.send({ type: 'user_message', conversation_id: conversation, content: 'I see, thank you.' });
    await log.getByText('I see, thank you.').waitFor();
    expect(await sam.getByTestId('user-typing').count()).toBe(0);
    expect(await sam.getByTestId('said-user').filter({ hasText: 'I see, thank you.' }).count()).toBe(1);
  });

  it('marks what came while another conversation was open', async () => {
    const { client, conversation } = await visitor('Left alone');
    await take(sam, 'Left alone');
    await sam.getByTestId('tab-mine').click();
    await caseOf(sam, 'Both ways').click();
    client.send({ type: 'user_message', conversation_id: conversation, content: 'Are you still there?' });
    await caseOf(sam, 'Left alone').getByTestId('unread').waitFor();
    await caseOf(sam, 'Left alone').click();
    await caseOf(sam, 'Left alone').getByTestId('unread').waitFor({ state: 'detached' });
    await sam.getByTestId('case-log').getByText('Are you still there?').waitFor();
    expect(await sam.getByTestId('case-log').innerText()).not.toMatch(/took over\s*$/);
  });

  it('is handed on to a colleague, into the queue, and back to the agent', async () => {
    const { client } = await visitor('Goes round');
    await take(rita, 'Goes round');
    await rita.getByTestId('transfer').click();
    await rita
      .getByTestId('colleague')
      .filter({ hasText: 'Sam' })
      .or(rita.getByTestId('colleague').first())
      .first()
      .click();
    await sam.getByTestId('tab-mine').click();
    await caseOf(sam, 'Goes round').click();
    await sam.getByTestId('transfer').click();
    await sam.getByTestId('transfer-skill').fill('returns');
    await sam.getByTestId('transfer-yes').click();
    await rita.getByTestId('tab-waiting').click();
    await caseOf(rita, 'Goes round').getByText('returns').waitFor();
    await take(rita, 'Goes round');
    await rita.getByTestId('return').click();
    await rita.getByTestId('return-summary').fill('Shipping is free for them.');
    await rita.getByTestId('return-confirm').click();
    await rita.getByTestId('reopen').waitFor();
    await client.next('escalation', { where: ({ status }) => status === 'returned' });
    const { done } = await client.ask('And how long does it take?', {
      conversation_id: client.frames.at(-1)?.['conversation_id'],
    });
    expect(done['status']).toBe('completed');
  });

  it('has ready words, what the agent would say, and notes that only the team sees', async () => {
    const { token } = await server.login('supporter@acme.test');
    const body = { title: 'Greeting', content: 'Hello, I have your conversation in front of me.' };
    expect((await server.api('/api/acme/supporter/canned-replies', { token, body })).status).toBe(201);
    const { client } = await visitor('Ready words');
    await take(rita, 'Ready words');
    await rita.getByTestId('reply-input').fill('/gree');
    expect(await rita.getByTestId('canned').innerText()).toContain('Greeting');
    await rita.keyboard.press('Enter');
    expect(await rita.getByTestId('reply-input').inputValue()).toBe(body.content);
    await rita.getByTestId('reply-input').fill('');
    await rita.getByTestId('suggest').click();
    await rita.locator('#reply:focus').waitFor({ timeout: 30_000 });
    const suggested = await rita.getByTestId('reply-input').inputValue();
    expect(suggested).toMatch(/€|shipping|deliver/i);
    await rita.getByTestId('reply-input').fill(`${suggested.slice(0, 200)} (edited)`);
    await rita.keyboard.press('Enter');
    await client.next('message', { where: ({ content, role }) => role === 'supporter' && /\(edited\)$/.test(content) });
    await rita.getByTestId('note-input').fill('Is angry; be kind.');
    await rita.getByTestId('note-add').click();
    await rita.getByTestId('notes').getByText('Is angry; be kind.').waitFor();
    expect(await rita.getByTestId('notes').innerText()).toMatch(/You/);
    await sam.getByTestId('tab-all').click();
    await caseOf(sam, 'Ready words').click();
    await sam.getByTestId('notes').getByText('Is angry; be kind.').waitFor();
    expect(await sam.getByTestId('notes').innerText()).toMatch(/Rita Roe/);
    expect(JSON.stringify(client.frames)).not.toContain('be kind');
  });

  it('needs no mouse', async () => {
    await visitor('By keys alone');
    await sam.keyboard.press('Escape');
    await sam.getByTestId('tab-waiting').click();
    await caseOf(sam, 'By keys alone').waitFor();
    await sam.keyboard.press('?');
    expect(await sam.getByTestId('shortcuts').innerText()).toMatch(/Next conversation/);
    await sam.keyboard.press('Escape');
    await sam.keyboard.press('/');
    await sam.keyboard.type('keys alone');
    await sam.keyboard.press('Escape');
    await sam.keyboard.press('j');
    await sam.locator('[data-testid="case-view"][data-status="waiting"]').waitFor();
    await sam.keyboard.press('a');
    await sam.getByTestId('reply-input').waitFor();
    await sam.locator('#reply:focus').waitFor();
    await sam.keyboard.type('By hand');
    await sam.keyboard.press('Enter');
    await sam.getByTestId('said-supporter').filter({ hasText: 'By hand' }).waitFor();
    await sam.keyboard.press('Escape');
    await sam.keyboard.press('t');
    await sam.getByTestId('transfer-sheet').waitFor();
    await sam.keyboard.press('Escape');
    await sam.keyboard.press('r');
    await sam.locator('#reply:focus').waitFor();
    await sam.keyboard.press('Escape');
    await sam.keyboard.press('e');
    await sam.getByTestId('reopen').waitFor();
    await sam.getByTestId('case-search').fill('');
  });

  it('says who is there, and asks for sound and notifications by a click', async () => {
    await rita.getByTestId('availability').selectOption('away');
    await rita.getByTestId('capacity').fill('5');
    await rita.keyboard.press('Tab');
    const { token } = await server.login('rita@example.com', 'acme');
    const asked = async () => (await server.api('/api/acme/supporter/availability', { token })).body;
    for (let tries = 0; tries < 50 && (await asked()).capacity !== 5; tries++) await rita.waitForTimeout(100);
    expect(await asked()).toMatchObject({ status: 'away', capacity: 5 });
    await rita.getByTestId('alerts').click();
    await rita.locator('[data-testid="alerts"][aria-pressed="true"]').waitFor();
    await rita.reload();
    expect(await rita.getByTestId('alerts').getAttribute('aria-pressed')).toBe('true');
  });

  it.each(['light', 'dark'] as const)(
    'has no fault that axe finds, wide and at 360 pixels, in the %s',
    async (scheme) => {
      await sam.emulateMedia({ colorScheme: scheme });
      await sam.getByTestId('tab-mine').click();
      await caseOf(sam, 'Both ways').click();
      for (const size of [
        { width: 1360, height: 860 },
        { width: 360, height: 740 },
      ]) {
        await sam.setViewportSize(size);
        await sam.getByTestId('case-log').getByText('I see, thank you.').waitFor();
        expect([size.width, await faultsOf(sam)]).toEqual([size.width, []]);
        expect(await sam.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(size.width);
        const folder = process.env['PICTURES'];
        if (folder) await sam.screenshot({ path: `${folder}/inbox-${scheme}-${size.width}.png` });
      }
      await sam.getByRole('button', { name: 'Back to the list' }).click();
      await caseOf(sam, 'Both ways').waitFor();
      expect(await faultsOf(sam)).toEqual([]);
      await sam.setViewportSize({ width: 1360, height: 860 });
    },
  );

  it('raised no error in the browser', () => {
    expect(problems).toEqual([]);
  });
});
