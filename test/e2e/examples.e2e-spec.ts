import { Ajv, type ErrorObject } from 'ajv';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEMO_PASSWORD, TestServer } from '../support/test-server.js';

const METHODS = ['post', 'get', 'patch', 'put', 'delete'] as const;
/** In this order: what makes things, what looks at them, what changes them, what ends them. */
const RANK = { post: 0, get: 1, patch: 2, put: 2, delete: 4 };
/** Tried last, by method and path: they end what the others need. */
const LAST =
  /suspend$|resume$|erase$|logout$|password\/change$|\/reindex$|\/cancel$|DELETE \/api\/auth\/sessions|DELETE .*tenants|sessions$/;

/** Commands of staff that only look. */
const LOOKS_ONLY = new Set([
  'POST /api/admin/knowledge-bases/{id}/search',
  'POST /api/admin/credentials/{id}/test',
  'POST /api/admin/escalation-rules/dry-run',
]);

/**
 * Examples with a `…`, or an id, stand for what only the installation itself gives out: here it is put in.
 * A status says that the example cannot be done in a test, and how that is answered.
 */
interface Fixture {
  readonly body?: unknown;
  readonly query?: string;
  readonly token?: string;
  readonly status?: number;
}

interface Operation {
  readonly key: string;
  readonly method: string;
  readonly path: string;
  readonly scope: string | undefined;
  readonly open: boolean;
  readonly example: unknown;
  readonly hasBody: boolean;
  readonly responses: Readonly<Record<string, { content?: Record<string, { schema?: object }> }>>;
}

