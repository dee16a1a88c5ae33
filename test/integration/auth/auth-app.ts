import { Controller, Get, Global, Module, Param, type Type } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuthModule, PrincipalService } from '#auth';
import { BusModule } from '#platform/bus';
import { type AppConfig, ConfigModule, loadConfig } from '#platform/config';
import type { RequestContext, Role } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { EventsModule } from '#platform/events';
import { configureHttp, Ctx, HttpModule, RequirePermission, setupSwagger } from '#platform/http';
import { LimitsModule } from '#platform/limits';
import { createLogger, LoggingModule } from '#platform/logging';
import { MailModule } from '#platform/mail';
import { OutboundModule } from '#platform/outbound';
import { OutboxModule } from '#platform/outbox';
import { RedisModule } from '#platform/redis';
import { SecretsModule } from '#platform/secrets';
import { TenantsModule } from '#tenants';
import { TestDatabase } from '../../support/test-database.js';

export const PASSWORD = 'correct horse battery';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** A test reads whatever JSON came. */
  readonly body: Record<string, never> & Record<string, unknown>;
  readonly text: string;
}

export interface Call {
  readonly method?: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly raw?: string;
  readonly headers?: Record<string, string>;
}

/** Stands for any module's routes: one under a tenant's path, one that declares nothing. */
@Controller('api/:tenant/probe')
class ProbeController {
  @Get()
  @RequirePermission('chat')
  own(@Ctx() ctx: RequestContext): { tenant_id: string } {
    return { tenant_id: ctx.tenantId };
  }

  @Get('undeclared')
  undeclared(): { secret: string } {
    return { secret: 'nobody may read this' };
  }

  @Get('broken/:what')
  @RequirePermission('chat')
  broken(@Param('what') what: string): never {
    throw new Error(`postgres://user:hunter2@db/${what} is gone`);
  }
}

/** The identity half of the product, listening on a port of its own. */
export class AuthApp {
  private constructor(
    readonly app: NestExpressApplication,
    readonly database: TestDatabase,
    readonly config: AppConfig,
    readonly url: string,
    private readonly folder: string,
  ) {}

  /** @param options `beside`: on the same database and with the same keys (passport's strategies belong to the process) */
  static async start(
    env: Record<string, string> = {},
    options: { beside?: AuthApp; imports?: Type[]; unitOfWork?: UnitOfWork; pool?: number } = {},
  ): Promise<AuthApp> {
    const folder = options.beside?.folder ?? mkdtempSync(join(tmpdir(), 'switchboard-auth-'));
    const config = loadConfig({ NODE_ENV: 'test', DATA_DIR: folder, PORT: '0', ...env });
    const logger = createLogger({ level: 'silent' });
    const database = options.beside?.database ?? (await TestDatabase.start({ pool: options.pool }));

    @Module({ controllers: [ProbeController] })
    class ProbeModule {}

    // Not `DatabaseModule`, which closes the pool together with the application: specs start several on one database.
    @Global()
    @Module({
      providers: [{ provide: UnitOfWork, useValue: options.unitOfWork ?? database.uow }],
      exports: [UnitOfWork],
    })
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
        MailModule,
        OutboundModule,
        OutboxModule,
        HttpModule,
        TenantsModule,
        AuthModule,
        ProbeModule,
        ...(options.imports ?? []),
      ],
    }).compile();
    const app = built.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
    configureHttp(app, config, logger);
    setupSwagger(app, config, '0.0.0');
    await app.listen(0, '127.0.0.1');
    const server = app.getHttpServer() as { address(): AddressInfo };
    return new AuthApp(app, database, config, `http://127.0.0.1:${server.address().port}`, folder);
  }

  async call(path: string, call: Call = {}): Promise<Answer> {
    const hasBody = call.body !== undefined || call.raw !== undefined;
    const response = await fetch(`${this.url}${path}`, {
      method: call.method ?? (hasBody ? 'POST' : 'GET'),
      headers: {
        ...(hasBody ? { 'content-type': 'application/json' } : {}),
        ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
        ...call.headers,
      },
      body: call.raw ?? (call.body === undefined ? undefined : JSON.stringify(call.body)),
    });
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
    return { status: response.status, headers: response.headers, text, body: json ? JSON.parse(text) : {} };
  }

  /** A person who can sign in with `PASSWORD`. */
  async person(
    tenantId: string,
    role: Role,
    options: { email?: string; persona?: string } = {},
  ): Promise<{ id: string; email: string }> {
    const email = options.email ?? `${role}.${Math.random().toString(36).slice(2, 10)}@example.test`;
    const { principal } = await this.app
      .get(PrincipalService)
      .ensurePerson({ tenantId }, { email, name: role, role, persona: options.persona, password: PASSWORD });
    return { id: principal.id, email };
  }

  async login(tenant: string, email: string, password = PASSWORD): Promise<{ access: string; refresh: string }> {
    const answer = await this.call('/api/auth/login', { body: { tenant, email, password } });
    if (answer.status !== 200) throw new Error(`login failed: ${answer.text}`);
    return { access: String(answer.body['access_token']), refresh: String(answer.body['refresh_token']) };
  }

  /** A new person of a new or given tenant, signed in. */
  async signedIn(
    role: Role,
    tenant?: { tenantId: string; slug: string },
  ): Promise<{ id: string; email: string; token: string; refresh: string; tenantId: string; slug: string }> {
    const { tenantId, slug } = tenant ?? (await this.database.tenant());
    const person = await this.person(tenantId, role);
    const { access, refresh } = await this.login(slug, person.email);
    return { ...person, token: access, refresh, tenantId, slug };
  }

  /** @param beside true when another application goes on with the database */
  async stop(beside = false): Promise<void> {
    await this.app.close();
    if (beside) return;
    await this.database.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
