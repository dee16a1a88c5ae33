import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Global, Module } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { AgentRuntime, AgentsModule, TitleWriter } from '#agents';
import { AuthModule, PrincipalService } from '#auth';
import { ChannelsDrain, ChannelsModule, ChatSocketAdapter } from '#channels';
import { ConversationsModule } from '#conversations';
import { EscalationsModule } from '#escalations';
import { Bus, BusModule, MemoryHub, type PeerBus } from '#platform/bus';
import { type AppConfig, ConfigModule, loadConfig } from '#platform/config';
import type { Role } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { EventsModule } from '#platform/events';
import { HealthModule } from '#platform/health';
import { configureHttp, HttpModule } from '#platform/http';
import { LimitsModule } from '#platform/limits';
import { createLogger, LoggingModule } from '#platform/logging';
import { MailModule } from '#platform/mail';
import { OutboundModule } from '#platform/outbound';
import { OutboxModule } from '#platform/outbox';
import { RedisModule } from '#platform/redis';
import { SecretsModule } from '#platform/secrets';
import { TenantService, TenantsModule } from '#tenants';
import { WebhooksModule } from '#webhooks';
import { WidgetModule } from '#widget';
import { TestDatabase } from '../../support/test-database.js';
import { ChatClient } from './chat-client.js';
import { ScriptedRuntime } from './scripted-runtime.js';

const PASSWORD = 'correct horse battery';

export interface Person {
  readonly id: string;
  readonly email: string;
  readonly token: string;
  readonly refresh: string;
  readonly tenantId: string;
  readonly slug: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Record<string, never> & Record<string, unknown>;
}

/** Identity, conversations and channels on a port of their own, with scripted agents. */
export class ChatApp {
  private constructor(
    readonly app: NestExpressApplication,
    readonly runtime: ScriptedRuntime,
    readonly database: TestDatabase,
    readonly config: AppConfig,
    readonly address: string,
    private readonly folder: string,
    private readonly ownsDatabase: boolean,
    /** Where applications that share a database hear of each other, unless they have a bus of their own. */
    readonly hub: MemoryHub,
  ) {}

  /**
   * @param beside shares the database (and its keys) of another application
   * @param unitOfWork a way of its own to that database
   */
  static async start(env: Record<string, string> = {}, beside?: ChatApp, unitOfWork?: UnitOfWork): Promise<ChatApp> {
    const folder = beside?.folder ?? mkdtempSync(join(tmpdir(), 'switchboard-chat-'));
    const config = loadConfig({
      NODE_ENV: 'test',
      DATA_DIR: folder,
      PORT: '0',
      MESSAGES_PER_MINUTE: '0',
      REQUESTS_PER_MINUTE: '0',
      ...env,
    });
    const logger = createLogger({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' });
    const database = beside?.database ?? (await TestDatabase.start());
    const runtime = new ScriptedRuntime();
    const hub = beside?.hub ?? new MemoryHub();

    @Global()
    @Module({
      providers: [{ provide: UnitOfWork, useValue: unitOfWork ?? database.uow }],
      exports: [UnitOfWork],
    })
    class PoolModule {}

    const agents = [
      { provide: AgentRuntime, useValue: runtime },
      { provide: TitleWriter, useValue: { title: async () => '', reckon: async () => 0 } },
    ];
    @Module({ providers: agents, exports: [AgentRuntime, TitleWriter] })
    class ScriptedAgentsModule {}

    const built = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(config),
        LoggingModule.forRoot(logger),
        PoolModule,
        EventsModule,
        RedisModule.forRoot(config),
        BusModule.forRoot(config, config.embeddedDatabase ? hub : undefined),
        LimitsModule,
        SecretsModule,
        MailModule,
        OutboundModule,
        OutboxModule,
        HttpModule,
        HealthModule,
        TenantsModule,
        AuthModule,
        ChannelsModule,
        ConversationsModule,
        EscalationsModule,
        WidgetModule,
        WebhooksModule,
      ],
    })
      .overrideModule(AgentsModule)
      .useModule(ScriptedAgentsModule)
      .compile();
    const app = built.createNestApplication<NestExpressApplication>({ bodyParser: false, logger: false });
    configureHttp(app, config, logger);
    app.useWebSocketAdapter(new ChatSocketAdapter(app));
    await app.listen(0, '127.0.0.1');
    const { port } = (app.getHttpServer() as { address(): AddressInfo }).address();
    return new ChatApp(app, runtime, database, config, `127.0.0.1:${port}`, folder, beside === undefined, hub);
  }

  get http(): string {
    return `http://${this.address}`;
  }

  get bus(): PeerBus {
    return this.app.get<PeerBus>(Bus);
  }

  get drain(): ChannelsDrain {
    return this.app.get(ChannelsDrain);
  }

  async tenant(settings: Record<string, unknown> = {}): Promise<{ tenantId: string; slug: string }> {
    const slug = `t-${Math.random().toString(36).slice(2, 12)}`;
    const { id } = await this.app.get(TenantService).ensure({ slug, name: slug, settings } as never);
    return { tenantId: id, slug };
  }

  /** A person of a new or given tenant, signed in. */
  async person(tenant?: { tenantId: string; slug: string }, role: Role = 'end_user'): Promise<Person> {
    const { tenantId, slug } = tenant ?? (await this.tenant());
    const email = `${role}.${Math.random().toString(36).slice(2, 10)}@example.test`;
    const { principal } = await this.app
      .get(PrincipalService)
      .ensurePerson({ tenantId }, { email, name: role, role, password: PASSWORD });
    const signedIn = await this.signIn(slug, email);
    return { id: principal.id, email, tenantId, slug, ...signedIn };
  }

  async signIn(tenant: string, email: string): Promise<{ token: string; refresh: string }> {
    const answer = await this.call('/api/auth/login', { body: { tenant, email, password: PASSWORD } });
    if (answer.status !== 200) throw new Error(`login failed: ${answer.text}`);
    return { token: String(answer.body['access_token']), refresh: String(answer.body['refresh_token']) };
  }

  async call(
    path: string,
    call: { method?: string; token?: string; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const response = await this.fetch(path, call);
    const text = await response.text();
    const isJson = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
    return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : {} };
  }

  fetch(
    path: string,
    call: {
      method?: string;
      token?: string;
      body?: unknown;
      headers?: Record<string, string>;
      signal?: AbortSignal;
    } = {},
  ): Promise<Response> {
    return fetch(`${this.http}${path}`, {
      method: call.method ?? (call.body === undefined ? 'GET' : 'POST'),
      headers: {
        ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(call.token === undefined ? {} : { authorization: `Bearer ${call.token}` }),
        ...call.headers,
      },
      body: call.body === undefined ? undefined : JSON.stringify(call.body),
      signal: call.signal,
    });
  }

  /** Opens a socket; nobody is signed in by it. */
  socket(path = '/ws/chat', options: Parameters<typeof ChatClient.open>[1] = {}): Promise<ChatClient> {
    return ChatClient.open(`ws://${this.address}${path}`, options);
  }

  /** A socket that is ready to chat. */
  async chat(person: Person, query = ''): Promise<ChatClient> {
    const client = await this.socket(`/ws/chat${query}`, { headers: { authorization: `Bearer ${person.token}` } });
    await client.next('ready');
    return client;
  }

  async stop(): Promise<void> {
    this.runtime.release();
    await this.app.close();
    if (!this.ownsDatabase) return;
    await this.database.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
