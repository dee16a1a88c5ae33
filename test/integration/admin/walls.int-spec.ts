import { AdminModule } from '#admin';
import { AgentsModule } from '#agents';
import { ConversationsModule } from '#conversations';
import { LlmModule } from '#llm';
import { newId } from '#platform/database';
import { openApiDocument } from '#platform/http';
import { QueueModule } from '#platform/queue';
import { RagModule } from '#rag';
import { WebhooksModule } from '#webhooks';
import { WidgetModule } from '#widget';
import { Client } from 'pg';
import { AuthApp } from '../auth/auth-app.js';
import { withoutRowSecurity, withoutTenantPredicates } from '../../support/one-wall.js';

type Person = Awaited<ReturnType<AuthApp['signedIn']>>;

const IMPORTS = [
  QueueModule,
  LlmModule,
  RagModule,
  AgentsModule,
  ConversationsModule,
  WidgetModule,
  WebhooksModule,
  AdminModule,
];
/** In every name that the other tenant gives. */
const CANARY = 'canary-of-the-other';
/** Fewer on the embedded database, which is several times slower on a single connection; a real one has them all. */
const REQUESTS = process.env['DATABASE_URL'] ? 2000 : 200;

const ISSUER = { audience: ['us'], jwks_url: 'https://a.example/jwks', algorithms: ['RS256'] };

function changeOf(path: string): object {
  if (path.includes('/webhooks/')) return { enabled: false };
  if (path.includes('/trusted-issuers/')) return { enabled: false };
  return /\/(documents|conversations)\//.test(path) ? { title: 'x' } : { name: 'x' };
}

/** What a tenant has, each with the tenant's own word in it. */
async function furnish(app: AuthApp, admin: Person, word: string): Promise<string[]> {
  const made: string[] = [];
  const make = async (path: string, body: object, root = '/api/admin') => {
    const answer = await app.call(`${root}/${path}`, { token: admin.token, body });
    if (answer.status >= 300) throw new Error(`${path}: ${answer.text}`);
    made.push(`${root}/${path}/${String(answer.body['id'])}`);
    return String(answer.body['id']);
  };
  await make('agents', { key: 'own', kind: 'domain', name: word, description: word });
  await make('credentials', {
    kind: 'header',
    name: word,
    base_url: 'https://a.example/',
    header: 'x-k',
    secret: 'abcdefgh',
  });
  await make('tools', { key: 'own', name: word, description: word, config: { url: 'https://a.example/' } });
  const base = await make('knowledge-bases', { name: word });
  await make(`knowledge-bases/${base}/documents`, { title: word, text: word });
  const conversation = await make('conversations', { title: word }, `/api/${admin.slug}`);
  made.push(`/api/admin/conversations/${conversation}`);
  await make('webhooks', { url: `https://${word}.example/`, events: ['message.created'] });
  await make('widgets', { name: word, origins: ['https://a.example'] });
  await make('invitations', { email: `${word}.invited@example.test` });
  await make('trusted-issuers', { ...ISSUER, issuer: `https://${word}.example/` });
  await make('api-keys', { name: word });
  await make('users', { email: `${word}@example.test`, name: word, password: 'a long password', role: 'supporter' });
  return made;
}

