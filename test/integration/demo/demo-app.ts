import type { NestExpressApplication } from '@nestjs/platform-express';
import { Global, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DemoModule, DemoSeeder } from '#demo';
import { BusModule } from '#platform/bus';
import { ConfigModule, loadConfig } from '#platform/config';
import { UnitOfWork } from '#platform/database';
import { EventsModule } from '#platform/events';
import { configureHttp, HttpModule } from '#platform/http';
import { LimitsModule } from '#platform/limits';
import { createLogger, LoggingModule } from '#platform/logging';
import { MailModule } from '#platform/mail';
import { OutboundModule } from '#platform/outbound';
import { OutboxModule } from '#platform/outbox';
import { QueueModule } from '#platform/queue';
import { RedisModule } from '#platform/redis';
import { SecretsModule } from '#platform/secrets';
import { TestDatabase } from '../../support/test-database.js';

/** The demo with the modules below it, on a database that outlives it: a start is one instance. */
export class DemoApp {
  private constructor(
    readonly app: NestExpressApplication,
    readonly url: string,
  ) {}

  static async start(database: TestDatabase, folder: string, env: Record<string, string> = {}): Promise<DemoApp> {
    const config = loadConfig({ NODE_ENV: 'test', DATA_DIR: folder, PORT: '0', SEED_DEMO: 'true', ...env });
    const logger = createLogger({ level: env['LOG_LEVEL'] ?? 'silent' });

    @Global()
    @Module({ providers: [{ provide: UnitOfWork, useValue: database.uow }], exports: [UnitOfWork] })
    class PoolModule {}

    const built = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(config),
        LoggingModule.forRoot(logger),
        PoolModule,
        EventsModule,
        RedisModule.forRoot(config),
        BusModule.forRoot(config),
        LimitsModule,
        SecretsModule,
        HttpModule,
        MailModule,
        OutboundModule,
        OutboxModule,
        QueueModule,
        DemoModule,
      ],
    }).compile();
    const app = built.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
    configureHttp(app, config, logger);
    await app.listen(0, '127.0.0.1');
    const server = app.getHttpServer() as { address(): AddressInfo };
    return new DemoApp(app, `http://127.0.0.1:${server.address().port}`);
  }

  get seeder(): DemoSeeder {
    return this.app.get(DemoSeeder);
  }

  async demo(headers: Record<string, string> = {}): Promise<{ status: number; body: DemoAnswer }> {
    const response = await fetch(`${this.url}/api/public/demo`, { headers });
    return { status: response.status, body: (await response.json()) as DemoAnswer };
  }

  async login(tenant: string, email: string, password: string): Promise<number> {
    const response = await fetch(`${this.url}/api/auth/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ tenant, email, password }),
    });
    return response.status;
  }

  stop(): Promise<void> {
    return this.app.close();
  }
}

export interface DemoAnswer {
  readonly password: string;
  readonly users: readonly { readonly tenant: string; readonly email: string; readonly role: string }[];
}

export function temporaryFolder(): { path: string; remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'switchboard-demo-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
