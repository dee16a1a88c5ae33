import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { Cluster, type ClusterServer } from '../faults/cluster.js';
import { describeInBrowser, launchChromium } from '../support/chromium.js';
import { CustomerSite } from '../support/customer-site.js';

/** To look at what was seen: PICTURES=/tmp/pictures */
const PICTURES = process.env['PICTURES'];

/** What stands before the servers: new connections go to whichever is up, those of a dead one end with it. */
class Balancer {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  static async start(targets: () => readonly ClusterServer[]): Promise<Balancer> {
    const server = createServer((client) => {
      const target = targets().find(({ alive }) => alive);
      if (target === undefined) return client.destroy();
      const upstream = connect(Number(new URL(target.url).port), '127.0.0.1');
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const)
        from
          .on('error', () => to.destroy())
          .on('close', () => to.destroy())
          .pipe(to);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new Balancer(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  }

  stop(): void {
    this.server.close();
  }
}

describeInBrowser('a visitor on a customer’s page, an agent and a person', () => {
  let cluster: Cluster;
  let balancer: Balancer;
  let site: CustomerSite;
  let browser: Browser;
  const problems: string[] = [];

  beforeAll(async () => {
    cluster = await Cluster.start({ redis: true, env: { LLM_PROVIDER: 'offline' } });
    balancer = await Balancer.start(() => cluster.servers);
    site = await CustomerSite.start(balancer.url);
    const widget = await cluster.admin('widgets', { name: 'Shop', origins: [site.origin] });
    site.publicKey = widget['public_key'];
    browser = await launchChromium();
    if (PICTURES !== undefined) await mkdir(PICTURES, { recursive: true });
  }, 240_000);
  afterAll(async () => {
    await browser?.close();
    site?.stop();
    balancer?.stop();
    await cluster?.stop();
  }, 60_000);

  const open = async (url: string, options: BrowserContextOptions = {}): Promise<Page> => {
    const context = await browser.newContext({ locale: 'en-GB', ...options });
    const page = await context.newPage();
    page.on('pageerror', (error) => problems.push(error.message));
    await page.goto(url);
    return page;
  };

  /** The supporter's page, at the server that is not killed. */
  const inbox = async (): Promise<Page> => {
    const page = await open(cluster.b.url, { viewport: { width: 1400, height: 860 } });
    await page.getByTestId('demo-user-supporter@acme.test').click();
    await page.getByTestId('inbox').waitFor();
    await page.getByTestId('availability').selectOption('online');
    return page;
  };

  it('go from one to the other and back, over two servers of which one is killed', async () => {
    const supporter = await inbox();
    const visitor = await site.visit(browser);
    const write = async (text: string) => {
      await visitor.getByTestId('input').fill(text);
      await visitor.keyboard.press('Enter');
    };
    const answer = async (text: string) => {
      await supporter.getByTestId('reply-input').fill(text);
      await supporter.keyboard.press('Enter');
    };
    const picture = async (name: string): Promise<void> => {
      for (const [side, page] of [
        ['visitor', visitor],
        ['supporter', supporter],
      ] as const) {
        const desktop = page.viewportSize() ?? { width: 1280, height: 720 };
        for (const colorScheme of PICTURES === undefined ? [] : (['light', 'dark'] as const)) {
          await page.emulateMedia({ colorScheme });
          for (const [size, viewport] of Object.entries({ desktop, phone: { width: 360, height: 740 } })) {
            await page.setViewportSize(viewport);
            await page.waitForTimeout(400);
            await page.screenshot({ path: join(PICTURES ?? '', `${name}-${side}-${size}-${colorScheme}.png`) });
          }
        }
        await page.setViewportSize(desktop);
      }
    };
    const completed = visitor.locator('[data-testid=turn][data-status=completed]');
    await visitor.getByTestId('launcher').click();
    await write('How long do I have to return something?');
    await completed.first().waitFor({ timeout: 30_000 });
    await write('I want to talk to a person');
    await visitor.getByTestId('waiting').waitFor();
    await completed.nth(1).waitFor();
    await supporter.getByTestId('case').first().click();
    await supporter.getByTestId('said-user').nth(1).waitFor();
    await picture('1-waiting');

    await supporter.getByTestId('accept').click();
    await answer('Hello, this is Darragh. How can I help?');
    await visitor.getByTestId('supporter-message').first().waitFor();
    await visitor.getByTestId('input').pressSequentially('Th');
    await supporter.getByTestId('user-typing').waitFor();

    await cluster.a.kill();
    await write('The parcel arrived broken.');
    await supporter.getByTestId('said-user').filter({ hasText: 'arrived broken' }).waitFor({ timeout: 30_000 });
    await answer('I have sent you a new one.');
    await visitor.getByTestId('supporter-message').nth(1).waitFor({ timeout: 30_000 });
    await picture('2-person');
    await supporter.getByTestId('return').click();
    await supporter.getByTestId('return-summary').fill('A new parcel is on its way.');
    await supporter.getByTestId('return-confirm').click();
    await supporter.locator('[data-testid=case-view][data-status=returned]').waitFor();

    await write('What does shipping cost?');
    await completed.nth(2).waitFor({ timeout: 30_000 });
    await supporter.getByTestId('said-agent').filter({ hasText: '€' }).first().waitFor();
    await picture('3-agent-again');
    const once = (text: string, words: string) => expect(text.split(words).length - 1).toBe(1);
    for (const log of [visitor.getByTestId('log'), supporter.getByTestId('case-log')]) {
      const said = await log.innerText();
      for (const words of ['this is Darragh', 'The parcel arrived broken.', 'I have sent you a new one.'])
        once(said, words);
      expect(said).toMatch(/€/);
    }
    expect([...site.problems, ...problems]).toEqual([]);
    await supporter.context().close();
  }, 240_000);
});