/** Every operation is sent what "Try it out" would send; what comes back is judged by the schema that the document gives it. */
describe('the examples of the document', () => {
  let server: TestServer;
  let operations: Operation[];
  let ajv: Ajv;
  const made = new Map<string, string>();
  let tokens: Record<'user' | 'admin' | 'root' | 'key' | 'supporter', string>;
  let fixtures: Record<string, Fixture>;

  beforeAll(async () => {
    server = await TestServer.start();
    const user = await server.login('user@acme.test');
    const [{ token: admin, userId }, { token: root }] = [
      await server.login('admin@acme.test'),
      await server.login('root@platform.test'),
    ];
    const key = await server.api('/api/admin/api-keys', { token: admin, body: { name: 'examples' } });
    const supporter = await server.login('supporter@acme.test');
    tokens = { user: user.token, admin, root, key: key.body.key, supporter: supporter.token };
    const { body: document } = await server.api('/docs-json');
    ajv = new Ajv({ strict: false, validateFormats: false });
    ajv.addSchema({ $id: 'document', components: judgeable(document.components) });
    operations = read(document);
    const invited = await server.api('/api/admin/invitations', {
      token: admin,
      body: { email: 'invited@example.com', role: 'supporter' },
    });
    const other = await server.api('/api/admin/users', {
      token: admin,
      body: { email: 'other@example.com', name: 'Other', role: 'end_user', password: DEMO_PASSWORD },
    });
    const signedIn = async (email: string) => {
      const made = await server.api('/api/admin/users', {
        token: admin,
        body: { email, name: 'Leaves', role: 'end_user', password: DEMO_PASSWORD },
      });
      if (made.status !== 201) throw new Error(`${email} was not made: ${made.status}`);
      return server.login(email, 'acme');
    };
    const [leaving, changing, spare] = [
      await signedIn('leaving@example.com'),
      await signedIn('changing@example.com'),
      await signedIn('spare@example.com'),
    ];
    // The newest are those that are ended.
    await server.login('user@acme.test');
    await server.login('spare@example.com', 'acme');
    const reset = await server.api(`/api/admin/users/${other.body.id}/reset-password`, {
      method: 'POST',
      token: admin,
    });
    const secretOf = (url: string) => decodeURIComponent(/token=([^&]+)/.exec(url)?.[1] ?? '');
    // One of its own for supporters to take through all its steps.
    const wished = await server.api('/api/acme/chat', { token: admin, body: { content: 'Can I talk to a human?' } });
    expect(wished.body.escalation).toMatchObject({ status: 'waiting' });
    fixtures = {
      'POST /api/auth/login': { body: { tenant: 'acme', email: 'user@acme.test', password: DEMO_PASSWORD } },
      'POST /api/auth/refresh': { body: { refresh_token: user.refresh } },
      'POST /api/auth/invitations/accept': {
        body: { token: secretOf(invited.body.accept_url), name: 'Ann', password: 'at least twelve characters' },
      },
      'POST /api/auth/password/reset': {
        body: { token: secretOf(reset.body.reset_url), password: 'at least twelve characters' },
      },
      'POST /api/auth/password/change': {
        token: changing.token,
        body: { current_password: DEMO_PASSWORD, new_password: 'at least twelve characters' },
      },
      'POST /api/auth/end-user-tokens': { token: tokens.key },
      'POST /api/admin/api-keys/{id}/transfer': { body: { user_id: userId } },
      'DELETE /api/admin/sessions': { query: `?user_id=${other.body.id}` },
      'POST /api/auth/logout': { token: spare.token },
      'DELETE /api/auth/sessions': { token: admin },
      'POST /api/{tenant}/me/erase': { token: leaving.token },
      'POST /api/{tenant}/supporter/escalations/{id}/assign': { body: { supporter_id: supporter.userId } },
      'POST /api/{tenant}/supporter/escalations': { body: { conversation_id: wished.body.conversation_id } },
      // It goes on.
      'POST /api/{tenant}/conversations/{id}/rating': { status: 409 },
      // It is over before anybody could stop it.
      'POST /api/admin/jobs/{id}/cancel': { status: 409 },
      'POST /api/{tenant}/conversations/{id}/turns/{turn_id}/abort': { status: 404 },
      'DELETE /api/admin/tenants/{id}': { body: { confirm: 'my-company' } },
    };
    const client = await server.chat(tokens.user);
    await client.ask('What is your returns policy?');
    await client.close();
  }, 180_000);
  afterAll(() => server?.stop());

  it('are accepted, and answered as their schemas say', async () => {
    const faults: string[] = [];
    const unrecorded: string[] = [];
    const tried: string[] = [];
    let onRecord = await newestRecord();
    for (const operation of operations) {
      const fixture = fixtures[operation.key] ?? {};
      const path = await realPath(operation);
      if (path === null) {
        faults.push(`${operation.key}: nothing to try it on`);
        continue;
      }
      const body = operation.hasBody ? (fixture.body ?? operation.example) : undefined;
      if (operation.hasBody && operation.example === undefined) faults.push(`${operation.key}: no example`);
      const token = fixture.token ?? callerOf(operation);
      const answer = await answerTo(operation, `${path}${fixture.query ?? ''}`, token, body);
      tried.push(operation.key);
      const response = operation.responses[String(answer.status)];
      if (response === undefined) faults.push(`${operation.key}: ${answer.status} is not documented`);
      if (answer.status === fixture.status) continue;
      if (answer.status >= 300) {
        faults.push(`${operation.key}: ${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`);
        continue;
      }
      if (isDeedOfStaff(operation)) {
        const record = await newestRecord();
        if (record === onRecord) unrecorded.push(operation.key);
        onRecord = record;
      }
      const schema = response?.content?.['application/json']?.schema;
      if (schema !== undefined) faults.push(...judged(operation.key, schema, answer.body));
      // What was said is in the one that there is.
      if (operation.method === 'POST' && !path.endsWith('/conversations') && typeof answer.body?.id === 'string') {
        const collection = path
          .replace(/^\/api\/admin\/(export|users\/.*|tenants\/.*\/export)$/, '/api/admin/jobs')
          .replace(/\/me\/(export|erase)$/, '/me/jobs');
        made.set(collection, answer.body.id);
        if (answer.body.status === 'queued') await settled(`${collection}/${answer.body.id}`, token);
      }
    }
    expect(faults).toEqual([]);
    expect(unrecorded).toEqual([]);
    expect(tried).toHaveLength(operations.length);
  }, 240_000);

  /** Of either tenant that the operations are about. */
  async function newestRecord(): Promise<string> {
    const newest = await Promise.all(
      [tokens.admin, tokens.root].map((token) => server.api('/api/admin/audit-log?limit=1', { token })),
    );
    return newest.map(({ body }) => String(body?.data?.[0]?.id)).join();
  }

  function isDeedOfStaff({ key, method, path }: Operation): boolean {
    return method !== 'GET' && path.startsWith('/api/admin/') && !LOOKS_ONLY.has(key);
  }

  function callerOf({ open, path, scope }: Operation): string | undefined {
    if (open) return undefined;
    if (scope === 'tenants.manage' || path === '/metrics') return tokens.root;
    if (path.startsWith('/api/{tenant}/supporter/')) return tokens.supporter;
    return path.startsWith('/api/admin/') ? tokens.admin : tokens.user;
  }

  async function answerTo({ method, responses }: Operation, path: string, token: string | undefined, body: unknown) {
    const types = Object.keys(responses['200']?.content ?? {});
    if (types.join() !== 'text/event-stream') return server.api(path, { method, token, body });
    // One event is enough of a stream that ends with its conversation.
    const leave = new AbortController();
    const response = await fetch(`${server.url}${path}`, {
      headers: { authorization: `Bearer ${token ?? ''}` },
      signal: leave.signal,
    });
    leave.abort();
    return { status: response.status, body: { id: undefined, status: undefined } };
  }

  function judged(key: string, schema: object, body: unknown): string[] {
    const validate = ajv.compile(withDocument(judgeable(schema)) as object);
    if (validate(body)) return [];
    return (validate.errors as ErrorObject[])
      .slice(0, 3)
      .map(({ instancePath, message }) => `${key}: ${instancePath} ${message ?? ''}`);
  }

  /** With the ids of what the examples made, or of the first that is listed. */
  async function realPath(operation: Operation): Promise<string | null> {
    let path = operation.path.replace('{tenant}', 'acme');
    for (const [parameter = '', name = ''] of operation.path.matchAll(/\{(\w+)\}/g)) {
      if (name === 'tenant') continue;
      const collection = path.slice(0, path.indexOf(`/${parameter}`));
      const token = callerOf(operation) ?? tokens.admin;
      const id =
        name === 'n'
          ? '1'
          : name === 'user_id'
            ? await ownId()
            : name === 'public_key'
              ? await publicKey()
              : await idIn(collection, token);
      if (id === null) return null;
      path = path.replace(parameter, id);
    }
    return path;
  }

  async function publicKey(): Promise<string | null> {
    const { body } = await server.api('/api/admin/widgets', { token: tokens.admin });
    return body?.data?.[0]?.public_key ?? null;
  }

  async function ownId(): Promise<string> {
    return (await server.api('/api/auth/me', { token: tokens.user })).body.id;
  }

  async function idIn(collection: string, token: string): Promise<string | null> {
    const known = made.get(collection);
    if (known !== undefined && (await server.api(`${collection}/${known}`, { token })).status === 200) return known;
    const { body } = await server.api(`${collection}?limit=100`, { token });
    // The newest are there to be ended.
    if (/\/(sessions|users)$/.test(collection)) return body?.data?.[0]?.id ?? null;
    // Messages: the answer is the last.
    return body?.data?.at?.(-1)?.id ?? null;
  }

  async function settled(path: string, token: string | undefined): Promise<void> {
    for (let waited = 0; waited < 30_000; waited += 100) {
      const { body } = await server.api(path, { token });
      if (!['queued', 'running', 'parsing', 'chunking', 'embedding'].includes(body?.status)) return;
      await sleep(100);
    }
  }
});

