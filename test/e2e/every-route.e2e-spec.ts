import { setTimeout as sleep } from 'node:timers/promises';
import { isGranted, type Permission } from '#platform/http';
import type { Role } from '#platform/context';
import {
  generateClient,
  type GeneratedCalls,
  type GeneratedOperation,
  onlyEvents,
  operationsOf,
} from '../support/generated-client.js';
import { TestServer } from '../support/test-server.js';

/** One that was never given out. */
const UNKNOWN = '01900000-0000-7000-8000-0000000000ff';
const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;

/**
 * A body that passes validation, where the document has no example that does for an object that is not there; by method and
 * path. Without one a refusal of the body would hide whose object it was. `me` stands for the caller's own id.
 */
const BODIES: Readonly<Record<string, unknown>> = {
  'POST /api/admin/knowledge-bases/{knowledgeBaseId}/documents': { title: 'Mine', text: 'now' },
  'POST /api/admin/api-keys/{id}/transfer': { user_id: 'me' },
};

/** How an object comes to be where the demo has none and its collection takes no POST; by the path of the collection. */
const MADE: Readonly<Record<string, string>> = {
  '/api/admin/jobs': '/api/admin/export',
  '/api/acme/me/jobs': '/api/acme/me/export',
};

/** What a body could name that is the server's to say: whose something is, who did it, what its caller may. */
const FORGED = ['tenant_id', 'tenantId', 'tenant', 'id', 'user_id', 'principal_id', 'owner_id', 'role', 'scopes'];

/** Headers by which proxies and other products name a tenant or a user. */
const NAMING_A_TENANT = ['x-tenant-id', 'x-tenant', 'x-organization-id', 'x-user-id', 'x-forwarded-user'];

/** No ids, though a looser program would find the first row by some of them. */
const NO_IDS = [
  'null',
  'undefined',
  '%20',
  '0',
  '-1',
  '*',
  '%25',
  'NaN',
  '[object%20Object]',
  "'%20OR%20'1'%3D'1",
  '%00',
];

/** Answered to anybody in this environment: about the installation, or what a page needs before anybody is signed in. */
const OPERATORS = /^\/(health|metrics|docs|asyncapi)/;

interface Operation {
  readonly id: string;
  readonly events: boolean;
  readonly method: string;
  readonly path: string;
  readonly scope: Permission | undefined;
  readonly open: boolean;
  readonly example: unknown;
  /** Names of the JSON body's fields; null: it takes none. */
  readonly fields: ReadonlySet<string> | null;
}

/**
 * Generated from the served document, so that a route that somebody adds is covered, or the test says what it lacks: who may
 * call it, and that another tenant's or another user's ids answer exactly as ids that were never given out.
 */
