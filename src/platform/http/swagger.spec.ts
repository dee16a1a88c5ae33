import type { AppConfig } from '#platform/config';
import { Module } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { setupSwagger } from './swagger.js';

@Module({})
class NothingModule {}

/** What the pages of the documentation answer with. */
async function statuses(production: boolean, docsPublic: boolean): Promise<number[]> {
  const built = await Test.createTestingModule({ imports: [NothingModule] }).compile();
  const app = built.createNestApplication<NestExpressApplication>({ logger: false });
  setupSwagger(app, { production, env: { DOCS_PUBLIC: docsPublic } } as AppConfig, '0.0.0');
  await app.listen(0, '127.0.0.1');
  try {
    const paths = ['/docs', '/docs/', '/docs/index.html', '/docs/swagger-ui-init.js', '/docs-json', '/docs-yaml'];
    return await Promise.all(paths.map(async (path) => (await fetch(`${await app.getUrl()}${path}`)).status));
  } finally {
    await app.close();
  }
}

describe('the documentation', () => {
  it('is for everybody while developing, and in production where the operator says so', async () => {
    const all = [200, 200, 200, 200, 200, 200];
    expect([await statuses(false, false), await statuses(true, true)]).toEqual([all, all]);
  });

  it('is for nobody in production otherwise', async () => {
    expect(await statuses(true, false)).toEqual([404, 404, 404, 404, 404, 404]);
  });
});