interface Described {
  readonly 'x-scope'?: string;
  readonly security?: readonly unknown[];
  readonly requestBody?: { content?: Record<string, { example?: unknown }> };
  readonly responses: Operation['responses'];
}

function read(document: { paths: Record<string, Record<string, Described>> }): Operation[] {
  const all = Object.entries(document.paths).flatMap(([path, methods]) =>
    METHODS.flatMap((method) => {
      const operation = methods[method];
      if (operation === undefined) return [];
      const key = `${method.toUpperCase()} ${path}`;
      const rank = (LAST.test(key) ? 3 : RANK[method]) + (/DELETE|erase$|logout$/.test(key) ? 2 : 0);
      return [
        {
          rank,
          key,
          method: method.toUpperCase(),
          path,
          scope: operation['x-scope'],
          open: operation.security?.length === 0,
          example: operation.requestBody?.content?.['application/json']?.example,
          hasBody: operation.requestBody !== undefined,
          responses: operation.responses,
        },
      ];
    }),
  );
  // Deeper ones are made after, and ended before, what they belong to.
  const depth = ({ path }: { path: string }) => path.split('/').length;
  return all.sort((a, b) => a.rank - b.rank || (a.rank >= 4 ? depth(b) - depth(a) : depth(a) - depth(b)));
}

/** JSON Schema of what OpenAPI 3.0 says: only there is null a matter of a word. */
function judgeable(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(judgeable);
  if (typeof part !== 'object' || part === null) return part;
  const { nullable, ...rest } = Object.fromEntries(Object.entries(part).map(([key, value]) => [key, judgeable(value)]));
  if (typeof nullable === 'object') return { ...rest, nullable };
  return nullable === true ? { anyOf: [{ type: 'null' }, rest] } : rest;
}

function withDocument(schema: unknown): unknown {
  return JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"document#/components/'));
}
