import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { loadConfig } from '#platform/config';
import { createLogger } from '#platform/logging';
import { type RunningServer, startServer } from '../../../src/server.js';
import { TestDatabase } from '../../support/test-database.js';

const EMAIL = 'ops@example.test';
const PASSWORD = 'correct horse battery';

type Json = Readonly<Record<string, unknown>>;

/** A production install: no demo data, no model, and everything that follows is asked over HTTP. */
let server: RunningServer;
let database: Awaited<ReturnType<typeof TestDatabase.create>>;
let folder: string;
let platform: string;

beforeAll(async () => {
  database = await TestDatabase.create();
  folder = await mkdtemp(join(tmpdir(), 'switchboard-first-agent-'));
  const env = {
    NODE_ENV: 'test',
    PORT: '0',
    DATABASE_URL: database.url,
    DATABASE_POOL: '8',
    DATA_DIR: folder,
    SEED_DEMO: 'false',
    LLM_PROVIDER: 'offline',
    BOOTSTRAP_ADMIN_EMAIL: EMAIL,
    BOOTSTRAP_ADMIN_PASSWORD: PASSWORD,
  };
  server = await startServer(loadConfig(env), createLogger({ level: 'silent' }));
  platform = await signIn('platform', EMAIL);
}, 90_000);

afterAll(async () => {
  await server?.stop();
  await database?.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function call(path: string, token?: string, body?: unknown): Promise<Json> {
  const response = await fetch(`${server.url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path}: ${response.status} ${text}`);
  return JSON.parse(text) as Json;
}

async function signIn(tenant: string, email: string): Promise<string> {
  return String((await call('/api/auth/login', undefined, { tenant, email, password: PASSWORD }))['access_token']);
}

/** A new tenant and its admin's token. */
async function newTenant(slug: string): Promise<string> {
  const tenant = await call('/api/admin/tenants', platform, { slug, name: slug });
  const visit = await call(`/api/admin/tenants/${String(tenant['id'])}/tokens`, platform, {});
  const email = `admin@${slug}.test`;
  await call('/api/admin/users', String(visit['access_token']), { email, role: 'tenant_admin', password: PASSWORD });
  return signIn(slug, email);
}

async function addDocument(token: string, base: string, title: string, text: string): Promise<string> {
  const { id } = await call('/api/admin/knowledge-bases', token, { name: base });
  const path = `/api/admin/knowledge-bases/${String(id)}/documents`;
  const document = await call(path, token, { title, text });
  for (let tries = 0; tries < 200; tries++) {
    const { status } = await call(`${path}/${String(document['id'])}`, token);
    if (status === 'ready') return String(document['id']);
    if (status === 'failed') break;
    await pause(50);
  }
  throw new Error(`${title} was not taken in`);
}

async function ask(slug: string, token: string, content: string): Promise<{ content: string; documents: unknown[] }> {
  const { message } = (await call(`/api/${slug}/chat`, token, { content })) as {
    message: { content: string; metadata: { citations: { document_id: string }[] } };
  };
  return { content: message.content, documents: message.metadata.citations.map(({ document_id: id }) => id) };
}

describe('a new tenant of an install without demo data', () => {
  it('has one agent, and an uploaded document is enough for a cited answer, also in a base that was made later', async () => {
    const token = await newTenant('bakery');
    expect(await call('/api/admin/agents', token)).toMatchObject({
      data: [{ key: 'support', kind: 'knowledge', knowledge_base_ids: [], enabled: true }],
      has_more: false,
    });

    const menu = 'The rye loaf is baked with sourdough for thirty hours. It weighs 750 grams.';
    const rye = await addDocument(token, 'Menu', 'Breads', menu);
    const first = await ask('bakery', token, 'How long is the rye loaf baked with sourdough?');
    expect(first.content).toContain('thirty hours');
    expect(first.documents).toEqual([rye]);

    const parking = await addDocument(token, 'Visitors', 'Parking', 'Visitors park behind the mill, free of charge.');
    const second = await ask('bakery', token, 'Where do visitors park?');
    expect(second.content).toContain('behind the mill');
    expect(second.documents).toEqual([parking]);
  });

  it('answers from its own documents alone', async () => {
    const [forge, pottery] = [await newTenant('forge'), await newTenant('pottery')];
    await addDocument(forge, 'Handbook', 'Anvils', 'The great anvil stands in the northern hall.');
    await addDocument(pottery, 'Handbook', 'Kilns', 'The kiln is lit on Mondays.');
    expect((await ask('forge', forge, 'Where does the great anvil stand?')).content).toContain('northern hall');
    const foreign = await ask('pottery', pottery, 'Where does the great anvil stand?');
    expect(foreign.content).not.toContain('northern hall');
    expect(foreign.documents).toEqual([]);
  });
});
