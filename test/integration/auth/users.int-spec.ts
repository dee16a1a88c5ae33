import { AuthApp, type Call } from './auth-app.js';

type Person = Awaited<ReturnType<AuthApp['signedIn']>>;
interface Listed {
  readonly id: string;
  readonly name: string;
  readonly email: string;
}

describe('users', () => {
  let app: AuthApp;
  let admin: Person;
  beforeAll(async () => {
    app = await AuthApp.start();
    admin = await app.signedIn('tenant_admin');
    for (const [name, role, external] of [
      ['Zoë 100%', 'supporter', null],
      ['ann', 'end_user', 'crm-1'],
      ['Bob_x', 'end_user', 'crm-2'],
      ['Cy', 'visitor', null],
    ] as const) {
      const { id } = await app.person(admin.tenantId, role);
      await app.database.uow.query(
        admin,
        `UPDATE app.principal SET name = $3, external_id = $4 WHERE tenant_id = $1 AND id = $2`,
        [admin.tenantId, id, name, external],
      );
    }
  });
  afterAll(() => app.stop());

  const users = (query: string, call: Call = {}) =>
    app.call(`/api/admin/users${query}`, { token: admin.token, ...call });
  const names = async (query: string) => {
    const { body, status, text } = await users(query);
    if (status !== 200) throw new Error(text);
    return (body['data'] as unknown as Listed[]).map(({ name }) => name);
  };

  it.each([
    ['?kind=staff', ['Zoë 100%', 'tenant_admin']],
    ['?kind=end_user', ['Bob_x', 'ann']],
    ['?kind=visitor', ['Cy']],
    ['?role=supporter', ['Zoë 100%']],
    ['?q=ANN', ['ann']],
    ['?q=%25', ['Zoë 100%']],
    ['?q=_x', ['Bob_x']],
    ['?q=crm-', ['Bob_x', 'ann']],
    ['?q=%5C', []],
    ['?kind=end_user&q=supporter', []],
    ['?sort=name', ['ann', 'Bob_x', 'Cy', 'tenant_admin', 'Zoë 100%']],
    ['?sort=-name', ['Zoë 100%', 'tenant_admin', 'Cy', 'Bob_x', 'ann']],
    ['?sort=created_at', ['tenant_admin', 'Zoë 100%', 'ann', 'Bob_x', 'Cy']],
    ['', ['Cy', 'Bob_x', 'ann', 'Zoë 100%', 'tenant_admin']],
  ])('are found with %s', async (query, found) => {
    expect(await names(query)).toEqual(found);
  });

  it.each(['name', '-name', 'email', '-email', 'created_at', '-created_at'])(
    'come whole in pages sorted by %s',
    async (sort) => {
      const all = await names(`?sort=${sort}`);
      const paged: string[] = [];
      let cursor = '';
      do {
        const { body } = await users(`?sort=${sort}&limit=2${cursor}`);
        paged.push(...(body['data'] as unknown as Listed[]).map(({ name }) => name));
        cursor = typeof body['next_cursor'] === 'string' ? `&cursor=${String(body['next_cursor'])}` : '';
      } while (cursor !== '');
      expect(paged).toEqual(all);
    },
  );

  it('whose names are spelt unlike by different programs come once each', async () => {
    const other = await app.signedIn('tenant_admin');
    for (const name of ['İstanbul', 'ISTANBUL', 'ıstanbul', 'ẞ', 'ss', 'ΑΣ', 'Å', 'Å'.normalize('NFD')]) {
      const { id } = await app.person(other.tenantId, 'end_user');
      await app.database.uow.query(other, `UPDATE app.principal SET name = $3 WHERE tenant_id = $1 AND id = $2`, [
        other.tenantId,
        id,
        name,
      ]);
    }
    const seen: string[] = [];
    let cursor = '';
    do {
      const { body } = await app.call(`/api/admin/users?sort=name&limit=1${cursor}`, { token: other.token });
      seen.push(...(body['data'] as unknown as Listed[]).map(({ id }) => id));
      cursor = typeof body['next_cursor'] === 'string' ? `&cursor=${String(body['next_cursor'])}` : '';
    } while (cursor !== '' && seen.length < 20);
    expect(seen).toHaveLength(9);
    expect(new Set(seen).size).toBe(9);
  });

  it('are not listed after a cursor that no database takes', async () => {
    const cursor = (position: unknown[]) =>
      Buffer.from(JSON.stringify([admin.tenantId, ...position])).toString('base64url');
    for (const position of [['a\0', admin.id], ['a', 'x'], [1, admin.id], [['a'], admin.id], [null, admin.id], ['a']])
      expect((await users(`?sort=name&cursor=${cursor(position)}`)).status).toBe(422);
  });

  it.each([
    '?sort=password_hash',
    '?sort=name;drop',
    '?sort=name%20desc',
    '?sort=',
    '?kind=api_key',
    '?role=owner',
    '?status=gone',
    '?q=',
    '?q=a&q=b',
    '?limit=1000000000',
    '?cursor=W10',
  ])('are not listed with %s', async (query) => {
    expect((await users(query)).status).toBe(422);
  });

  it('are deleted: gone from every list, signed out, and their address is free', async () => {
    const user = await app.signedIn('end_user', admin);
    expect((await users(`/${user.id}`, { method: 'DELETE' })).status).toBe(204);
    expect((await users(`/${user.id}`)).status).toBe(404);
    expect((await users(`/${user.id}`, { method: 'DELETE' })).status).toBe(404);
    expect((await users(`/${user.id}`, { method: 'PATCH', body: { disabled: false } })).status).toBe(404);
    expect((await users('?limit=100')).text).not.toContain(user.id);
    expect((await app.call('/api/auth/me', { token: user.token })).status).toBe(401);
    await expect(app.login(user.slug, user.email)).rejects.toThrow('wrong');
    const again = await users('', { body: { email: user.email, password: 'long enough to be one' } });
    expect(again.status).toBe(201);
    const rows = await app.database.uow.query<{ text: string }>(
      admin,
      `SELECT p::text AS text FROM app.principal p WHERE tenant_id = $1 AND id = $2`,
      [admin.tenantId, user.id],
    );
    expect(rows[0]?.text).not.toContain(user.email);
    expect(rows[0]?.text).not.toContain('argon2');
  });

  it('that are the last admin stay, also when two remove each other at once', async () => {
    const [first, other] = [await app.signedIn('tenant_admin'), await app.signedIn('tenant_admin')];
    const remove = (by: Person, id: string) =>
      app.call(`/api/admin/users/${id}`, { method: 'DELETE', token: by.token });
    expect((await remove(first, first.id)).status).toBe(409);
    expect((await remove(first, other.id)).status).toBe(404);
    const second = await app.signedIn('tenant_admin', first);
    const answers = await Promise.all([
      remove(first, second.id),
      app.call(`/api/admin/users/${first.id}`, { method: 'PATCH', token: second.token, body: { role: 'end_user' } }),
    ]);
    expect(answers.filter(({ status }) => status < 300)).toHaveLength(1);
    const left = await app.database.uow.query(
      first,
      `SELECT 1 FROM app.principal WHERE tenant_id = $1 AND role = 'tenant_admin' AND disabled_at IS NULL`,
      [first.tenantId],
    );
    expect(left).toHaveLength(1);
  });

  describe('sessions', () => {
    const sessions = async (token: string, path = '/api/auth/sessions') => {
      const { body } = await app.call(path, { token });
      return body['data'] as unknown as { id: string; current: boolean; user: { id: string } }[];
    };
    const me = async (token: string) => (await app.call('/api/auth/me', { token })).status;
    const del = async (token: string, path: string) => (await app.call(path, { method: 'DELETE', token })).status;

    it('are listed and ended, one’s own', async () => {
      const user = await app.signedIn('end_user', admin);
      const [second, third] = [await app.login(user.slug, user.email), await app.login(user.slug, user.email)];
      const listed = await sessions(user.token);
      expect(listed.map(({ current }) => current)).toEqual([false, false, true]);
      const own = await sessions(second.access);
      expect(await del(user.token, `/api/auth/sessions/${String(own.find(({ current }) => current)?.id)}`)).toBe(204);
      expect([await me(user.token), await me(second.access), await me(third.access)]).toEqual([200, 401, 200]);
      expect(await del(user.token, '/api/auth/sessions')).toBe(204);
      expect([await me(user.token), await me(third.access)]).toEqual([200, 401]);
      expect(await sessions(user.token)).toHaveLength(1);
    });

    it('of somebody else are not found', async () => {
      const [a, b] = [await app.signedIn('end_user', admin), await app.signedIn('end_user', admin)];
      const [theirs] = await sessions(b.token);
      expect(await del(a.token, `/api/auth/sessions/${String(theirs?.id)}`)).toBe(404);
      expect(await me(b.token)).toBe(200);
    });

    it('of a tenant’s people are listed and ended by its admins alone', async () => {
      const [user, stranger] = [await app.signedIn('end_user', admin), await app.signedIn('end_user')];
      const path = `/api/admin/sessions?user_id=${user.id}`;
      const [one] = await sessions(admin.token, path);
      expect(one?.user.id).toBe(user.id);
      expect(await sessions(admin.token, `/api/admin/sessions?user_id=${stranger.id}`)).toEqual([]);
      expect(await del(admin.token, `/api/admin/sessions?user_id=${stranger.id}`)).toBe(404);
      const [theirs] = await sessions(stranger.token);
      expect(await del(admin.token, `/api/admin/sessions/${String(theirs?.id)}`)).toBe(404);
      expect(await me(stranger.token)).toBe(200);
      expect(await del(user.token, path)).toBe(403);
      expect(await del(admin.token, '/api/admin/sessions')).toBe(422);
      expect(await del(admin.token, `/api/admin/sessions/${String(one?.id)}`)).toBe(204);
      expect(await me(user.token)).toBe(401);
      const again = await app.login(user.slug, user.email);
      expect(await del(admin.token, path)).toBe(204);
      expect(await me(again.access)).toBe(401);
    });
  });
});
