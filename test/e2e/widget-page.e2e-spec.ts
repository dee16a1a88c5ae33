import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import jwt from 'jsonwebtoken';
import type { Browser, Page } from 'playwright-core';
import { describeInBrowser, launchChromium } from '../support/chromium.js';
import { CustomerSite } from '../support/customer-site.js';
import { TestServer } from '../support/test-server.js';

const QUESTION = 'How long do I have to return something?';

/** What pages do to the language they stand on: what old libraries did, and worse. */
const HOSTILE = `
  document.title = document.compatMode;
  Array.prototype.toJSON = function () { return 'an array'; };
  for (const name of ['map', 'filter', 'forEach', 'push', 'slice', 'find', 'findIndex', 'flatMap', 'includes'])
    Array.prototype[name] = function () { return 'broken'; };
  Array.prototype[Symbol.iterator] = function () { throw new Error('no iterators'); };
  Object.prototype.extra = function () {};
  Object.keys = Object.entries = Object.assign = function () { return {}; };
  String.prototype.replace = String.prototype.split = function () { return ''; };
  JSON.parse = function () { return null; };
  JSON.stringify = function () { return '{}'; };
  window.Promise = function () { throw new Error('no promises'); };
  window.Promise.resolve = window.Promise.all = function () { return null; };
  window.fetch = function () { throw new Error('no fetch'); };
  window.WebSocket = function () { throw new Error('no sockets'); };
  window.Map = window.Set = function () { throw new Error('no collections'); };
  window.setTimeout = function (callback) { return 0; };
`;

