import type { NestExpressApplication } from '@nestjs/platform-express';
import { builtFile } from '#platform/paths';

/** The console: its page at `/`, its files below `/console/`. Names are not hashed, so browsers ask each time (ETag). */
export function servePages(app: NestExpressApplication): void {
  const folder = builtFile('console');
  const options = { index: false as const, cacheControl: false, setHeaders: revalidate, redirect: false };
  app.useStaticAssets(folder, { ...options, prefix: '/console' });
  app.useStaticAssets(folder, { ...options, prefix: '/', index: 'index.html' });
}

function revalidate(response: { setHeader(name: string, value: string): unknown }): void {
  response.setHeader('Cache-Control', 'no-cache');
}
