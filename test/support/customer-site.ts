import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

export interface SitePage {
  /** Before everything else: `quirks` leaves out the doctype. */
  readonly mode?: 'standards' | 'quirks';
  /** Attributes of the widget's tag beside its key. */
  readonly attributes?: string;
  /** Runs as a script of the site, before the widget's. */
  readonly script?: string;
  readonly body?: string;
  /** `nonces`: scripts by nonce and what they load, and no address of a script that nobody vouched for. */
  readonly policy?: 'hosts' | 'nonces';
}

const NONCE = 'q0XoE3mYpVbT9sLk';

/** A customer's site on an origin of its own, whose policy allows its own scripts and the server, and nothing else. */
export class CustomerSite {
  readonly problems: string[] = [];
  private page: SitePage = {};
  private readonly contexts: BrowserContext[] = [];

  private constructor(
    private readonly server: Server,
    readonly origin: string,
    private readonly host: string,
  ) {}

  publicKey = '';

  static async start(serverUrl: string): Promise<CustomerSite> {
    const server = createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const site = new CustomerSite(server, origin, new URL(serverUrl).host);
    server.on('request', (request, response) => {
      const { host } = site;
      const scripts =
        site.page.policy === 'nonces'
          ? `script-src 'nonce-${NONCE}' 'strict-dynamic'; require-trusted-types-for 'script'`
          : `script-src 'self' http://${host}`;
      response.setHeader(
        'Content-Security-Policy',
        `default-src 'none'; ${scripts}; connect-src http://${host} ws://${host}`,
      );
      if (request.url === '/site.js') {
        response.setHeader('Content-Type', 'text/javascript');
        return response.end(site.page.script ?? '');
      }
      if (request.url !== '/') return response.writeHead(404).end();
      response.setHeader('Content-Type', 'text/html; charset=utf-8');
      return response.end(site.html());
    });
    return site;
  }

  /** A new visitor's browser on it. */
  async visit(browser: Browser, page: SitePage = {}, options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ locale: 'en-GB', ...options });
    this.contexts.push(context);
    return this.open(await context.newPage(), page);
  }

  async open(tab: Page, page: SitePage = {}): Promise<Page> {
    this.page = page;
    tab.on('pageerror', (error) => this.problems.push(error.message));
    tab.on('console', (line) => {
      if (line.type() === 'error' && !/favicon|Failed to load resource/.test(line.text()))
        this.problems.push(line.text());
    });
    await tab.goto(`${this.origin}/`);
    return tab;
  }

  async leave(): Promise<void> {
    await Promise.all(this.contexts.splice(0).map((context) => context.close()));
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }

  private html(): string {
    const { attributes = '', body = '<h1>A shop</h1>', mode = 'standards' } = this.page;
    return `${mode === 'quirks' ? '' : '<!doctype html>'}<html lang="en"><head><meta name="viewport" content="width=device-width,initial-scale=1"><title>A shop</title>
<script nonce="${NONCE}" src="/site.js"></script><script nonce="${NONCE}" src="http://${this.host}/widget.js" data-widget="${this.publicKey}" ${attributes} async></script></head>
<body><main>${body}</main></body></html>`;
  }
}