/** The widget as customers put it into their pages: on another origin, under a strict policy. */
describeInBrowser('the widget on a customer’s page', () => {
  let server: TestServer;
  let site: CustomerSite;
  let browser: Browser;
  let secret: string;

  beforeAll(async () => {
    server = await TestServer.start();
    site = await CustomerSite.start(server.url);
    const { token } = await server.login('admin@acme.test');
    const made = await server.api('/api/admin/widgets', {
      token,
      body: {
        name: 'Shop',
        origins: [site.origin],
        texts: { title: 'ACME help', greeting: 'Hello! What can we do for you?' },
        questions: [QUESTION, 'Where is my order 1042?'],
        appearance: { accent: '#f5c518' },
      },
    });
    expect(made.status).toBe(201);
    site.publicKey = made.body.public_key;
    secret = made.body.secret;
    browser = await launchChromium();
  }, 180_000);
  afterEach(async () => {
    await site.leave();
    expect(site.problems.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    await browser?.close();
    site?.stop();
    await server?.stop();
  });

  const answered = (page: Page, count = 1) =>
    page
      .locator('[data-testid=turn][data-status=completed]')
      .nth(count - 1)
      .waitFor();
  const ask = async (page: Page, text: string) => {
    await page.getByTestId('input').fill(text);
    await page.keyboard.press('Enter');
  };
  const call = (page: Page, ...args: unknown[]) => page.evaluate(`window.Switchboard.push(${JSON.stringify(args)})`);

  /** Asked from outside: the page's policy lets nobody evaluate what it would take to wait inside. */
  const until = async (page: Page, expression: string) => {
    while ((await page.evaluate(expression)) !== true) await page.waitForTimeout(25);
  };

  it('greets, answers with its sources, and takes an opinion', async () => {
    const page = await site.visit(browser);
    await page.getByTestId('launcher').click();
    await page.getByTestId('greeting').waitFor();
    expect(await page.getByTestId('greeting').innerText()).toBe('Hello! What can we do for you?');
    await page.getByTestId('question').first().click();
    await answered(page);
    expect(await page.getByTestId('answer').innerText()).toMatch(/30/);
    await page.getByTestId('source-1').click();
    await page.getByTestId('passage').locator('.prose').waitFor();
    expect(await page.getByTestId('passage').innerText()).toMatch(/days/);
    await page.keyboard.press('Escape');
    await page.getByTestId('passage').waitFor({ state: 'detached' });
    await page.getByTestId('thumb-down').click();
    await page.getByTestId('comment').fill('Too long');
    await page.getByTestId('comment-send').click();
    await page.getByText('Thank you for telling us.').waitFor();
    const { token } = await server.login('admin@acme.test');
    const rated = await server.api('/api/admin/conversations?rating=down', { token });
    expect(rated.body.data).toHaveLength(1);
  }, 60_000);

  it('goes on after a reload, and counts what came while it was closed', async () => {
    const page = await site.visit(browser);
    await page.getByTestId('launcher').click();
    await ask(page, QUESTION);
    await page.getByTestId('turn').waitFor();
    await page.getByTestId('close').click();
    await page.locator('.badge', { hasText: '1' }).waitFor();
    expect(await page.getByTestId('launcher').getAttribute('aria-label')).toBe('Open chat, 1 unread');
    await page.reload();
    await page.locator('.badge', { hasText: '1' }).waitFor();
    await page.getByTestId('launcher').click();
    await answered(page);
    await page.getByTestId('close').click();
    expect(await page.locator('.badge').isHidden()).toBe(true);
    await page.reload();
    await page.getByTestId('launcher').click();
    await answered(page);
    await page.getByTestId('menu').click();
    await page.getByTestId('menu-new').click();
    await page.getByTestId('question').first().waitFor();
    await page.getByTestId('menu').click();
    await page.getByTestId('menu-history').click();
    await page.getByTestId('past').click();
    await answered(page);
  }, 60_000);

  it('does what the page asks, before it is loaded and after, and tells it what happens', async () => {
    const script = `
      window.heard = [];
      const hear = (name) => ['on', name, (detail) => window.heard.push([name, detail.role || detail.count])];
      window.Switchboard = [hear('open'), hear('close'), hear('message'), ['send', ${JSON.stringify(QUESTION)}]];`;
    const page = await site.visit(browser, { script });
    await answered(page);
    await call(page, 'toggle');
    await page.locator('.panel.closed').waitFor({ state: 'attached' });
    await until(page, 'window.heard.length >= 4');
    const heard = await page.evaluate('window.heard');
    expect(heard).toEqual([
      ['open', undefined],
      ['message', 'user'],
      ['message', 'assistant'],
      ['close', undefined],
    ]);
  }, 60_000);

  it('keeps the conversation of a visitor who signs in, and hides it when they sign out', async () => {
    const page = await site.visit(browser);
    await page.getByTestId('launcher').click();
    await ask(page, QUESTION);
    await answered(page);
    const identity = jwt.sign({ sub: 'customer-7', name: 'Ana Byrne' }, secret, { algorithm: 'HS256', expiresIn: 300 });
    await call(page, 'identify', identity);
    await ask(page, 'And how do I send it back?');
    await answered(page, 2);
    const { token } = await server.login('admin@acme.test');
    const people = await server.api('/api/admin/users?kind=end_user&q=Ana%20Byrne', { token });
    expect(people.body.data.map((one: { external_id?: string }) => one.external_id)).toContain('customer-7');
    await call(page, 'logout');
    await page.getByTestId('question').first().waitFor();
    expect(await page.getByTestId('turn').count()).toBe(0);
    await page.reload();
    await page.getByTestId('launcher').click();
    await page.getByTestId('question').first().waitFor();
    expect(await page.getByTestId('turn').count()).toBe(0);
  }, 60_000);

  it('asks to sign in first where only people are let in whom the site knows', async () => {
    const { token } = await server.login('admin@acme.test');
    const body = { name: 'Members', origins: [site.origin], identity: 'required' };
    const made = await server.api('/api/admin/widgets', { token, body });
    const open = site.publicKey;
    site.publicKey = made.body.public_key;
    try {
      const page = await site.visit(browser);
      await page.getByTestId('launcher').click();
      await page.getByTestId('refusal').getByText('Please sign in on this site').waitFor();
      expect(await page.getByTestId('input').count()).toBe(0);
      const options = { algorithm: 'HS256', expiresIn: 300 } as const;
      await call(page, 'identify', jwt.sign({ sub: 'member-1' }, made.body.secret, options));
      await ask(page, QUESTION);
      await answered(page);
    } finally {
      site.publicKey = open;
    }
  }, 60_000);

  it('is served by keyboard: the focus goes in, stays in, and comes back', async () => {
    const page = await site.visit(browser, { body: '<button id="buy">Buy</button>' });
    await page.locator('#buy').focus();
    await call(page, 'open');
    await page.getByTestId('greeting').waitFor();
    await until(page, "document.activeElement?.shadowRoot?.activeElement?.localName === 'textarea'");
    for (let step = 0; step < 12; step++) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.localName')).toBe('switchboard-widget');
    }
    await page.keyboard.press('Escape');
    await page.locator('.panel.closed').waitFor({ state: 'attached' });
    expect(await page.evaluate('document.activeElement.id')).toBe('buy');
  }, 60_000);

  it('works under a policy of nonces and trusted types', async () => {
    const page = await site.visit(browser, { policy: 'nonces' });
    await page.getByTestId('launcher').click();
    await page.getByTestId('question').first().click();
    await answered(page);
  }, 60_000);

  it('works on a page in quirks mode that has broken the language', async () => {
    const page = await site.visit(browser, { mode: 'quirks', script: HOSTILE });
    await page.getByTestId('launcher').click();
    await page.getByTestId('question').first().click();
    await answered(page);
    expect(await page.getByTestId('answer').innerText()).toMatch(/30/);
    expect(await page.title()).toBe('BackCompat');
  }, 60_000);

  it('speaks the visitor’s language, or the one that the page sets', async () => {
    const german = await site.visit(browser, {}, { locale: 'de-AT' });
    await german.getByTestId('launcher').click();
    expect(await german.getByTestId('input').getAttribute('placeholder')).toBe('Nachricht schreiben…');
    const arabic = await site.visit(browser, { attributes: 'data-language="ar"' });
    await arabic.getByTestId('launcher').click();
    expect(await arabic.getByTestId('panel').evaluate((panel) => panel.matches(':dir(rtl)'))).toBe(true);
  }, 60_000);

  describe('with people', () => {
    let supporter: string;
    const desk = (path: string, body: object = {}, method = 'POST') =>
      server.api(`/api/acme/supporter/${path}`, { token: supporter, method, body });
    const isThere = (status: 'online' | 'offline') =>
      desk('availability', { status, capacity: 5, skills: [], languages: [] }, 'PUT');
    beforeAll(async () => {
      supporter = (await server.login('supporter@acme.test')).token;
    });

    const talk = async () => {
      const page = await site.visit(browser);
      await page.getByTestId('launcher').click();
      await ask(page, QUESTION);
      await answered(page);
      await page.getByTestId('talk').click();
      return page;
    };
    const waiting = async () => {
      const { body } = await server.api('/api/acme/supporter/queue', { token: supporter });
      return body.data as { id: string; email: string | null }[];
    };

    it('asks for an address when nobody is there', async () => {
      await isThere('offline');
      const page = await talk();
      await page.getByTestId('contact-form').waitFor();
      await page.getByTestId('contact-email').fill('ana');
      await page.getByTestId('contact-send').click();
      await page.getByText('Please give a complete email address').waitFor();
      await page.getByTestId('contact-email').fill('ana@example.com');
      await page.getByTestId('contact-send').click();
      await page.getByTestId('contacted').waitFor();
      const [escalation] = await waiting();
      expect(escalation?.email).toBe('ana@example.com');
      await desk(`escalations/${escalation?.id}/close`);
    }, 60_000);

    it('shows the place in the line, then who is there, and what they write', async () => {
      await isThere('online');
      const page = await talk();
      await page.getByTestId('waiting').waitFor();
      expect(await page.getByTestId('place').innerText()).toMatch(/next/);
      const [escalation] = await waiting();
      await desk(`escalations/${escalation?.id}/accept`);
      await page.getByTestId('title').getByText('Darragh Lynch').waitFor();
      await page.getByTestId('close').click();
      await desk(`escalations/${escalation?.id}/reply`, {
        content: 'Hello, **Darragh** here.',
        client_message_id: '0199f6f2-7c1e-7a55-8f3e-5a4f0f3f9a10',
      });
      await page.locator('.badge', { hasText: '1' }).waitFor();
      await page.reload();
      await page.locator('.badge', { hasText: '1' }).waitFor();
      await page.getByTestId('launcher').click();
      expect(await page.getByTestId('supporter-message').innerText()).toBe('Hello, Darragh here.');
      await page.getByTestId('title').getByText('Darragh Lynch').waitFor();
      const chat = await server.chat(supporter);
      const { body } = await server.api(`/api/acme/supporter/escalations/${escalation?.id}`, { token: supporter });
      const conversation_id = String(body.conversation_id);
      chat.send({ type: 'resume', conversation_id });
      await chat.next('context_restored');
      await ask(page, 'Can you change the address?');
      await page.getByTestId('input').fill('It is');
      await chat.next('typing');
      chat.send({ type: 'typing', conversation_id, on: true });
      await page.getByTestId('typing').getByText('Darragh Lynch is typing').waitFor();
      await desk(`escalations/${escalation?.id}/resolve`);
      await page.getByTestId('log').getByText('The talk with our team has ended').waitFor();
      await page.getByRole('radio', { name: '5 of 5' }).check({ force: true });
      await page.getByTestId('rating-send').click();
      await page.getByTestId('rated').waitFor();
      chat.socket.close();
    }, 60_000);
  });

  it('keeps what is written without a connection, and sends it when there is one', async () => {
    const page = await site.visit(browser);
    await page.getByTestId('launcher').click();
    await ask(page, QUESTION);
    await answered(page);
    let isCut = true;
    await page.routeWebSocket(/ws\/chat/, (socket) =>
      isCut ? void socket.close({ code: 1001 }) : void socket.connectToServer(),
    );
    await page.reload();
    await page.getByTestId('launcher').click();
    await page.getByTestId('offline').waitFor();
    await ask(page, 'And how do I send it back?');
    await page.getByTestId('delivery').getByText('Will be sent when you are online again').waitFor();
    // Also over a reload.
    await page.reload();
    await page.getByTestId('launcher').click();
    await page.getByTestId('delivery').waitFor();
    isCut = false;
    await page.getByTestId('offline').getByRole('button').click();
    await answered(page, 2);
  }, 60_000);

  it('stops an answer, and asks again', async () => {
    const page = await site.visit(browser);
    await page.getByTestId('launcher').click();
    await ask(page, QUESTION);
    await page.getByTestId('turn').waitFor();
    // It may be answered before anybody can stop it.
    await page
      .getByTestId('stop')
      .click({ timeout: 1000 })
      .catch(() => undefined);
    const ended = page.locator('[data-testid=turn][data-status=completed], [data-testid=turn][data-status=cancelled]');
    await ended.waitFor();
    if ((await page.getByTestId('again').count()) > 0) await page.getByTestId('again').click();
    await answered(page);
  }, 60_000);

  describe('for everybody', () => {
    const axe = readFileSync(createRequire(__filename).resolve('axe-core/axe.min.js'), 'utf8');
    const check = async (page: Page) => {
      await page.evaluate(axe);
      const violations = await page.evaluate(
        `axe.run({ rules: { 'color-contrast': { enabled: true } } }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map((node) => node.html).join(' ')))`,
      );
      expect(violations).toEqual([]);
    };

    it.each([
      ['in light', {}, {}],
      ['in dark', {}, { colorScheme: 'dark' as const }],
      ['on a phone', {}, { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }],
      ['from right to left', { attributes: 'data-language="ar"' }, {}],
    ])(
      'breaks no rule of accessibility %s',
      async (_name, shown, options) => {
        const page = await site.visit(browser, shown, { reducedMotion: 'reduce', ...options });
        await page.getByTestId('launcher').waitFor();
        await check(page);
        await page.getByTestId('launcher').click();
        await page.getByTestId('question').first().waitFor();
        await check(page);
        await page.getByTestId('question').first().click();
        await answered(page);
        await page.getByTestId('thumb-down').click();
        await check(page);
        await page.getByTestId('source-1').click();
        await page.getByTestId('passage').locator('.prose').waitFor();
        await check(page);
        await page.getByTestId('source-back').click();
        await page.getByTestId('menu').click();
        await check(page);
        await page.getByTestId('menu-history').click();
        await page.getByTestId('past').waitFor();
        await check(page);
      },
      90_000,
    );

    it('says whole sentences to screen readers, once', async () => {
      const page = await site.visit(browser);
      await page.getByTestId('launcher').click();
      await ask(page, 'Where is my order 1042?');
      await answered(page);
      await page.getByTestId('live').getByText('Carrier:').waitFor();
      const lines = await page.getByTestId('live').locator('p').allInnerTexts();
      expect(lines.length).toBeGreaterThan(1);
      expect(new Set(lines).size).toBe(lines.length);
      await page.getByTestId('close').click();
      await page.reload();
      await page.getByTestId('launcher').click();
      await answered(page);
      expect(await page.getByTestId('live').locator('p').count()).toBe(0);
    }, 60_000);

    it('fills a phone, and leaves the page where it was', async () => {
      const phone = { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true };
      const page = await site.visit(browser, { body: '<h1>A long page</h1>' }, phone);
      await page.getByTestId('launcher').tap();
      await page.getByTestId('greeting').waitFor();
      await page.waitForTimeout(300);
      expect(await page.getByTestId('panel').boundingBox()).toEqual({ x: 0, y: 0, width: 360, height: 740 });
      expect(await page.getByTestId('panel').getAttribute('aria-modal')).toBe('true');
      expect(await page.evaluate('document.documentElement.style.overflow')).toBe('hidden');
      await page.getByTestId('close').tap();
      await page.getByTestId('launcher').waitFor();
      await until(page, "document.documentElement.style.overflow === ''");
    }, 60_000);
  });
});
