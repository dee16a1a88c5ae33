/**
 * The shop's website, on a loopback port of its own: a customer's page of another origin, with the widget of the tenant in it.
 *
 *   GET  /            the page         GET /shop.css  GET /shop.js
 *   POST /identity    `{identity_token}`: what a site's own server says of who is signed in, here always Ana
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import jwt from 'jsonwebtoken';
import type { SecretString } from '#platform/secrets';
import { SHOP_SCRIPT, SHOP_STYLE, shopPage } from './shop-page.js';

const CUSTOMER = { sub: 'shop-ana', name: 'Ana Byrne' };
const IDENTITY_SECONDS = 300;

export interface ShopWidget {
  readonly publicKey: string;
  readonly secret: SecretString;
}

export class ShopSite {
  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {}

  /** @param port the one to take when it is free; 0: any */
  static async listen(port: number): Promise<ShopSite> {
    const server = createServer();
    server.requestTimeout = 10_000;
    const taken = await listening(server, port).catch(() => listening(server, 0));
    return new ShopSite(server, `http://127.0.0.1:${taken}`);
  }

  /** @param serverUrl where the widget comes from */
  open(serverUrl: string, widget: ShopWidget): void {
    const page = shopPage({ script: `${serverUrl}/widget.js`, key: widget.publicKey });
    const policy = policyFor(serverUrl);
    this.server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      response.setHeader('content-security-policy', policy);
      response.setHeader('x-content-type-options', 'nosniff');
      response.setHeader('cache-control', 'no-store');
      const send = (type: string, body: string) => {
        response.setHeader('content-type', `${type}; charset=utf-8`);
        response.end(body);
      };
      switch (`${request.method} ${new URL(request.url ?? '/', this.url).pathname}`) {
        case 'GET /':
          return send('text/html', page);
        case 'GET /shop.css':
          return send('text/css', SHOP_STYLE);
        case 'GET /shop.js':
          return send('text/javascript', SHOP_SCRIPT);
        case 'POST /identity':
          return send('application/json', JSON.stringify({ identity_token: identity(widget.secret) }));
        default:
          response.statusCode = 404;
          return send('text/plain', 'There is nothing here.');
      }
    });
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.server.close(() => resolve());
      this.server.closeAllConnections();
    });
  }
}

/** As a careful shop would set it: its own files, and the chat. */
function policyFor(serverUrl: string): string {
  const { host, origin } = new URL(serverUrl);
  const socket = `${origin.startsWith('https') ? 'wss' : 'ws'}://${host}`;
  return [
    "default-src 'none'",
    `script-src 'self' ${origin}`,
    `connect-src 'self' ${origin} ${socket}`,
    "style-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function identity(secret: SecretString): string {
  return jwt.sign(CUSTOMER, secret.reveal(), { algorithm: 'HS256', expiresIn: IDENTITY_SECONDS });
}

async function listening(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
  return (server.address() as AddressInfo).port;
}
