import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { PDFDocument, StandardFonts } from 'pdf-lib';
import { describeInBrowser, launchChromium } from '../support/chromium.js';
import { OpenAiStandIn } from '../support/openai-standin.js';
import { TestServer } from '../support/test-server.js';

/** The page at `/` in a real browser, where one is installed; `.ci/run` installs one. */
describeInBrowser('the console in a browser', () => {
  let server: TestServer;
  let browser: Browser;
  beforeAll(async () => {
    server = await TestServer.start();
    browser = await launchChromium();
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    await server?.stop();
  });

  const problems: string[] = [];
  async function signIn(email: string): Promise<Page> {
    const page = await browser.newPage();
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (line) => {
      if (line.type() === 'error') problems.push(line.text());
    });
    await page.goto(server.url);
    await page.getByTestId(`demo-user-${email}`).click();
    await page.locator('[data-testid="connection"][data-state="ready"]').waitFor();
    return page;
  }
  async function ask(page: Page, question: string) {
    const before = await page.getByTestId('turn').count();
    await page.getByTestId('composer-input').fill(question);
    await page.getByTestId('send').click();
    const turn = page.getByTestId('turn').nth(before);
    const ended = ['completed', 'failed', 'cancelled'].map((status) => `[data-testid="turn"][data-status="${status}"]`);
    await turn.and(page.locator(ended.join(','))).waitFor({ timeout: 30_000 });
    return turn;
  }

  it('streams an answer with its steps, agents and citations, and shows the passage', async () => {
    const page = await signIn('user@acme.test');
    const turn = await ask(page, 'How long do I have to return something?');
    expect(await turn.getAttribute('data-status')).toBe('completed');
    expect(await turn.getByTestId('answer-text').innerText()).toMatch(/days/);
    expect(await turn.getByTestId('agent-support').count()).toBeGreaterThan(0);
    await turn.getByTestId('steps').locator('summary').click();
    expect(await turn.getByTestId('step-retrieving').first().isVisible()).toBe(true);
    await turn.getByTestId('source-1').click();
    expect((await page.getByTestId('passage').innerText()).length).toBeGreaterThan(40);
    await page.keyboard.press('Escape');
    await page.getByTestId('citation-panel').waitFor({ state: 'detached' });
    await page.close();
  });

  it('marks what was quoted in the passage, also in the row of a table, whose words stay whole', async () => {
    const page = await signIn('user@acme.test');
    const turn = await ask(page, 'What does shipping cost?');
    await turn.getByTestId('source-1').first().click();
    const passage = page.getByTestId('passage');
    await passage.locator('mark').first().waitFor();
    expect(await passage.locator('td mark').count()).toBeGreaterThan(1);
    await page.setViewportSize({ width: 360, height: 740 });
    const cell = passage.locator('td', { hasText: 'Luxembourg' }).first();
    const fits = await cell.evaluate((element) => element.scrollWidth <= element.clientWidth);
    expect(fits).toBe(true);
    await page.close();
  });

  it('puts the name of each agent over its part, where several answered', async () => {
    const page = await signIn('user@acme.test');
    const turn = await ask(page, 'Where is order 1042 and how do refunds work?');
    expect(await turn.getByTestId('agents').innerText()).toMatch(/Order tracking/);
    const sections = turn.getByTestId('answer-text').locator('section');
    expect(await sections.locator('h3.section-agent').allInnerTexts()).toEqual(['Order tracking', 'Help centre']);
    expect(await sections.first().innerText()).toMatch(/1042/);
    expect(await sections.last().innerText()).not.toMatch(/1042/);
    await turn.getByTestId('steps').locator('summary').click();
    expect(await turn.getByTestId('step-tool').first().innerText()).toMatch(/Order tracking/);
    await page.close();
  });

  it('leads staff from a passage to its document, and nobody else', async () => {
    for (const [email, ways] of [
      ['admin@acme.test', 1],
      ['user@acme.test', 0],
    ] as const) {
      const page = await signIn(email);
      const turn = await ask(page, 'How long do I have to return something?');
      await turn.getByTestId('source-1').click();
      await page.getByTestId('passage').waitFor();
      const way = page.getByTestId('citation-document');
      expect(await way.count()).toBe(ways);
      if (ways > 0) {
        const [download] = await Promise.all([page.waitForEvent('download'), way.click()]);
        expect(download.suggestedFilename()).toMatch(/\.(md|pdf|html)$/);
        expect((await readFile(await download.path())).length).toBeGreaterThan(100);
      }
      await page.close();
    }
  });

  it('shows an admin how it went, and nobody else', async () => {
    const page = await signIn('admin@acme.test');
    await ask(page, 'What does shipping cost?');
    await page.getByTestId('nav-report').click();
    const figures = page.getByTestId('figures');
    await figures.waitFor();
    expect(Number(await figures.locator('dd').first().innerText())).toBeGreaterThan(0);
    await page.getByTestId('report-period').selectOption('7');
    await figures.waitFor();
    await page.close();
    const other = await signIn('user@acme.test');
    await other.evaluate("location.hash = '#/report'");
    expect(await other.getByTestId('nav-report').count()).toBe(0);
    await other.getByTestId('composer-input').waitFor();
    expect(await other.getByTestId('report').count()).toBe(0);
    await other.close();
  });

  it('says beside its form why nobody was signed in', async () => {
    const page = await browser.newPage();
    await page.goto(server.url);
    await page.getByTestId('own-account').locator('summary').click();
    const form = page.getByTestId('login-form');
    for (const [name, value] of Object.entries({ tenant: 'acme', email: 'user@acme.test', password: 'not this one' }))
      await form.locator(`input[name=${name}]`).fill(value);
    await form.locator('button[type=submit]').click();
    await form.getByTestId('login-error').waitFor();
    expect(await form.getByTestId('login-error').innerText()).toMatch(/wrong/);
    await page.close();
  });

  it('continues the conversation after a reload', async () => {
    const page = await signIn('user@acme.test');
    await ask(page, 'Where is my order 1042?');
    await page.reload();
    await page.getByTestId('turn').first().waitFor();
    expect(await page.getByTestId('log').innerText()).toMatch(/1042/);
    const turn = await ask(page, 'And 1043?');
    expect(await turn.getByTestId('answer-text').innerText()).toMatch(/1043/);
    await page.close();
  });

  it.each([
    ['seeker@jobs.test', 'Find jobs that match my profile', 'payload-jobs'],
    ['employer@jobs.test', 'Which candidates fit my open vacancy?', 'payload-candidates'],
  ])('shows %s matches with scores and reasons', async (email, question, testId) => {
    const page = await signIn(email);
    const turn = await ask(page, question);
    expect(await turn.getByTestId(testId).getByTestId('payload-card').count()).toBeGreaterThan(1);
    expect(await turn.getByTestId('score').first().innerText()).toMatch(/\d/);
    await page.close();
  });

  it('uploads a document and finds it', async () => {
    const document = await PDFDocument.create();
    const font = await document.embedFont(StandardFonts.Helvetica);
    document
      .addPage()
      .drawText('The quokka kettle holds exactly seven litres of water.', { x: 50, y: 700, size: 12, font });
    const page = await signIn('admin@acme.test');
    await page.getByTestId('nav-knowledge').click();
    await page.getByTestId('upload-input').setInputFiles({
      name: 'quokka-kettle.pdf',
      mimeType: 'application/pdf',
      buffer: Buffer.from(await document.save()),
    });
    await page
      .locator('[data-testid="document"][data-status="ready"]', { hasText: /quokka/i })
      .waitFor({ timeout: 30_000 });
    await page.getByTestId('search-input').fill('How much does the quokka kettle hold?');
    await page.getByTestId('search-submit').click();
    await page.getByTestId('search-hit').first().waitFor();
    expect(await page.getByTestId('search-hit').first().innerText()).toMatch(/seven litres/);
    await page.close();
  });

  it('runs no script that somebody wrote into a message', async () => {
    const page = await signIn('user@acme.test');
    await page.evaluate('window.pwned = 0');
    const attack =
      '<img src=x onerror="window.pwned=1"><script>window.pwned=2</script>[x](javascript:window.pwned=3) <svg onload=window.pwned=4>';
    await ask(page, attack);
    await page.reload();
    await page.getByTestId('turn').first().waitFor();
    expect(await page.evaluate('window.pwned ?? 0')).toBe(0);
    expect(
      await page
        .locator('[data-testid="log"] img, [data-testid="log"] script, [data-testid="log"] a[href^="javascript"]')
        .count(),
    ).toBe(0);
    await page.close();
  });

  it("fits a phone's width", async () => {
    const page = await browser.newPage({ viewport: { width: 360, height: 740 } });
    await page.goto(server.url);
    await page.getByTestId('demo-user-user@acme.test').click();
    await page.locator('[data-testid="connection"][data-state="ready"]').waitFor();
    await ask(page, 'What does shipping cost?');
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await page.close();
  });

  it('answers the last question again, in the place of the earlier answer', async () => {
    const page = await signIn('user@acme.test');
    await ask(page, 'Where is order 1042?');
    const turn = await ask(page, 'What does shipping cost?');
    expect(await page.getByTestId('regenerate').count()).toBe(1);
    const before = await page.evaluate('location.hash');
    await turn.getByTestId('regenerate').click();
    await page.locator('[data-testid="turn"][data-status="running"]').waitFor();
    await page.locator('[data-testid="turn"][data-status="running"]').waitFor({ state: 'detached', timeout: 30_000 });
    expect(await page.getByTestId('turn').count()).toBe(2);
    expect(await page.getByTestId('turn').last().getByTestId('answer-text').innerText()).toMatch(/€/);
    await page.reload();
    await page.getByTestId('turn').last().getByTestId('answer-text').waitFor();
    expect(await page.evaluate('location.hash')).toBe(before);
    expect(await page.getByTestId('turn').count()).toBe(2);
    expect(await page.getByTestId('answer').count()).toBe(2);
    await page.close();
  });

  it('raised no error in the browser', () => {
    expect(problems).toEqual([]);
  });
});

describeInBrowser('the console beside a slow model', () => {
  it('stops by Escape, and asks the same again', async () => {
    const standIn = await OpenAiStandIn.start({ tokens: 400, tokenDelayMs: 50 });
    const server = await TestServer.start({ env: { OPENAI_BASE_URL: standIn.url, OPENAI_API_KEY: 'sk-test' } });
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      await page.goto(server.url);
      await page.getByTestId('demo-user-user@acme.test').click();
      await page.locator('[data-testid="connection"][data-state="ready"]').waitFor();
      await page.getByTestId('composer-input').fill('How long do I have to return something?');
      await page.getByTestId('send').click();
      const turns = page.getByTestId('turn');
      await turns.first().locator('.answer-text.streaming').waitFor({ timeout: 30_000 });
      await page.keyboard.press('Escape');
      await turns.first().getByTestId('stopped').waitFor();
      await turns.first().getByTestId('again').click();
      await page.locator('.answer-text.streaming').waitFor({ timeout: 30_000 });
      await page.keyboard.press('Escape');
      await turns.last().getByTestId('stopped').waitFor();
    } finally {
      await browser.close();
      await server.stop();
      await standIn.stop();
    }
  }, 120_000);
});