describe('two walls', () => {
  let app: AuthApp;
  let a: Person;
  let b: Person;
  let ours: string[];
  let theirs: string[];

  afterEach(() => app?.stop());

  async function start(pool?: number): Promise<void> {
    app = await AuthApp.start({ REQUESTS_PER_MINUTE: '0' }, { imports: IMPORTS, pool });
    a = await app.signedIn('tenant_admin');
    b = await app.signedIn('tenant_admin');
    ours = await furnish(app, a, 'mine');
    theirs = await furnish(app, b, CANARY);
  }

  /** Looks for all of the other tenant's by every route of staff that reads, and by the ids of what it has. */
  async function sightings(): Promise<string[]> {
    const paths = Object.entries(openApiDocument(app.app, '0').paths).flatMap(([path, methods]) =>
      methods.get !== undefined && path.startsWith('/api/') && !/\{(?!tenant\b)/.test(path) ? [path] : [],
    );
    expect(paths.length).toBeGreaterThan(15);
    const seen: string[] = [];
    for (const path of paths) {
      const { status, text } = await app.call(path.replace('{tenant}', a.slug), { token: a.token });
      if (text.includes(CANARY) || status >= 500) seen.push(`${path}: ${status}`);
    }
    for (const theirPath of theirs) {
      const path = theirPath.replace(`/api/${b.slug}/`, `/api/${a.slug}/`);
      for (const method of ['GET', 'PATCH', 'DELETE']) {
        const body = method === 'PATCH' ? changeOf(path) : undefined;
        const { status } = await app.call(path, { method, token: a.token, body });
        if (status !== 404 && status !== 405) seen.push(`${method} ${path}: ${status}`);
      }
    }
    seen.push(...(await taken()));
    for (const path of theirs) {
      const { status, text } = await app.call(path, { token: b.token });
      expect([path, status, text.includes(CANARY)]).toEqual([path, 200, true]);
    }
    return seen;
  }

  /** Names the other tenant's ids wherever a body takes one: refused in the words of an id that was never given out. */
  async function taken(): Promise<string[]> {
    const idOf = (paths: readonly string[], collection: string) =>
      paths
        .find((path) => new RegExp(`/${collection}/[^/]+$`).test(path))
        ?.split('/')
        .at(-1) ?? '';
    const mine = (collection: string) => `${collection}/${idOf(ours, collection)}`;
    const documents = `${mine('knowledge-bases')}/documents`;
    const tool = { key: 'k', name: 'K', config: { url: 'https://a.example/' } };
    const named: [string, string, string, (id: string) => object][] = [
      ['POST', 'agents', 'tools', (id) => ({ key: 'k', kind: 'domain', name: 'K', tool_ids: [id] })],
      [
        'POST',
        'agents',
        'knowledge-bases',
        (id) => ({ key: 'k', kind: 'knowledge', name: 'K', knowledge_base_ids: [id] }),
      ],
      ['PATCH', mine('agents'), 'tools', (id) => ({ tool_ids: [id] })],
      ['PATCH', mine('agents'), 'knowledge-bases', (id) => ({ knowledge_base_ids: [id] })],
      ['POST', 'tools', 'credentials', (id) => ({ ...tool, credential_id: id })],
      ['PATCH', mine('tools'), 'credentials', (id) => ({ credential_id: id })],
      ['POST', documents, 'users', (id) => ({ title: 'T', text: 'T', owner_id: id })],
      ['PATCH', `${documents}/${idOf(ours, 'documents')}`, 'users', (id) => ({ owner_id: id })],
      ['POST', `${mine('api-keys')}/transfer`, 'users', (id) => ({ user_id: id })],
    ];
    const wrong: string[] = [];
    for (const [method, path, collection, body] of named) {
      const ask = async (id: string) => {
        const { status, body: answer } = await app.call(`/api/admin/${path}`, {
          method,
          token: a.token,
          body: body(id),
        });
        return JSON.stringify({ status, ...answer, trace_id: '' }).replaceAll(id, '');
      };
      const foreign = await ask(idOf(theirs, collection));
      const unknown = await ask(newId());
      if (foreign !== unknown || !/"status":(404|422)/.test(foreign)) wrong.push(`${method} ${path}: ${foreign}`);
    }
    return wrong;
  }

  it('stand each alone: without any tenant predicate in the SQL, row security hides the other tenant', async () => {
    await start();
    const rewritten = withoutTenantPredicates(app.database.dataSource);
    expect(await sightings()).toEqual([]);
    expect(rewritten.count).toBeGreaterThan(60);
  }, 120_000);

  it('stand each alone: without row security, the conditions of the SQL hide the other tenant', async () => {
    await start();
    await withoutRowSecurity(app.database);
    expect(await sightings()).toEqual([]);
  }, 120_000);

  it('is a proof: the same rewritten SQL shows the other tenant to whom row security does not bind', async () => {
    await start();
    const owner = new Client({ connectionString: app.database.ownerUrl });
    await owner.connect();
    try {
      const sql = withoutTenantPredicates.rewrite('SELECT name FROM app.agent WHERE tenant_id = $1');
      const { rows } = await owner.query<{ name: string }>(sql, [a.tenantId]);
      expect(rows.map(({ name }) => name)).toEqual(expect.arrayContaining(['mine', CANARY]));
    } finally {
      await owner.end();
    }
  }, 60_000);

  it('hold on a single connection, with many requests of two tenants across each other, some given up in the middle', async () => {
    await start(1);
    // Nothing but the transaction's own setting decides then.
    withoutTenantPredicates(app.database.dataSource);
    const paths = ['agents', 'tools', 'credentials', 'knowledge-bases', 'users', 'api-keys', 'settings', 'audit-log'];
    let answered = 0;
    let aborted = 0;
    const foreign: string[] = [];
    const one = async (index: number) => {
      const [who, word] = index % 2 === 0 ? [a, CANARY] : [b, '"mine"'];
      const path = paths[index % paths.length] ?? '';
      const limit = index % 5 === 0 ? AbortSignal.timeout(1 + (index % 7)) : undefined;
      try {
        const response = await fetch(`${app.url}/api/admin/${path}`, {
          headers: { authorization: `Bearer ${who.token}` },
          signal: limit,
        });
        const text = await response.text();
        if (response.status === 200) answered++;
        if (text.includes(word)) foreign.push(`${index} ${path}`);
      } catch {
        aborted++;
      }
    };
    for (let index = 0; index < REQUESTS; index += 20)
      await Promise.all(Array.from({ length: 20 }, (_, offset) => one(index + offset)));
    expect(foreign).toEqual([]);
    expect(answered).toBeGreaterThan(REQUESTS * 0.7);
    expect(aborted).toBeGreaterThan(REQUESTS * 0.01);
  }, 180_000);
});
