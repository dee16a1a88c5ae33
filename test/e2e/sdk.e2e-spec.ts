import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import type * as Library from '../../src/sdk/index.js';
import { describeInBrowser, launchChromium } from '../support/chromium.js';
import { TestServer } from '../support/test-server.js';

declare global {
  /** In the page. */
  var chat: Library.Chat;
}

/** The library as somebody else's page uses it: loaded from the server, on another origin, under a strict policy. */
describeInBrowser('the client library on a page of another site', () => {
  let server: TestServer;
  let site: Server;
  let browser: Browser;
  let page: Page;
  const problems: string[] = [];

  beforeAll(async () => {
    server = await TestServer.start();
    const { host } = new URL(server.url);
    site = createServer((_request, response) => {
      response.setHeader(
        'Content-Security-Policy',
        `default-src 'none'; script-src http://${host}; connect-src http://${host} ws://${host}`,
      );
      response.setHeader('Content-Type', 'text/html');
      response.end('<!doctype html><title>A shop</title>');
    });
    await once(site.listen(0, '127.0.0.1'), 'listening');
    browser = await launchChromium();
    page = await browser.newPage();
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('console', (line) => {
      // The shop has no favicon.
      if (line.type() === 'error' && !line.text().includes('favicon')) problems.push(line.text());
    });
    await page.goto(`http://127.0.0.1:${(site.address() as AddressInfo).port}/`);
  }, 180_000);
  afterAll(async () => {
    await browser?.close();
    site?.close();
    await server?.stop();
  });

  async function open(conversation: string | null = null): Promise<void> {
    const { token } = await server.login('user@acme.test');
    // As text: what compiles the tests would make another import of it.
    await page.evaluate(`(async () => {
      const { Chat } = await import(${JSON.stringify(`${server.url}/sdk/index.js`)});
      globalThis.chat = new Chat(${JSON.stringify({ url: server.url, token })});
      globalThis.chat.start(${JSON.stringify(conversation)});
    })()`);
  }
  /** Waits until the last turn has ended. */
  const ended = async () => {
    await page.waitForFunction(() => {
      const last = globalThis.chat.snapshot.conversation.items.at(-1);
      return last?.kind === 'turn' && ['completed', 'failed', 'cancelled'].includes(last.status);
    });
    return page.evaluate(() => {
      const { conversationId, items } = globalThis.chat.snapshot.conversation;
      const last = items.at(-1);
      if (last?.kind !== 'turn') throw new Error('no turn');
      const { answer, status, steps, text } = last;
      return { answer, conversationId, shown: items.length, status, steps: steps.map(({ step }) => step), text };
    });
  };

  it('asks, streams the answer, and rates it', async () => {
    await open();
    await page.evaluate(() => globalThis.chat.send('How long do I have to return something?'));
    const { answer, conversationId, status, steps, text } = await ended();
    expect(status).toBe('completed');
    expect(text).toMatch(/days/);
    expect(text).toBe(answer?.content);
    expect(steps).toContain('retrieving');
    expect(answer?.metadata?.citations?.length).toBeGreaterThan(0);
    await page.evaluate((id) => globalThis.chat.rate(id, 'up'), String(answer?.id));
    const { token } = await server.login('admin@acme.test');
    const rated = await server.api('/api/admin/conversations?rating=up', { token });
    expect(rated.body.data.map(({ id }: { id: string }) => id)).toContain(conversationId);
  }, 60_000);

  it('opens the conversation again, goes on, and stops', async () => {
    const { conversationId } = await ended();
    await page.evaluate(() => globalThis.chat.close());
    await open(conversationId);
    expect((await ended()).text).toMatch(/days/);
    await page.evaluate(async () => {
      const { chat } = globalThis;
      const running = new Promise<void>((resolve) => {
        chat.subscribe(() => {
          const last = chat.snapshot.conversation.items.at(-1);
          if (last?.kind === 'turn' && last.turnId !== null && last.status === 'running') resolve();
        });
      });
      chat.send('And how do I send it back?');
      await running;
      chat.stop();
    });
    const { shown, status } = await ended();
    expect(['cancelled', 'completed']).toContain(status);
    expect(shown).toBe(2);
  }, 60_000);

  it('breaks nothing of the page, and asks nobody else', () => {
    expect(problems).toEqual([]);
  });
});
