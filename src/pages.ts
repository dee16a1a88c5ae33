import type { AppConfig } from '#platform/config';
import { NotFoundError } from '#platform/errors';
import { builtFile } from '#platform/paths';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { NextFunction, Request, Response } from 'express';

/**
 * The console: its page at `/`, its files below `/console/`. For pages of other sites as well: the client library below
 * `/sdk/`, and the widget at `/widget.js` with what it loads below `/widget/`. Names are not hashed, so browsers ask each time
 * (ETag).
 */
export function servePages(app: NestExpressApplication, config: Pick<AppConfig, 'production'>): void {
  const folder = builtFile('console');
  const options = { index: false as const, cacheControl: false, setHeaders: revalidate, redirect: false };
  if (config.production) app.use(withoutSourceMaps);
  app.useStaticAssets(folder, { ...options, prefix: '/console' });
  app.useStaticAssets(builtFile('sdk'), { ...options, prefix: '/sdk', setHeaders: forEverybody });
  app.useStaticAssets(builtFile('page'), { ...options, prefix: '/', setHeaders: forEverybody });
  app.useStaticAssets(folder, { ...options, prefix: '/', index: 'index.html' });
}

function revalidate(response: { setHeader(name: string, value: string): unknown }): void {
  response.setHeader('Cache-Control', 'no-cache');
}

/** A module of another site is loaded only when its server lets everybody. */
function forEverybody(response: Parameters<typeof revalidate>[0]): void {
  revalidate(response);
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
}

/** Source maps hold the sources, comments included: for developers, not for everybody who opens the page. */
function withoutSourceMaps(request: Request, _response: Response, next: NextFunction): void {
  if (/\.map$/i.test(decoded(request.path))) next(new NotFoundError());
  else next();
}

/** As the file server reads it, so that no spelling of a name slips by. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