describe('every route of the document', () => {
  let server: TestServer;
  let operations: Operation[];
  let client: { calls: GeneratedCalls; dispose: () => Promise<void> } | undefined;
  const tokens = {} as Record<'user' | 'visitor' | 'supporter' | 'admin' | 'stranger' | 'root' | 'key', string>;

  beforeAll(async () => {
    server = await TestServer.start();
    tokens.user = (await server.login('user@acme.test')).token;
    tokens.supporter = (await server.login('supporter@acme.test')).token;
    tokens.admin = (await server.login('admin@acme.test')).token;
    tokens.stranger = (await server.login('admin@jobs.test')).token;
    tokens.root = (await server.login('root@platform.test')).token;
    const { body: document } = await server.api('/docs-json');
    operations = Object.entries(document.paths as Record<string, Record<string, OpenApiOperation>>).flatMap(
      ([path, methods]) => METHODS.flatMap((method) => read(path, method, methods[method], document)),
    );
    client = await generateClient(operationsOf(document));
    const chat = await server.chat(tokens.user);
    await chat.ask('What is your returns policy?');
    await chat.close();
    // Of somebody else: what calls for a person may be followed by all who may answer it.
    const wished = await server.api('/api/acme/chat', {
      token: tokens.admin,
      body: { content: 'Can I talk to a human?' },
    });
    expect(wished.body.escalation).toMatchObject({ status: 'waiting' });
  }, 180_000);
  afterAll(async () => {
    await client?.dispose();
    await server?.stop();
  });

  const ids = new Map<string, string>();
  /** By the generated client's function of the operation, where it shows a status. */
  async function call(operation: Operation, path: string, token?: string) {
    const body = bodyOf(operation);
    const own = JSON.stringify(body)?.includes('"me"') === true && token !== undefined ? await idOf(token) : '';
    const text = JSON.stringify(body)?.replaceAll('"me"', JSON.stringify(own));
    const sent = text === undefined ? {} : { body: JSON.parse(text) as unknown };
    const invoke = client?.calls[operation.id];
    if (operation.events || invoke === undefined) return server.api(path, { method: operation.method, token, ...sent });
    const parts = { path: valuesOf(operation.path, path), query: { user_id: UNKNOWN } };
    const { data, error, response } = await invoke({ url: server.url, token, ...parts, ...sent });
    if (response === undefined) throw new Error(`${operation.id} was not sent: ${String(error)}`);
    // The shape is what a test is about; it asserts on it.
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    return { status: response.status, headers: response.headers, body: (data ?? error) as any };
  }

  async function idOf(token: string): Promise<string> {
    const known = ids.get(token) ?? String((await server.api('/api/auth/me', { token })).body.id);
    ids.set(token, known);
    return known;
  }

  it('is there to be judged', () => {
    expect(operations.length).toBeGreaterThan(60);
  });

  it('wants a caller, unless it says that it is open', async () => {
    const wrong: string[] = [];
    for (const operation of operations.filter(({ open, path }) => !open && !OPERATORS.test(path))) {
      const path = operation.path.replace('{tenant}', 'acme').replaceAll(/\{\w+\}/g, UNKNOWN);
      for (const token of [undefined, 'not.a.token', 'sk_01900000-0000-7000-8000-0000000000ff_nothing']) {
        const { status } = await call(operation, path, token);
        // Too many bad ones from one address are no longer judged.
        if (status !== 401 && !(status === 429 && token !== undefined))
          wrong.push(`${operation.method} ${operation.path} with ${token ?? 'no token'}: ${status}`);
      }
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  it('is refused to roles and keys without its scope, and to no others', async () => {
    const made = await server.api('/api/admin/api-keys', { token: tokens.admin, body: { name: 'narrow' } });
    expect(made.status).toBe(201);
    tokens.visitor = await visitorToken();
    const callers: [string, string, (scope: Permission) => boolean][] = [
      ...(['visitor', 'end_user', 'supporter', 'tenant_admin', 'platform_admin'] as const).map(
        (role: Role): [string, string, (scope: Permission) => boolean] => [
          role,
          tokenOf(role),
          (scope) => isGranted(role, scope),
        ],
      ),
      ['a key', made.body.key, (scope) => (made.body.scopes ?? []).includes(scope)],
    ];
    const wrong: string[] = [];
    for (const operation of operations) {
      const { scope } = operation;
      if (scope === undefined) continue;
      for (const [caller, token, granted] of callers) {
        const tenant = caller === 'platform_admin' ? 'platform' : 'acme';
        const path = operation.path.replace('{tenant}', tenant).replaceAll(/\{\w+\}/g, UNKNOWN);
        // What needs no id would really be done.
        if (granted(scope) && operation.method !== 'GET' && !operation.path.includes('{id}')) continue;
        const { body, status } = await call(operation, path, token);
        const refused = status === 403 && body.code === 'FORBIDDEN';
        if (refused === granted(scope))
          wrong.push(`${operation.method} ${operation.path} (${scope}) by ${caller}: ${status}`);
      }
    }
    expect(wrong).toEqual([]);
  }, 180_000);

  it('answers another tenant’s and another user’s ids as ids that were never given out, and changes nothing', async () => {
    const owned = operations.filter(
      ({ open, path, scope }) => /\{(?!tenant\b)\w+\}/.test(path) && scope !== 'tenants.manage' && !open,
    );
    // What stands in a web page is nobody's secret; whatever else is open takes no id.
    const public_ = operations.filter(({ open, path }) => open && /\{(?!tenant\b)\w+\}/.test(path));
    expect([...new Set(public_.flatMap(({ path }) => path.match(/\{\w+\}/g) ?? []))]).toEqual(['{public_key}']);
    expect(owned.length).toBeGreaterThan(30);
    // What the demo lacks is made before anybody looks.
    const reals = new Map<string, string | null>();
    for (const { path } of owned) reals.set(path, reals.get(path) ?? (await realPath(path)));
    const before = await everythingOf(owned);
    const wrong: string[] = [];
    for (const operation of owned) {
      const real = reals.get(operation.path) ?? null;
      if (real === null) {
        wrong.push(`${operation.method} ${operation.path}: nothing to ask for; make one in MADE`);
        continue;
      }
      for (const [who, token, tenant] of strangersTo(operation.path)) {
        const path = (ids: string) => ids.replace('/api/acme/', `/api/${tenant}/`);
        const theirs = await call(operation, path(real), token);
        const nowhere = await call(operation, path(unknownPath(operation.path)), token);
        const same = JSON.stringify(comparable(theirs)) === JSON.stringify(comparable(nowhere));
        if (theirs.status !== 404 || !same)
          wrong.push(`${operation.method} ${operation.path} by ${who}: ${theirs.status}, unknown ${nowhere.status}`);
        if (operation.method !== 'GET') continue;
        // Whoever asks for the headers alone, or spells an id otherwise, learns no more.
        const spelt = real.replaceAll(/[0-9a-f-]{36}/g, (id) => id.toUpperCase());
        const head = await server.api(path(real), { method: 'HEAD', token });
        const loud = await server.api(path(spelt), { token });
        if (head.status !== 404 || loud.status !== 404 || head.headers.get('etag') !== null)
          wrong.push(`HEAD ${operation.path} by ${who}: ${head.status}; in capitals: ${loud.status}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(await everythingOf(owned)).toEqual(before);
  }, 240_000);

  it('takes what is no id for nobody’s, never for the first row', async () => {
    const addressed = operations.filter(({ path }) => /\{(?!tenant\b|n\b|user_id\b|public_key\b)\w+\}/.test(path));
    expect(addressed.length).toBeGreaterThan(60);
    const before = await everythingOf(addressed.filter(({ scope }) => scope !== 'tenants.manage'));
    const wrong: string[] = [];
    for (const operation of addressed) {
      const token = operation.scope === 'tenants.manage' ? tokens.root : ownerOf(operation.path);
      for (const id of [...NO_IDS, `${UNKNOWN},${UNKNOWN}`, `["${UNKNOWN}"]`, `{${UNKNOWN}}`]) {
        const path = operation.path
          .replace('{tenant}', 'acme')
          .replace('{n}', '1')
          .replaceAll(/\{\w+\}/g, id);
        const { status } = await server.api(path, { method: operation.method, token, body: bodyOf(operation) });
        if (![400, 404, 422].includes(status)) wrong.push(`${operation.method} ${path}: ${status}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(await everythingOf(addressed.filter(({ scope }) => scope !== 'tenants.manage'))).toEqual(before);
  }, 120_000);

  it('takes no word of a body for whose something is, or what its caller may: 400 by the field’s name', async () => {
    const wrong: string[] = [];
    const bodies = operations.filter(({ fields }) => fields !== null);
    expect(bodies.length).toBeGreaterThan(25);
    for (const operation of bodies) {
      const path = operation.path.replace('{tenant}', 'acme').replaceAll(/\{\w+\}/g, UNKNOWN);
      const token = operation.open ? undefined : await callerOf(operation);
      for (const field of FORGED.filter((name) => operation.fields?.has(name) !== true)) {
        const body = { ...(operation.example as object), ...(bodyOf(operation) as object), [field]: UNKNOWN };
        const answer = await server.api(path, { method: operation.method, token, body });
        // What is refused before anybody reads a body, such as a widget that there is not, tells no more either.
        if (operation.open && answer.status === 404) continue;
        if (answer.status !== 400 || !JSON.stringify(answer.body.errors).includes(field))
          wrong.push(`${operation.method} ${operation.path} with ${field}: ${answer.status}`);
      }
    }
    expect(wrong).toEqual([]);
  }, 120_000);

  it('takes no tenant and no user from a header or a parameter', async () => {
    const { body: tenants } = await server.api('/api/admin/tenants?limit=100', { token: tokens.root });
    const acme: string = tenants.data.find(({ slug }: { slug: string }) => slug === 'acme').id;
    const mine = operations.filter(
      ({ method, path, scope }) => method === 'GET' && scope !== undefined && !path.includes('{id}'),
    );
    const wrong: string[] = [];
    const asked = mine.filter(({ path, scope }) => scope !== 'tenants.manage' && !/\{(?!tenant\b)/.test(path));
    expect(asked.length).toBeGreaterThan(15);
    for (const { path: template } of asked) {
      const path = template.replace('{tenant}', 'jobs');
      const plain = await server.api(path, { token: tokens.stranger });
      for (const value of [acme, 'acme']) {
        const headers = Object.fromEntries(NAMING_A_TENANT.map((name) => [name, value]));
        const named = await server.api(path, { token: tokens.stranger, headers });
        const same = JSON.stringify(withoutTimes(named.body)) === JSON.stringify(withoutTimes(plain.body));
        if (named.status !== plain.status || (plain.status === 200 && !same))
          wrong.push(`${path} with headers: ${named.status}`);
        const parameter = await server.api(`${path}?tenant_id=${value}`, { token: tokens.stranger });
        if (parameter.status !== 400) wrong.push(`${path}?tenant_id=: ${parameter.status}`);
      }
    }
    expect(wrong).toEqual([]);
  }, 60_000);

  it('lets a key with one scope in where that scope is asked for, and nowhere else', async () => {
    const scopes = [...new Set(operations.flatMap(({ scope }) => scope ?? []))].filter((scope) =>
      isGranted('tenant_admin', scope),
    );
    expect(scopes.length).toBeGreaterThan(10);
    const wrong: string[] = [];
    for (const scope of scopes) {
      const body = { name: `only ${scope}`, role: 'tenant_admin', scopes: [scope] };
      const { body: key } = await server.api('/api/admin/api-keys', { token: tokens.admin, body });
      for (const operation of operations.filter((one) => one.scope !== undefined)) {
        // What needs no id would really be done.
        if (operation.scope === scope && operation.method !== 'GET' && !operation.path.includes('{id}')) continue;
        const path = operation.path.replace('{tenant}', 'acme').replaceAll(/\{\w+\}/g, UNKNOWN);
        const { body: answer, status } = await call(operation, path, key.key);
        const refused = status === 403 && answer.code === 'FORBIDDEN';
        if (refused === (operation.scope === scope))
          wrong.push(`${operation.method} ${operation.path} (${operation.scope}) by a key for ${scope}: ${status}`);
      }
    }
    expect(wrong).toEqual([]);
  }, 180_000);

  it('refuses a tenant’s admin every other tenant by its id, its own too, where the platform’s scope is asked for', async () => {
    const { body: tenants } = await server.api('/api/admin/tenants?limit=100', { token: tokens.root });
    const platforms = operations.filter(({ path, scope }) => scope === 'tenants.manage' && path.includes('{id}'));
    expect(platforms.length).toBeGreaterThan(5);
    const wrong: string[] = [];
    for (const operation of platforms) {
      const nowhere = await call(operation, operation.path.replace('{id}', UNKNOWN), tokens.stranger);
      for (const { id, slug } of tenants.data) {
        const theirs = await call(operation, operation.path.replace('{id}', id), tokens.stranger);
        const same = JSON.stringify(comparable(theirs)) === JSON.stringify(comparable(nowhere));
        if (theirs.status !== 403 || !same)
          wrong.push(`${operation.method} ${operation.path} of ${slug}: ${theirs.status}`);
      }
    }
    expect(wrong).toEqual([]);
    const { body: after } = await server.api('/api/admin/tenants?limit=100', { token: tokens.root });
    expect(withoutTimes(after.data)).toEqual(withoutTimes(tenants.data));
  }, 60_000);

  async function visitorToken(): Promise<string> {
    const origin = 'https://shop.example.com';
    const body = { name: 'For visitors', origins: [origin] };
    const widget = await server.api('/api/admin/widgets', { token: tokens.admin, body });
    const path = `/api/public/widgets/${widget.body.public_key}/sessions`;
    const session = await server.api(path, { body: {}, headers: { origin } });
    expect(session.status).toBe(200);
    return session.body.access_token;
  }

  function tokenOf(role: Role): string {
    if (role === 'visitor') return tokens.visitor;
    if (role === 'platform_admin') return tokens.root;
    return role === 'tenant_admin' ? tokens.admin : role === 'supporter' ? tokens.supporter : tokens.user;
  }

  /** Who asks for what is not theirs, in whose path. */
  function strangersTo(path: string): [string, string, string][] {
    const ofUser = (path.startsWith('/api/{tenant}/') && !ofSupporters(path)) || path.startsWith('/api/auth/');
    const foreign: [string, string, string] = ['another tenant', tokens.stranger, 'jobs'];
    return ofUser ? [foreign, ['another user', tokens.admin, 'acme']] : [foreign];
  }

  /** Somebody who is let in as far as the body. */
  async function callerOf({ path, scope }: Operation): Promise<string> {
    if (scope === 'tenants.manage') return tokens.root;
    if (scope !== 'end_user_tokens.create') return ownerOf(path);
    tokens.key ??= (
      await server.api('/api/admin/api-keys', { token: tokens.admin, body: { name: 'vouching' } })
    ).body.key;
    return tokens.key;
  }

  /** Whose objects they are: the user's own, or what the tenant's admin looks after. */
  function ownerOf(path: string): string {
    if (ofSupporters(path)) return tokens.supporter;
    return path.startsWith('/api/admin/') ? tokens.admin : tokens.user;
  }

  /** What all of a tenant's supporters share. */
  function ofSupporters(path: string): boolean {
    return /^\/api\/(\{tenant\}|acme)\/supporter\//.test(path);
  }

  /** The path with ids of acme's first objects; null when there is none to name. */
  async function realPath(template: string): Promise<string | null> {
    let path = template.replace('{tenant}', 'acme');
    for (const [parameter = '', name] of template.matchAll(/\{(\w+)\}/g)) {
      if (name === 'tenant') continue;
      if (name === 'n') {
        path = path.replace(parameter, '1');
        continue;
      }
      if (name === 'user_id') {
        path = path.replace(parameter, (await server.api('/api/auth/me', { token: tokens.user })).body.id);
        continue;
      }
      const collection = path.slice(0, path.indexOf(`/${parameter}`));
      const id = await firstOf(collection, ownerOf(template));
      if (id === null) return null;
      path = path.replace(parameter, id);
    }
    return path;
  }

  async function firstOf(collection: string, token: string): Promise<string | null> {
    const list = await server.api(`${collection}?limit=100`, { token });
    const [first] = (list.body?.data ?? []).slice(-1);
    if (first !== undefined) return first.id;
    const maker = MADE[collection] ?? collection.replace(/\/deliveries$/, '/test');
    const body = maker === collection ? exampleOf(collection) : {};
    if (body === undefined) return null;
    const made = await server.api(maker, { token, body });
    if (made.status >= 300) return null;
    await settled(`${collection}/${made.body.id}`, token);
    return made.body.id;
  }

  /** A job's row changes until it has ended. */
  async function settled(path: string, token: string): Promise<void> {
    for (let waited = 0; waited < 30_000; waited += 100) {
      const { body } = await server.api(path, { token });
      if (body?.status !== 'queued' && body?.status !== 'running') return;
      await sleep(100);
    }
  }

  function exampleOf(collection: string): unknown {
    return operations.find(({ method, path }) => method === 'POST' && path === collection)?.example;
  }

  function unknownPath(template: string): string {
    return template
      .replace('{tenant}', 'acme')
      .replace('{n}', '1')
      .replaceAll(/\{\w+\}/g, UNKNOWN);
  }

  /** All that the owners' lists show, to be compared. */
  async function everythingOf(owned: readonly Operation[]): Promise<Record<string, unknown>> {
    const lists: Record<string, unknown> = {};
    for (const { path } of owned) {
      const collection = path.slice(0, path.lastIndexOf('/{')).replace('{tenant}', 'acme');
      if (collection.includes('{') || collection.endsWith('/ws/users')) continue;
      const { body, status } = await server.api(`${collection}?limit=100`, { token: ownerOf(path) });
      if (status === 200) lists[collection] = withoutTimes(body.data);
    }
    return lists;
  }
});

interface OpenApiOperation extends GeneratedOperation {
  readonly 'x-scope'?: Permission;
  readonly security?: readonly unknown[];
}

function read(path: string, method: string, operation: OpenApiOperation | undefined, document: object): Operation[] {
  if (operation === undefined) return [];
  const json = operation.requestBody?.content?.['application/json'] as { schema?: JsonSchema } | undefined;
  return [
    {
      id: operation.operationId,
      events: onlyEvents(operation),
      path,
      method: method.toUpperCase(),
      scope: operation['x-scope'],
      open: operation.security?.length === 0,
      example: operation.requestBody?.content?.['application/json']?.example,
      fields: json?.schema === undefined ? null : new Set(fieldsOf(json.schema, document)),
    },
  ];
}

interface JsonSchema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly oneOf?: readonly JsonSchema[];
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
}

/** All that some variant of the object may have. */
function fieldsOf(
  { $ref, allOf = [], anyOf = [], oneOf = [], properties = {} }: JsonSchema,
  document: object,
): string[] {
  const path = $ref?.split('/').slice(1) ?? [];
  const named = path.reduce<unknown>((node, key) => (node as Record<string, unknown>)[key], document) as JsonSchema;
  const variants = [...oneOf, ...anyOf, ...allOf, ...($ref === undefined ? [] : [named])];
  return [...Object.keys(properties), ...variants.flatMap((variant) => fieldsOf(variant, document))];
}

/** What a path has in the place of its template's names. */
function valuesOf(template: string, path: string): Record<string, string> {
  const values = path.split('/');
  return Object.fromEntries(
    template.split('/').flatMap((part, index) => {
      const name = /^\{(\w+)\}$/.exec(part)?.[1];
      return name === undefined ? [] : [[name, values[index] ?? '']];
    }),
  );
}

function bodyOf({ example, method, path }: Operation): unknown {
  if (method === 'GET' || method === 'DELETE') return undefined;
  return BODIES[`${method} ${path}`] ?? example ?? {};
}

function comparable({ body, status }: { status: number; body: Record<string, unknown> }): object {
  const { instance: _instance, trace_id: _trace, ...rest } = body ?? {};
  return { status, ...rest };
}

/** When somebody was last seen changes by looking. */
function withoutTimes(rows: unknown): unknown {
  return JSON.parse(
    JSON.stringify(rows ?? null, (name, value: unknown) => (/^last_|^updated_at$/.test(name) ? undefined : value)),
  );
}
