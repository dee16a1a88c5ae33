import { createHash } from 'node:crypto';
import { AgentService, type NewAgent } from '#agents';
import { PrincipalService } from '#auth';
import { AppConfig } from '#platform/config';
import type { RequestContext, TenantScope } from '#platform/context';
import { asError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { TenantAllowList } from '#platform/outbound';
import { EntitlementService, OPERATOR_DEFAULTS, type StoredSettings, TenantService } from '#tenants';
import { type NewTool, ToolService } from '#tools';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleDestroy } from '@nestjs/common';
import { DemoApi } from './demo-api.js';
import type { DemoAgent, DemoTenant, DemoTool } from './demo-tenant.types.js';
import { DEMO_TENANTS } from './demo-tenants.js';
import { DemoKnowledge } from './demo.knowledge.js';
import { DemoLogins } from './demo.logins.js';
import { DemoPeople } from './demo.people.js';
import { welcomeLines } from './demo.welcome.js';

/** Changes with the demo's content, so that what a new version adds is added at its first start. */
const CONTENT = createHash('sha256').update(JSON.stringify(DEMO_TENANTS)).digest('base64url').slice(0, 22);
const LOOPBACK = /^http:\/\/(127\.0\.0\.1:\d+)\//;

interface Unfilled {
  readonly ctx: RequestContext;
  readonly demo: DemoTenant;
  readonly baseIds: ReadonlyMap<string, string>;
}

/**
 * Makes the demo tenants, and starts the demo API that their tools call.
 *
 *   tenant (marked as the demo's) ─▶ users ─▶ knowledge bases ─▶ tools ─▶ agents        before the server listens
 *                                                  └─▶ documents and records ─▶ mark     in the background
 *
 * Each step makes only what is missing, and the mark comes last: a kill in the middle is completed by the next start, and
 * a start that finds the mark has nothing to do but to tell the tools the demo API's new port. What users change or
 * delete in a finished demo stays so.
 */
@Injectable()
export class DemoSeeder implements OnModuleDestroy, OnApplicationShutdown {
  private api: DemoApi | undefined;
  private readonly closing = new AbortController();
  private filling: Promise<void> = Promise.resolve();
  private handing: Promise<boolean> = Promise.resolve(true);
  private unfilled: Unfilled[] = [];

