import { newId } from '#platform/database';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { AuthApp } from './auth-app.js';

describe('what all of REST shares', () => {
  let app: AuthApp;
  let admin: Awaited<ReturnType<AuthApp['signedIn']>>;
  beforeAll(async () => {
    app = await AuthApp.start({ CORS_ORIGINS: 'https://app.example.com' });
    admin = await app.signedIn('tenant_admin');
  });
  afterAll(() => app.stop());

  const newUser = () => ({ email: `${newId()}@example.test`, name: 'New', password: 'long enough' });
  const create = (body: unknown, headers: Record<string, string> = {}) =>
    app.call('/api/admin/users', { token: admin.token, body, headers });

  it('answers errors as problem documents that carry the request’s id', async () => {
    const answer = await app.call('/api/auth/me', { headers: { 'x-request-id': 'trace-1' } });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.headers.get('x-request-id')).toBe('trace-1');
    expect(answer.body).toMatchObject({ status: 401, code: 'UNAUTHORIZED', trace_id: 'trace-1', errors: [] });
    const hostile = await app.call('/api/auth/me', { headers: { 'x-request-id': 'a b<script>' } });
    expect(hostile.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('answers an unknown address with 404 and no hint of the framework', async () => {
    const answer = await app.call('/api/nothing/here');
    expect(answer.status).toBe(404);
    expect(answer.headers.get('x-powered-by')).toBeNull();
    expect(answer.body).toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each([
    ['no JSON', { raw: '{"email":' }, 400],
    ['another content type', { raw: 'a=b', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415],
    ['another charset', { raw: '{}', headers: { 'content-type': 'application/json; charset=utf-7' } }, 415],
    ['more than a megabyte', { raw: JSON.stringify({ name: 'x'.repeat(1_100_000) }) }, 413],
    ['a list', { body: [] }, 422],
    ['no body', { method: 'POST' }, 422],
  ])('refuses %s', async (_what, call, status) => {
    const answer = await app.call('/api/admin/users', { token: admin.token, ...call });
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ code: 'INVALID_INPUT', status });
    expect(JSON.stringify(answer.body)).not.toMatch(/at .*\.js/);
  });

  it.each(['tenant_id', 'id', 'kind', 'password_hash', 'constructor', 'prototype'])(
    'names the unknown field %s with 400',
    async (field) => {
      const answer = await create({ ...newUser(), [field]: 'x' });
      expect(answer.status).toBe(400);
      expect(answer.body).toMatchObject({ code: 'INVALID_INPUT' });
      expect(answer.text).toContain(field);
    },
  );

  it('refuses keys that aim at object prototypes, at any depth', async () => {
    const raw = JSON.stringify({ ...newUser(), name: 'x' }).replace('"x"', '"x","__proto__":{"role":"platform_admin"}');
    expect((await app.call('/api/admin/users', { token: admin.token, raw })).status).toBe(400);
  });

  it('names text that no database can hold with 422', async () => {
    for (const name of ['nul\0', 'half \ud83d', { deep: ['\0'] }]) {
      const answer = await create({ ...newUser(), name });
      expect(answer.status).toBe(422);
      expect(answer.text).toContain('name');
    }
    const login = { tenant: 'a\0', email: 'a@b.test', password: 'x' };
    expect((await app.call('/api/auth/login', { body: login })).status).toBe(422);
    expect((await app.call('/api/admin/users/%00', { token: admin.token })).status).toBe(422);
    expect((await create({ ...newUser(), name: 'whole 😀' })).status).toBe(201);
  });

  it('names the wrong values with 422', async () => {
    const answer = await create({ email: 'no address', password: 'short', role: 'owner' });
    expect(answer.status).toBe(422);
    const paths = (answer.body as unknown as { errors: { path: string }[] }).errors.map((error) => error.path);
    expect(paths.sort()).toEqual(['email', 'password', 'role']);
  });

  it.each(['null', 'undefined', '0', 'abc', '%20', "1'--", `${newId()}x`])('answers the id %s with 422', async (id) => {
    const answer = await app.call(`/api/admin/users/${id}`, { token: admin.token });
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({ errors: [{ path: 'id' }] });
  });

  it.each(['limit=0', 'limit=101', 'limit=1e9', 'limit=x', 'limit=5&limit=6', 'cursor=garbage', 'cursor='])(
    'answers the list parameter %s with 422',
    async (query) => {
      expect((await app.call(`/api/admin/users?${query}`, { token: admin.token })).status).toBe(422);
    },
  );

  it('answers a list parameter that nothing defines with 400', async () => {
    expect((await app.call('/api/admin/users?order_by=1', { token: admin.token })).status).toBe(400);
  });

  it('answers a parameter of a single read, or of a command, that nothing defines with 400', async () => {
    const paths = [`/api/admin/users/${admin.id}`, '/api/auth/me', '/api/admin/settings', `/api/${admin.slug}/probe`];
    for (const path of paths) {
      expect((await app.call(path, { token: admin.token })).status).toBe(200);
      const answer = await app.call(`${path}?expand=all`, { token: admin.token });
      expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID_INPUT', errors: [{ path: 'expand' }] } });
    }
    expect((await app.call('/api/auth/login?x=', { body: {} })).status).toBe(400);
    expect((await app.call('/api/auth/me?x=1')).status).toBe(401);
    expect((await app.call('/.well-known/jwks.json?v=2')).status).toBe(200);
  });

  it('pages through a list with a cursor that is good for this tenant only', async () => {
    const own = await app.signedIn('tenant_admin');
    for (let i = 0; i < 4; i++) await app.person(own.tenantId, 'end_user');
    const seen: string[] = [];
    let cursor: string | null = '';
    for (let pages = 0; cursor !== null && pages < 10; pages++) {
      const query: string = cursor === '' ? '' : `&cursor=${cursor}`;
      const { body } = await app.call(`/api/admin/users?limit=2${query}`, { token: own.token });
      const page = body as unknown as { data: { id: string }[]; next_cursor: string | null; has_more: boolean };
      expect(page.has_more).toBe(page.next_cursor !== null);
      seen.push(...page.data.map((user) => user.id));
      cursor = page.next_cursor;
    }
    expect(seen).toHaveLength(5);
    expect(new Set(seen).size).toBe(5);
    const { body } = await app.call('/api/admin/users?limit=2', { token: own.token });
    const foreign = await app.call(`/api/admin/users?cursor=${String(body['next_cursor'])}`, { token: admin.token });
    expect(foreign.status).toBe(422);
  });

  it('says where a new object is, and gives a repeat with the same Idempotency-Key the same one', async () => {
    const body = newUser();
    const key = { 'idempotency-key': `k-${newId()}` };
    const first = await create(body, key);
    expect(first.status).toBe(201);
    expect(first.headers.get('location')).toBe(`/api/admin/users/${String(first.body['id'])}`);
    const again = await create(body, key);
    expect(again.status).toBe(201);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    expect((await create({ ...body, name: 'Other' }, key)).status).toBe(409);
    const [row] = await app.database.uow.query<{ text: string }>(
      admin,
      'SELECT k::text AS text FROM app.idempotency_key k WHERE tenant_id = $1',
      [admin.tenantId],
    );
    expect(row?.text).not.toContain(body.email);
  });

  it('makes one object of requests that arrive together with one key', async () => {
    const body = newUser();
    const key = { 'idempotency-key': `k-${newId()}` };
    const answers = await Promise.all(Array.from({ length: 6 }, () => create(body, key)));
    const made = answers.filter((answer) => answer.status === 201);
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made.map((answer) => answer.body['id'])).size).toBe(1);
    expect(answers.filter((answer) => answer.status !== 201).map((answer) => answer.status)).toEqual(
      Array(6 - made.length).fill(409),
    );
    expect((await create(body, key)).body).toEqual(made[0]?.body);
  });

  it('lets a key be used again after a failure, and by somebody else', async () => {
    const key = { 'idempotency-key': 'mine' };
    expect((await create({ ...newUser(), email: admin.email }, key)).status).toBe(409);
    expect((await create(newUser(), key)).status).toBe(201);
    const other = await app.signedIn('tenant_admin');
    const theirs = await app.call('/api/admin/users', { token: other.token, body: newUser(), headers: key });
    expect(theirs.status).toBe(201);
    expect((await create(newUser(), { 'idempotency-key': 'x'.repeat(201) })).status).toBe(422);
  });

  it('counts a text in UTF-16 units', async () => {
    expect((await create({ ...newUser(), name: '😀'.repeat(100) })).status).toBe(201);
    const answer = await create({ ...newUser(), name: '😀'.repeat(101) });
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ path: 'name' }] } });
  });

  it('tags what it makes, for the first change of it', async () => {
    const key = { 'idempotency-key': `k-${newId()}` };
    const body = newUser();
    const made = await create(body, key);
    const tag = made.headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[\w-]+"$/);
    expect((await create(body, key)).headers.get('etag')).toBe(tag);
    const path = made.headers.get('location') ?? '';
    expect((await app.call(path, { token: admin.token })).headers.get('etag')).toBe(tag);
    const patch = { method: 'PATCH', token: admin.token, headers: { 'if-match': tag } };
    expect((await app.call(path, { ...patch, body: { name: 'First' } })).status).toBe(200);
    expect((await app.call(path, { ...patch, body: { name: 'Second' } })).status).toBe(412);
    // A secret that is shown once is no part of what is read afterwards.
    const apiKey = await app.call('/api/admin/api-keys', { token: admin.token, body: { name: 'k' } });
    const read = await app.call(apiKey.headers.get('location') ?? '', { token: admin.token });
    expect(apiKey.body).toHaveProperty('key');
    expect(apiKey.headers.get('etag')).toBe(read.headers.get('etag'));
    // What only does something has nothing to be read again.
    expect(
      (await app.call('/api/auth/password/forgot', { body: { tenant: 'a', email: 'a@b.test' } })).headers.get('etag'),
    ).toBeNull();
  });

  it('tags what it reads, and changes it only for who has read the last version', async () => {
    const { body: user } = await create(newUser());
    const path = `/api/admin/users/${String(user['id'])}`;
    const read = await app.call(path, { token: admin.token });
    const tag = read.headers.get('etag') ?? '';
    expect(tag).toMatch(/^"[\w-]+"$/);
    expect(
      (await app.call(path, { token: admin.token, headers: { 'if-none-match': tag, 'cache-control': 'max-age=0' } }))
        .status,
    ).toBe(304);
    const patch = (name: string, match: string) =>
      app.call(path, { method: 'PATCH', token: admin.token, body: { name }, headers: { 'if-match': match } });
    const changed = await patch('Second', tag);
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(tag);
    const late = await patch('Third', tag);
    expect(late.body).toMatchObject({ status: 412, code: 'PRECONDITION_FAILED' });
    expect((await app.call(path, { token: admin.token })).body).toMatchObject({ name: 'Second' });
    expect((await patch('Fourth', '*')).status).toBe(200);
  });

  describe('tenants in paths', () => {
    it('are the caller’s own by slug and id; any other is as unknown as an invented one', async () => {
      const other = await app.signedIn('tenant_admin');
      for (const own of [admin.slug, admin.tenantId, admin.tenantId.toUpperCase()]) {
        const answer = await app.call(`/api/${own}/probe`, { token: admin.token });
        expect(answer.body).toEqual({ tenant_id: admin.tenantId });
      }
      const bodies = [];
      for (const foreign of [other.slug, other.tenantId, newId(), 'no-such', 'admin', '%2e%2e', 'null']) {
        const answer = await app.call(`/api/${foreign}/probe`, { token: admin.token });
        expect(answer.status).toBe(404);
        bodies.push(JSON.stringify({ ...answer.body, trace_id: '' }));
      }
      expect(new Set(bodies).size).toBe(1);
    });

    it('are not chosen by a header', async () => {
      const other = await app.signedIn('tenant_admin');
      const answer = await app.call('/api/admin/users', {
        token: admin.token,
        headers: { 'x-tenant-id': other.tenantId, 'x-tenant': other.slug },
      });
      expect(answer.text).not.toContain(other.id);
    });
  });

  it('refuses a route that declares no permission, to everybody', async () => {
    const path = (slug: string) => `/api/${slug}/probe/undeclared`;
    expect((await app.call(path(admin.slug), { token: admin.token })).status).toBe(403);
    expect((await app.call(path(admin.slug))).status).toBe(401);
  });

  it('keeps a fault’s words from clients in production, and credentials out of them elsewhere', async () => {
    const here = await app.call(`/api/${admin.slug}/probe/broken/orders`, { token: admin.token });
    expect(here.status).toBe(500);
    expect(here.body).toMatchObject({
      code: 'INTERNAL',
      debug: { message: expect.stringContaining('/orders is gone') },
    });
    expect(here.text).not.toContain('hunter2');
  });

  it('lets listed origins and loopback pages read answers, and nobody else', async () => {
    const allowed = async (origin: string) =>
      (await app.call('/.well-known/jwks.json', { headers: { origin } })).headers.get('access-control-allow-origin');
    expect(await allowed('https://app.example.com')).toBe('https://app.example.com');
    expect(await allowed('http://localhost:5173')).toBe('http://localhost:5173');
    for (const evil of ['https://evil.example', 'null', 'https://app.example.com.evil', 'http://app.example.com']) {
      expect(await allowed(evil)).toBeNull();
    }
    const preflight = await app.call('/api/auth/login', {
      method: 'OPTIONS',
      headers: { origin: 'https://evil.example', 'access-control-request-method': 'POST' },
    });
    expect(preflight.headers.get('access-control-allow-credentials')).toBeNull();
  });

  it('answers too many headers with 431', async () => {
    const headers = Object.fromEntries(Array.from({ length: 300 }, (_value, i) => [`h${i}`, '1']));
    const status = await new Promise<number | undefined>((resolve, reject) => {
      httpRequest(`${app.url}/api/auth/me`, { headers }, (response: IncomingMessage) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on('error', reject)
        .end();
    });
    expect(status).toBe(431);
  });

  it('documents itself from the schemas that validate', async () => {
    const { body, status } = await app.call('/docs-json');
    expect(status).toBe(200);
    const document = body as unknown as {
      paths: Record<
        string,
        Record<string, { security?: unknown[]; responses: Record<string, unknown>; requestBody: unknown }>
      >;
      components: { schemas: Record<string, unknown>; securitySchemes: Record<string, unknown> };
    };
    expect(document.components.securitySchemes).toHaveProperty('bearer');
    expect(document.components.schemas).toHaveProperty('Problem');
    const login = document.paths['/api/auth/login']?.['post'];
    expect(login?.security).toEqual([]);
    expect(JSON.stringify(login?.requestBody)).toContain('"password"');
    const list = document.paths['/api/admin/users']?.['get'];
    expect(list?.responses).toHaveProperty(['422']);
    expect(JSON.stringify(list)).toContain('"limit"');
    // A path that a guard reads and no handler: "Try it out" has to ask for it.
    expect(document.paths['/api/{tenant}/probe']?.['get']).toMatchObject({
      parameters: [{ name: 'tenant', in: 'path', required: true }],
    });
    expect(document.paths['/api/admin/users']?.['post']?.requestBody).toMatchObject({
      content: { 'application/json': { example: { role: 'end_user' } } },
    });
    expect((await app.call('/docs')).text).toContain('swagger-ui');
  });
});
