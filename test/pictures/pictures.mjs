// `npm run pictures`: the pictures at the top of the README, taken from the built server in Chromium, light and dark.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const FOLDER = new URL('../../.github/pictures/', import.meta.url);
const PASSWORD = 'a demo password for pictures';
const DESKTOP = { width: 1400, height: 860 };
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

const { DATABASE_URL: _, REDIS_URL: __, ...env } = process.env;
const dataDir = await mkdtemp(join(tmpdir(), 'switchboard-pictures-'));
const server = spawn(process.execPath, ['dist/main.js'], {
  env: { ...env, DATA_DIR: dataDir, PORT: '0', DEMO_PASSWORD: PASSWORD, LLM_PROVIDER: 'offline' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const { shop, url } = await addresses(server);
  await documentsRead(url);
  await mkdir(FOLDER, { recursive: true });
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--headless', '--no-sandbox', '--disable-gpu'],
  });
  for (const colorScheme of ['light', 'dark']) {
    const visit = () => browser.newPage({ viewport: DESKTOP, colorScheme, locale: 'en-GB' });
    const save = (page, name) => page.screenshot({ path: new URL(`${name}-${colorScheme}.png`, FOLDER).pathname });
    await conversation(await visit(), url, save);
    await people(await visit(), await visit(), { shop, url }, save);
  }
  await browser.close();
} finally {
  server.kill('SIGTERM');
  await new Promise((resolve) => server.once('exit', resolve));
  await rm(dataDir, { recursive: true, force: true });
}

/** Two agents answer one question, with a source open beside it. */
async function conversation(page, url, save) {
  await signIn(page, url, 'user@acme.test');
  await page.getByTestId('composer-input').fill('Where is order 1042 and how do refunds work?');
  await page.getByTestId('send').click();
  await page.locator('[data-testid=turn][data-status=completed]').waitFor();
  await page.getByTestId('log').evaluate((log) => (log.scrollTop = 0));
  await save(page, 'conversation');
  await page.close();
}

/** A visitor of the shop asks for somebody, and a supporter answers. */
async function people(visitor, supporter, { shop, url }, save) {
  await signIn(supporter, url, 'supporter@acme.test');
  await supporter.getByTestId('nav-inbox').click();
  await supporter.getByTestId('availability').selectOption('online');
  await visitor.goto(shop);
  await visitor.getByTestId('launcher').click();
  const write = async (text) => {
    await visitor.getByTestId('input').fill(text);
    await visitor.keyboard.press('Enter');
  };
  await write('How long do I have to return something?');
  await visitor.locator('[data-testid=turn][data-status=completed]').waitFor();
  await save(visitor, 'widget');
  await write('I would like to talk to a person, please');
  await visitor.getByTestId('waiting').waitFor();
  await supporter.getByTestId('case').first().click();
  await supporter.getByTestId('accept').click();
  await supporter.getByTestId('reply-input').fill('Hello! I am Darragh. Which order is it about?');
  await supporter.keyboard.press('Enter');
  await visitor.getByTestId('supporter-message').waitFor();
  await write('Number 1042, the lamp. It flickers.');
  await supporter.getByTestId('said-user').nth(2).waitFor();
  await supporter.getByTestId('reply-input').fill('I am sorry to hear that. I will send you a new one today.');
  await save(supporter, 'inbox');
  await supporter.getByTestId('resolve').click();
  await Promise.all([visitor.close(), supporter.close()]);
}

async function signIn(page, url, email) {
  await page.goto(url);
  await page.getByTestId(`demo-user-${email}`).click();
  await page.locator('[data-testid=connection][data-state=ready]').waitFor();
}

/** Answers of the first seconds would say that the documents are being read. */
async function documentsRead(url) {
  for (;;) {
    const demo = await (await fetch(`${url}/api/public/demo`)).json();
    if (!demo.reading) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

/** As the start prints them for people. */
function addresses(child) {
  return new Promise((resolve, reject) => {
    let printed = '';
    child.stdout.on('data', (chunk) => {
      printed += String(chunk);
      const shop = /chat in its corner: (\S+)/.exec(printed)?.[1];
      const url = /(http:\/\/127\.0\.0\.1:\d+)\/? /.exec(printed)?.[1];
      if (shop !== undefined && url !== undefined) resolve({ shop, url });
    });
    child.once('exit', (code) => reject(new Error(`The server ended with ${code} before it was up:\n${printed}`)));
  });
}