  constructor(
    private readonly config: AppConfig,
    private readonly logins: DemoLogins,
    private readonly tenants: TenantService,
    private readonly entitlements: EntitlementService,
    private readonly principals: PrincipalService,
    private readonly knowledge: DemoKnowledge,
    private readonly tools: ToolService,
    private readonly agents: AgentService,
    private readonly people: DemoPeople,
    private readonly allowList: TenantAllowList,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Resolves when everybody can sign in and every agent is there; documents follow in the background. */
  async seed(): Promise<void> {
    const startedAt = performance.now();
    this.api ??= await DemoApi.start();
    let made = 0;
    for (const demo of DEMO_TENANTS) made += Number(await this.seedTenant(demo, this.api));
    const unfilled = this.unfilled.splice(0);
    this.logins.reading ||= unfilled.length > 0;
    this.handing = this.filling.then(() => this.handOver(unfilled));
    this.filling = this.handing.then((done) => this.follow(done ? unfilled : []));
    const ms = Math.round(performance.now() - startedAt);
    this.logger.info({ ms, made, demo_api: this.api.url }, made === 0 ? 'demo is there' : 'demo tenants seeded');
  }

  /** What a newcomer can do now, for the start's banner. @param url `http://127.0.0.1:3000` @param shop of the demo's website */
  welcome(url: string, shop: string | null): string[] {
    return welcomeLines(url, this.logins, shop);
  }

  async onModuleDestroy(): Promise<void> {
    this.closing.abort();
    await this.filling;
  }

  /** After the running turns have ended, which may still call it. */
  async onApplicationShutdown(): Promise<void> {
    await this.api?.stop();
  }

  /** @returns false when there was nothing to do */
  private async seedTenant(demo: DemoTenant, api: DemoApi): Promise<boolean> {
    const scope = await this.claim(demo);
    if (scope === null) return false;
    this.logins.add(demo);
    // In memory alone: it ends with the demo API, and the port may be somebody else's tomorrow.
    if (demo.tools.length > 0) this.allowList.set(scope.tenantId, [new URL(api.url).host]);
    const { demo: mark = {} } = await this.tenants.operatorSettings(scope);
    const complete = mark.content === CONTENT;
    if (!complete || mark.password !== this.logins.passwordDigest) {
      await this.ensureUsers(scope, demo, mark.password !== this.logins.passwordDigest);
      await this.mark(scope, { password: this.logins.passwordDigest });
    }
    await this.moveTools(scope, demo, api);
    if (complete) return false;
    const ctx = await this.actingIn(scope, demo);
    const baseIds = await this.knowledge.ensureBases(ctx, demo);
    const toolIds = await this.tools.ensure(
      scope,
      demo.tools.map((tool) => toTool(tool, api)),
    );
    await this.agents.ensure(
      scope,
      demo.agents.map((agent) => toAgent(agent, toolIds, baseIds)),
    );
    if (demo.entitlements.length > 0) {
      await this.entitlements.ensure(scope, { ...OPERATOR_DEFAULTS, tools: ['http', ...demo.entitlements] });
    }
    await this.people.ensure(ctx, demo);
    this.unfilled.push({ ctx, demo, baseIds });
    return true;
  }

  /**
   * The tenant, made when it is not there. Null when the slug belongs to somebody who is no demo: logins with a password
   * that is printed and shown are never added to a tenant that the seed did not make.
   */
  private async claim(demo: DemoTenant): Promise<TenantScope | null> {
    const existing = await this.tenants.findIdBySlug(demo.slug);
    if (existing === null) {
      const { slug, name } = demo;
      const { id } = await this.tenants.ensure({ slug, name, settings: settingsOf(demo), operator: { demo: {} } });
      return { tenantId: id };
    }
    const scope = { tenantId: existing };
    if ((await this.tenants.operatorSettings(scope)).demo !== undefined) return scope;
    this.logger.warn({ tenant: demo.slug }, 'the slug is taken by a tenant that is no demo: nothing is seeded into it');
    return null;
  }

  /** @param newPassword another one than these users have, or they were left unfinished */
  private async ensureUsers(scope: TenantScope, demo: DemoTenant, newPassword: boolean): Promise<void> {
    const { password } = this.logins;
    await Promise.all(
      demo.users.map(async ({ email, name, role, persona, attributes }) => {
        const person = { email, name, role, persona, password, attributes };
        const { created, principal } = await this.principals.ensurePerson(scope, person);
        if (!created && newPassword) await this.principals.setPassword(scope, principal.id, password);
      }),
    );
  }

  /** Whoever runs the tenant: what the seed makes is made in that person's name. */
  private async actingIn(scope: TenantScope, demo: DemoTenant): Promise<RequestContext> {
    const admin = demo.users.find(({ role }) => role === 'tenant_admin' || role === 'platform_admin');
    const found = admin === undefined ? null : await this.principals.findByEmail(scope, admin.email);
    if (found === null) throw new Error(`The demo tenant "${demo.slug}" has no admin`);
    const principal = { id: found.id, role: found.role, persona: null, sessionId: null };
    return { ...scope, principal, correlationId: 'demo-seed' };
  }

  /**
   * Resolves when every document is at least waiting to be read, so that an answer that misses it can say so. Never
   * rejects.
   */
  async handedOver(): Promise<void> {
    await this.handing;
  }

  /** Never rejects: what is missing then is made by the next start. */
  private handOver(tenants: readonly Unfilled[]): Promise<boolean> {
    return this.orSaid(async (signal) => {
      for (const { baseIds, ctx, demo } of tenants) {
        await this.knowledge.fill(ctx, demo, baseIds, signal);
        await this.mark(ctx, { content: CONTENT });
      }
    });
  }

  private async follow(tenants: readonly Unfilled[]): Promise<void> {
    await this.orSaid(async (signal) => {
      for (const { baseIds, ctx, demo } of tenants) await this.knowledge.follow(ctx, demo, baseIds, signal);
    });
    this.logins.reading = false;
  }

  /** @returns whether it went well */
  private async orSaid(work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    const { signal } = this.closing;
    try {
      await work(signal);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      this.logger.error({ err: asError(error) }, 'the demo documents could not be added: the next start tries again');
      return false;
    }
  }

  private async mark(scope: TenantScope, done: { content?: string; password?: string }): Promise<void> {
    const operator = await this.tenants.operatorSettings(scope);
    await this.tenants.setOperatorSettings(scope, { ...operator, demo: { ...operator.demo, ...done } });
  }

  /** The demo API has another port at each start. Whatever else was changed in a tool stays. */
  private async moveTools(scope: TenantScope, demo: DemoTenant, api: DemoApi): Promise<void> {
    const keys = demo.tools.map(({ key }) => key);
    await this.tools.changeConfigs(scope, keys, (config) => {
      const { url } = config;
      const host = typeof url === 'string' ? LOOPBACK.exec(url)?.[1] : undefined;
      if (typeof url !== 'string' || host === undefined) return null;
      // An address that the operator admitted is really meant.
      if (url.startsWith(`${api.url}/`) || this.config.env.OUTBOUND_ALLOW.includes(host)) return null;
      return { ...config, url: url.replace(LOOPBACK, `${api.url}/`) };
    });
  }
}

function settingsOf({ language, texts }: DemoTenant): StoredSettings {
  const own = language === 'es' || language === 'de' ? language : 'en';
  return {
    language,
    texts: { greeting: texts.greeting[own], human_contact: texts.humanHelp[own], unclear: texts.unclear[own] },
  };
}

function toTool(tool: DemoTool, api: DemoApi): NewTool {
  return { ...tool, personas: [], config: { ...tool.config, url: tool.config.url.replace('{{base}}', api.url) } };
}

function toAgent(
  agent: DemoAgent,
  toolIds: ReadonlyMap<string, string>,
  baseIds: ReadonlyMap<string, string>,
): NewAgent {
  const { key, kind, name, description, instructions, answerTemplate, examples, personas } = agent;
  return {
    ...{ key, kind, name, description, instructions, answerTemplate, examples, personas },
    toolIds: kind === 'domain' ? agent.tools.map((tool) => demanded(toolIds, tool)) : [],
    knowledgeBaseIds: basesOf(agent).map((base) => demanded(baseIds, base)),
    settings: agentSettings(agent),
  };
}

function basesOf(agent: DemoAgent): readonly string[] {
  switch (agent.kind) {
    case 'knowledge':
      return agent.knowledgeBases;
    case 'matching':
      return [agent.knowledgeBase];
    case 'domain':
    case 'writer':
      return [];
  }
}

function agentSettings(agent: DemoAgent): Record<string, unknown> {
  switch (agent.kind) {
    case 'knowledge':
      return { top_k: agent.topK, ...(agent.synonyms === undefined ? {} : { synonyms: agent.synonyms }) };
    case 'matching':
      return { payload_type: agent.payloadType, limit: agent.topK, criteria: agent.criteria };
    case 'domain':
    case 'writer':
      return {};
  }
}

function demanded(ids: ReadonlyMap<string, string>, name: string): string {
  const id = ids.get(name);
  if (id === undefined) throw new Error(`The demo's "${name}" is missing`);
  return id;
}
