import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { Cluster, type ClusterServer } from '../faults/cluster.js';
import { eventually } from '../faults/waiting.js';
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

  const picture = async (page: Page, name: string): Promise<void> => {
    if (PICTURES !== undefined) await page.screenshot({ path: join(PICTURES, `${name}.png`) });
  };

  /** The supporter's desk, at the server that is not killed. */
  const desk = async (): Promise<(path: string, body?: object, method?: string) => Promise<Record<string, any>>> => {
    const { token } = await cluster.b.process.login('supporter@acme.test');
    return async (path, body, method = body === undefined ? 'GET' : 'POST') => {
      const answer = await cluster.b.api(`/api/acme/supporter/${path}`, { token, method, ...(body ? { body } : {}) });
      if (answer.status >= 300) throw new Error(`${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body;
    };
  };

  it('go from one to the other and back, over two servers of which one is killed', async () => {
    const supporter = await desk();
    await supporter('availability', { status: 'online', capacity: 3, skills: [], languages: ['en'] }, 'PUT');
    const visitor = await site.visit(browser);
    const write = async (text: string) => {
      await visitor.getByTestId('input').fill(text);
      await visitor.keyboard.press('Enter');
    };
    const completed = visitor.locator('[data-testid=turn][data-status=completed]');
    await visitor.getByTestId('launcher').click();
    await write('How long do I have to return something?');
    await completed.first().waitFor({ timeout: 30_000 });
    await picture(visitor, '1-visitor-agent');
    await write('I want to talk to a person');
    await visitor.getByTestId('waiting').waitFor();
    await completed.nth(1).waitFor();
    await picture(visitor, '2-visitor-waiting');

    const [waiting] = (await supporter('queue'))['data'];
    await supporter(`escalations/${waiting.id}/accept`, {});
    await supporter(`escalations/${waiting.id}/reply`, { content: 'Hello, this is Darragh. How can I help?' });
    await visitor.getByTestId('supporter-message').first().waitFor();
    await picture(visitor, '3-visitor-person');

    await cluster.a.kill();
    await write('The parcel arrived broken.');
    const heard = async () =>
      JSON.stringify(await supporter(`escalations/${waiting.id}`)).includes('The parcel arrived broken.');
    await eventually(heard, 'the visitor’s words to arrive over the other server', 30_000);
    await supporter(`escalations/${waiting.id}/reply`, { content: 'I have sent you a new one.' });
    await visitor.getByTestId('supporter-message').nth(1).waitFor({ timeout: 30_000 });
    await supporter(`escalations/${waiting.id}/return-to-agent`, { summary: 'A new parcel is on its way.' });

    await write('Where is my order 1042?');
    await completed.nth(2).waitFor({ timeout: 30_000 });
    await picture(visitor, '4-visitor-agent-again');
    const said = await visitor.getByTestId('log').innerText();
    for (const words of ['broken', 'a new one', 'Darragh']) expect(said.split(words).length).toBeGreaterThan(1);
    expect(said.split('I have sent you a new one.').length - 1).toBe(1);
    expect(said.split('The parcel arrived broken.').length - 1).toBe(1);
    expect(site.problems).toEqual([]);
  }, 240_000);
});
