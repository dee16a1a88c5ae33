import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PrincipalService } from '#auth';
import { loadConfig } from '#platform/config';
import type { RequestContext } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { createLogger } from '#platform/logging';
import { projectRoot } from '#platform/paths';
import { TenantService } from '#tenants';
import { type RunningServer, startServer } from '../../src/server.js';
import { TestDatabase } from '../support/test-database.js';

const PASSWORD = 'golden questions';
const INDEXED_WITHIN_MS = 120_000;

export interface Answer {
  readonly content: string;
  readonly payloads: readonly { readonly payload_type: string; readonly items: readonly { readonly id: string }[] }[];
  readonly metadata: {
    readonly intent: string;
    readonly intents: readonly { readonly agent: string }[];
    readonly citations: readonly { readonly title: string }[];
  };
}

/** The whole server with the demo data, without a model, asked over HTTP as a client does. */
export class DemoServer {
  private readonly tokens = new Map<string, Promise<string>>();

  private constructor(
    private readonly server: RunningServer,
    private readonly dispose: () => Promise<void>,
  ) {}

  /** Resolves when every document is indexed. */
  static async start(): Promise<DemoServer> {
    const database = await TestDatabase.create();
    const folder = await mkdtemp(join(tmpdir(), 'switchboard-evals-'));
    const env = {
      NODE_ENV: 'test',
      PORT: '0',
      DATABASE_URL: database.url,
      DATABASE_POOL: '8',
      DATA_DIR: folder,
      SEED_DEMO: 'true',
      DEMO_PASSWORD: PASSWORD,
      LLM_PROVIDER: 'offline',
      MESSAGES_PER_MINUTE: '0',
      REQUESTS_PER_MINUTE: '0',
    };
    const server = await startServer(loadConfig(env), createLogger({ level: 'silent' }));
    const demo = new DemoServer(server, async () => {
      await server.stop();
      await database.dispose();
      await rm(folder, { recursive: true, force: true });
    });
    for (const tenant of ['acme', 'jobs']) await demo.indexed(tenant);
    return demo;
  }

  get app(): RunningServer['app'] {
    return this.server.app;
  }

  async ask(tenant: string, email: string, content: string): Promise<Answer> {
    const response = await this.post(`/api/${tenant}/chat`, { content }, await this.token(tenant, email));
    if (response.status !== 200) throw new Error(`${content}: ${response.status} ${await response.text()}`);
    return ((await response.json()) as { message: Answer }).message;
  }

  async contextOf(tenant: string, email: string): Promise<RequestContext> {
    const tenantId = await this.tenantId(tenant);
    const person = await this.app.get(PrincipalService).findByEmail({ tenantId }, email);
    if (person === null) throw new Error(`nobody is ${email}`);
    const { id, persona, role } = person;
    return { tenantId, principal: { id, role, persona, sessionId: null }, correlationId: 'evals' };
  }

  async knowledgeBaseId(tenant: string, name: string): Promise<string> {
    const tenantId = await this.tenantId(tenant);
    const [base] = await this.app
      .get(UnitOfWork)
      .query<{ id: string }>({ tenantId }, 'SELECT id FROM app.knowledge_base WHERE tenant_id = $1 AND name = $2', [
        tenantId,
        name,
      ]);
    if (base === undefined) throw new Error(`no knowledge base ${name}`);
    return base.id;
  }

  stop(): Promise<void> {
    return this.dispose();
  }

  private async indexed(tenant: string): Promise<void> {
    const tenantId = await this.tenantId(tenant);
    const until = Date.now() + INDEXED_WITHIN_MS;
    for (;;) {
      const [count] = await this.app.get(UnitOfWork).query<{ ready: number; failed: number; wanted: number }>(
        { tenantId },
        `SELECT (count(*) FILTER (WHERE status = 'ready'))::int AS ready,
             (count(*) FILTER (WHERE status = 'failed'))::int AS failed, count(*)::int AS wanted
           FROM app.document WHERE tenant_id = $1`,
        [tenantId],
      );
      if (count !== undefined && count.failed > 0) throw new Error(`${count.failed} documents of ${tenant} failed`);
      if (count !== undefined && count.wanted >= DOCUMENTS_OF[tenant as 'acme'] && count.ready === count.wanted) return;
      if (Date.now() > until) throw new Error(`the documents of ${tenant} are not indexed: ${JSON.stringify(count)}`);
      await pause(300);
    }
  }

  private async tenantId(slug: string): Promise<string> {
    const id = await this.app.get(TenantService).findIdBySlug(slug);
    if (id === null) throw new Error(`no tenant ${slug}`);
    return id;
  }

  private token(tenant: string, email: string): Promise<string> {
    let token = this.tokens.get(email);
    token ??= this.post('/api/auth/login', { tenant, email, password: PASSWORD })
      .then((response) => response.json())
      .then((body) => (body as { access_token: string }).access_token);
    this.tokens.set(email, token);
    return token;
  }

  private post(path: string, body: unknown, token?: string): Promise<Response> {
    return fetch(`${this.server.url}${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body),
    });
  }
}

/** All of them together, records included. */
const DOCUMENTS_OF = { acme: 18, jobs: 115 } as const;

export async function golden<T>(file: string): Promise<{ readonly cases: readonly T[] }> {
  return JSON.parse(await readFile(join(projectRoot, 'test/evals', file), 'utf8')) as { cases: T[] };
}
