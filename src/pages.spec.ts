import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';
import express, { type NextFunction, type Request, type Response } from 'express';
import { servePages } from './pages.js';

/** What a page's path answers with, in production or while developing. */
async function statusOf(production: boolean, path: string): Promise<number> {
  const app = express();
  const useStaticAssets = (folder: string, { prefix, ...options }: { prefix: string }) =>
    app.use(prefix, express.static(folder, options));
  servePages(Object.assign(app, { useStaticAssets }) as unknown as NestExpressApplication, { production });
  app.use((_error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    response.status(404).end();
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    return (await fetch(`http://127.0.0.1:${port}${path}`)).status;
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

describe('the console’s files', () => {
  it('come with their source maps while developing', async () => {
    expect(await statusOf(false, '/console/main.js')).toBe(200);
    expect(await statusOf(false, '/console/main.js.map')).toBe(200);
  });

  it('come without them in production, however the name is written', async () => {
    expect(await statusOf(true, '/console/main.js')).toBe(200);
    expect(await statusOf(true, '/sdk/index.js')).toBe(200);
    for (const path of [
      '/main.js.map',
      '/console/main.js.map',
      '/console/main.css.map',
      '/console/main.js%2emap',
      '/sdk/index.js.map',
    ]) {
      expect(await statusOf(true, path)).toBe(404);
    }
    expect(await statusOf(true, '/console/main.js.m%61p')).toBe(404);
  });
});
