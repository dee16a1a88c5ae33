import { AsyncLocalStorage } from 'node:async_hooks';
import { statSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { AgentDirectoryCache } from '#agents';
import { PrincipalService } from '#auth';
import { UnitOfWork } from '#platform/database';
import { OutboundClient } from '#platform/outbound';
import { TenantService } from '#tenants';
import { ToolExecutor, type ToolDefinition, type ToolResult, ToolService } from '#tools';
import { TestDatabase } from '../../support/test-database.js';
import { DemoApp, temporaryFolder } from './demo-app.js';

let database: TestDatabase;
let demo: DemoApp;
const folder = temporaryFolder();

beforeAll(async () => {
  database = await TestDatabase.start();
}, 60_000);

beforeEach(async () => {
  demo = await DemoApp.start(database, folder.path);
});

afterEach(() => demo.stop());

afterAll(async () => {
  await database.stop();
  folder.remove();
});

async function idOf(slug: string): Promise<string> {
  const id = await demo.app.get(TenantService).findIdBySlug(slug);
  if (id === null) throw new Error(`no tenant ${slug}`);
  return id;
}

/** Every document is handed over, and the tenants are marked as complete. */
async function accepted(): Promise<void> {
  for (const slug of ['acme', 'jobs', 'platform']) {
    const scope = { tenantId: await idOf(slug) };
    for (;;) {
      const { demo: mark } = await demo.app.get(TenantService).operatorSettings(scope);
      if (mark?.content !== undefined) break;
      await pause(50);
    }
  }
}

/** No document is in work any more: what runs beside a seed is not counted as the seed's. */
async function takenIn(): Promise<void> {
  await accepted();
  const open = ({ status }: Record<string, unknown>): boolean => status !== 'ready' && status !== 'failed';
  for (const slug of ['acme', 'jobs', 'platform']) {
    while ((await rowsOf(await idOf(slug), 'document')).some(open)) await pause(100);
  }
}

/** Titles of documents, ids of records. */
async function contentOf(tenantId: string): Promise<string[]> {
  const rows = await rowsOf(tenantId, 'document');
  return rows.map(({ record, title }) => String((record as { id?: string } | null)?.id ?? title)).sort();
}

async function rowsOf(tenantId: string, table: string): Promise<Record<string, unknown>[]> {
  return database.uow.query({ tenantId }, `SELECT * FROM app.${table} WHERE tenant_id = $1 ORDER BY 1, 2`, [tenantId]);
}

async function toolOf(slug: string, key: string): Promise<ToolDefinition> {
  const { agents } = await demo.app.get(AgentDirectoryCache).directory({ tenantId: await idOf(slug) });
  const found = agents.flatMap(({ tools }) => tools).find((tool) => tool.key === key);
  if (found === undefined) throw new Error(`no tool ${key}`);
  return found;
}

/** As the agent would call it; read-only tools need no turn. */
function call(tenantId: string, tool: ToolDefinition): Promise<ToolResult> {
  return demo.app.get(ToolExecutor).execute(
    { ...tool, readOnly: true },
    { order_id: '1042' },
    {
      ctx: {
        tenantId,
        principal: { id: '00000000-0000-7000-8000-000000000001', role: 'end_user', persona: null, sessionId: null },
        correlationId: 'c',
      },
      turnId: 't',
      conversationId: 'c',
      run: { messageId: 'question', attempt: 1, start: 1 },
      agentKey: 'tracking',
      grants: { tools: [tool.key], entitlements: [] },
      idempotencyKey: 'k',
      signal: new AbortController().signal,
    },
  );
}

describe('the demo seed', () => {
  it('shows nothing before it has run', async () => {
    expect((await demo.demo()).status).toBe(404);
  });

  it('makes users who can sign in with the password of the data directory, readable by its owner only', async () => {
    await demo.seeder.seed();
    const { status, body } = await demo.demo();
    expect(status).toBe(200);
    expect(body.users.map(({ tenant, email }) => `${tenant} ${email}`).sort()).toEqual([
      'acme admin@acme.test',
      'acme supporter@acme.test',
      'acme user@acme.test',
      'jobs admin@jobs.test',
      'jobs employer@jobs.test',
      'jobs seeker@jobs.test',
      'platform root@platform.test',
    ]);
    for (const { tenant, email } of body.users) expect(await demo.login(tenant, email, body.password)).toBe(200);
    expect(statSync(join(folder.path, 'demo-password')).mode & 0o777).toBe(0o600);
  });

  it('makes agents with their tools, in the order of the demo', async () => {
    await demo.seeder.seed();
    const { agents } = await demo.app.get(AgentDirectoryCache).directory({ tenantId: await idOf('acme') });
    expect(agents.map(({ key, tools }) => [key, tools.map((tool) => tool.key)])).toEqual([
      ['tracking', ['get_order_tracking']],
      ['invoice', ['get_invoice', 'send_invoice']],
      ['support', []],
      ['linkedin', []],
    ]);
  });

  it('is kept from other machines and from names that were rebound', async () => {
    await demo.seeder.seed();
    const { port } = new URL(demo.url);
    expect((await demo.demo()).status).toBe(200);
    const { request } = await import('node:http');
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const options = { port, host: '127.0.0.1', path: '/api/public/demo', headers: { host: 'evil.example' } };
      request(options, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(404);
  });

  it('changes nothing the second time, in a handful of statements', async () => {
    await demo.seeder.seed();
    await takenIn();
    const acme = await idOf('acme');
    const tables = ['principal', 'agent', 'agent_tool', 'tool', 'entitlement'];
    await database.uow.query(
      { tenantId: acme },
      `UPDATE app.agent SET name = 'Mine' WHERE tenant_id = $1 AND key = 'support'`,
      [acme],
    );
    await database.uow.query({ tenantId: acme }, `DELETE FROM app.agent WHERE tenant_id = $1 AND key = 'linkedin'`, [
      acme,
    ]);
    const before = await Promise.all(tables.map((table) => rowsOf(acme, table)));
    const uow = demo.app.get(UnitOfWork);
    const run = uow.run.bind(uow);
    // Only what the seed itself asks: queues and ticks of this process ask beside it.
    const seeding = new AsyncLocalStorage<true>();
    let asked = 0;
    jest.spyOn(uow, 'run').mockImplementation((...call) => {
      if (seeding.getStore() === true) asked++;
      return run(...call);
    });
    const password = jest.spyOn(demo.app.get(PrincipalService), 'setPassword');
    await seeding.run(true, () => demo.seeder.seed());
    // Two look at each tenant, one at acme's tools: some ten milliseconds.
    expect(asked).toBeGreaterThan(0);
    expect(asked).toBeLessThan(10);
    expect(password).not.toHaveBeenCalled();
    expect(await Promise.all(tables.map((table) => rowsOf(acme, table)))).toEqual(before);
  });

  it('goes on where a start was killed', async () => {
    await demo.seeder.seed();
    const jobs = await idOf('jobs');
    await database.uow.query({ tenantId: jobs }, `DELETE FROM app.agent WHERE tenant_id = $1 AND key = 'job_matches'`, [
      jobs,
    ]);
    await database.uow.query(
      { tenantId: jobs },
      `DELETE FROM app.principal WHERE tenant_id = $1 AND email = 'seeker@jobs.test'`,
      [jobs],
    );
    await demo.app.get(TenantService).setOperatorSettings({ tenantId: jobs }, { demo: {} });
    await demo.seeder.seed();
    const { body } = await demo.demo();
    expect(await demo.login('jobs', 'seeker@jobs.test', body.password)).toBe(200);
    expect(await demo.login('jobs', 'admin@jobs.test', body.password)).toBe(200);
    expect((await rowsOf(jobs, 'agent')).map(({ key }) => key)).toContain('job_matches');
  });

  it('hands over each document once, and what a killed start did not', async () => {
    await demo.seeder.seed();
    await accepted();
    const [acme, jobs] = [await idOf('acme'), await idOf('jobs')];
    const before = [await contentOf(acme), await contentOf(jobs)];
    expect(before.map(({ length }) => length)).toEqual([18, 115]);
    await database.uow.query(
      { tenantId: jobs },
      `DELETE FROM app.document WHERE tenant_id = $1 AND record ->> 'id' IN ('VAC-001', 'CAN-002')`,
      [jobs],
    );
    await database.uow.query(
      { tenantId: acme },
      `DELETE FROM app.document WHERE tenant_id = $1 AND title = 'Gift cards'`,
      [acme],
    );
    for (const tenantId of [acme, jobs]) {
      await demo.app.get(TenantService).setOperatorSettings({ tenantId }, { demo: {} });
    }
    await demo.seeder.seed();
    await accepted();
    expect([await contentOf(acme), await contentOf(jobs)]).toEqual(before);
  });

  it('gives everybody the new password when DEMO_PASSWORD changes', async () => {
    await demo.seeder.seed();
    const old = (await demo.demo()).body.password;
    await demo.stop();
    demo = await DemoApp.start(database, folder.path, { DEMO_PASSWORD: "it's another one" });
    await demo.seeder.seed();
    expect(await demo.login('acme', 'user@acme.test', old)).toBe(401);
    expect(await demo.login('acme', 'user@acme.test', "it's another one")).toBe(200);
  });

  it('leaves a tenant alone that has the slug but is no demo', async () => {
    const own = await TestDatabase.start();
    const { tenantId } = await own.tenant('acme');
    const there = await DemoApp.start(own, folder.path);
    await there.seeder.seed();
    expect(await own.uow.query({ tenantId }, 'SELECT 1 FROM app.principal WHERE tenant_id = $1', [tenantId])).toEqual(
      [],
    );
    expect((await there.demo()).body.users.map(({ tenant }) => tenant)).not.toContain('acme');
    await there.stop();
    await own.stop();
  });
});

describe('the demo API', () => {
  it('answers the demo tenant, on its new port after a restart', async () => {
    await demo.seeder.seed();
    const first = await toolOf('acme', 'get_order_tracking');
    await demo.stop();
    demo = await DemoApp.start(database, folder.path);
    await demo.seeder.seed();
    const second = await toolOf('acme', 'get_order_tracking');
    expect(second.config).not.toEqual(first.config);
    const result = await call(await idOf('acme'), second);
    expect(result).toMatchObject({ ok: true, data: { order_id: '1042' } });
  });

  it('is out of reach for another tenant', async () => {
    await demo.seeder.seed();
    const tool = await toolOf('acme', 'get_order_tracking');
    for (const other of [await idOf('jobs'), (await database.tenant()).tenantId]) {
      expect(await call(other, tool)).toMatchObject({ ok: false, code: 'TOOL_ERROR' });
      await expect(
        demo.app.get(ToolService).ensure({ tenantId: other }, [{ ...tool, key: 'borrowed' }]),
      ).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    }
  });

  it('is the only port of this machine that the demo tenant may call: the main port and others are refused', async () => {
    await demo.seeder.seed();
    let reached = 0;
    const neighbour = createServer((_request, response) => {
      reached += 1;
      response.end('{}');
    });
    await new Promise<void>((resolve) => neighbour.listen(0, '127.0.0.1', resolve));
    const { port } = neighbour.address() as { port: number };
    const tool = await toolOf('acme', 'get_order_tracking');
    const acme = await idOf('acme');
    for (const url of [`${demo.url}/health/live`, `http://localhost:${port}/`, `http://127.0.0.1:${port}/`]) {
      expect(await call(acme, { ...tool, config: { method: 'GET', url } })).toMatchObject({
        ok: false,
        code: 'TOOL_ERROR',
      });
    }
    expect(reached).toBe(0);
    neighbour.close();
    // Even an allow list does not open the server's own port.
    const outbound = demo.app.get(OutboundClient);
    const { host, port: own } = new URL(demo.url);
    outbound.denyOwnPort(Number(own));
    await expect(outbound.request({ url: `${demo.url}/health/live`, allow: [host] })).rejects.toMatchObject({
      sent: false,
    });
  });

  it('stops with the server', async () => {
    await demo.seeder.seed();
    const { url } = (await toolOf('acme', 'get_order_tracking')).config;
    const { origin } = new URL(String(url));
    expect((await fetch(`${origin}/orders/1042`)).status).toBe(200);
    await demo.stop();
    await expect(fetch(`${origin}/orders/1042`)).rejects.toThrow();
    demo = await DemoApp.start(database, folder.path);
  });
});
