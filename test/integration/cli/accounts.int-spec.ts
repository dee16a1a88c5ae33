import { spawn } from 'node:child_process';
import { builtFile } from '#platform/paths';
import { AuthApp } from '../auth/auth-app.js';

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe('switchboard user and key', () => {
  let app: AuthApp;
  let tenant: { tenantId: string; slug: string };
  beforeAll(async () => {
    app = await AuthApp.start();
    tenant = await app.database.tenant();
  });
  afterAll(() => app.stop());

  const run = (...args: string[]): Promise<Outcome> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [builtFile('cli/main.js'), ...args], {
        env: { PATH: process.env['PATH'], DATABASE_URL: app.database.url, DATA_DIR: app.config.dataDir },
      });
      let [out, err] = ['', ''];
      child.stdout.on('data', (chunk) => (out += String(chunk)));
      child.stderr.on('data', (chunk) => (err += String(chunk)));
      child.on('close', (code) => resolve({ code, out, err }));
    });
  const json = async (...args: string[]) => {
    const outcome = await run(...args, '--tenant', tenant.slug, '--json');
    if (outcome.code !== 0) throw new Error(`${outcome.code}: ${outcome.err}`);
    return JSON.parse(outcome.out) as Record<string, string> & Record<string, string>[];
  };
  const choose = (url: string | undefined, password: string) =>
    app.call('/api/auth/password/reset', { body: { token: new URL(url ?? '').searchParams.get('token'), password } });

  it('make the first admin of a tenant, who chooses a password by the link', async () => {
    const made = await json(
      'user',
      'create',
      '--email',
      'First@Example.test',
      '--role',
      'tenant_admin',
      '--name',
      'Ann',
    );
    expect(made).toMatchObject({ email: 'first@example.test', role: 'tenant_admin' });
    expect((await choose(made['reset_url'], 'the first password')).status).toBe(204);
    const { access } = await app.login(tenant.slug, 'first@example.test', 'the first password');
    expect((await app.call('/api/admin/users', { token: access })).status).toBe(200);
    expect(await json('user', 'list')).toMatchObject([{ id: made['id'], name: 'Ann', status: 'active' }]);
    const again = await run('user', 'create', '--email', 'first@example.test', '--tenant', tenant.slug);
    expect(again).toMatchObject({ code: 4, out: '' });
  });

  it('let in an admin who forgot the password, and end it for one who left', async () => {
    const admin = await app.signedIn('tenant_admin', tenant);
    const { reset_url: url } = await json('user', 'reset-password', '--email', admin.email);
    expect((await choose(url, 'another long password')).status).toBe(204);
    expect((await app.call('/api/auth/me', { token: admin.token })).status).toBe(401);
    const { access } = await app.login(tenant.slug, admin.email, 'another long password');
    expect(await json('user', 'disable', '--email', admin.email)).toMatchObject({ status: 'disabled' });
    expect((await app.call('/api/auth/me', { token: access })).status).toBe(401);
    const rows = await app.database.uow.query<{ action: string }>(
      tenant,
      `SELECT action FROM app.audit_event WHERE tenant_id = $1 AND target_id = $2 ORDER BY id`,
      [tenant.tenantId, admin.id],
    );
    expect(rows.map(({ action }) => action)).toEqual(expect.arrayContaining(['password.issue_reset', 'user.update']));
  });

  it('make, list and revoke keys', async () => {
    const owner = await app.signedIn('tenant_admin', tenant);
    const made = await json('key', 'create', '--name', 'shop', '--owner', owner.email, '--days', '30');
    expect(made).toMatchObject({ role: 'end_user', scopes: ['chat', 'end_user_tokens.create'] });
    const key = String(made['key']);
    expect((await app.call('/api/auth/me', { token: key })).status).toBe(200);
    const listed = await json('key', 'list');
    expect(listed).toMatchObject([{ id: made['id'], created_by: owner.email, last4: key.slice(-4) }]);
    expect(JSON.stringify(listed)).not.toContain(key);
    await json('key', 'revoke', '--id', String(made['id']));
    expect((await app.call('/api/auth/me', { token: key })).status).toBe(401);
  });

  it.each<[string, string[], number]>([
    ['no tenant', ['user', 'list'], 2],
    ['an unknown tenant', ['user', 'list', '--tenant', 'nobody'], 3],
    ['an unknown address', ['user', 'disable', '--tenant', '<own>', '--email', 'nobody@example.test'], 3],
    ['no address', ['user', 'disable', '--tenant', '<own>'], 2],
    ['half an address', ['user', 'create', '--tenant', '<own>', '--email', 'nobody'], 2],
    ['an unknown role', ['user', 'create', '--tenant', '<own>', '--email', 'a@example.test', '--role', 'owner'], 2],
    [
      'a platform admin elsewhere',
      ['user', 'create', '--tenant', '<own>', '--email', 'a@example.test', '--role', 'platform_admin'],
      4,
    ],
    ['a scope outside the role', ['key', 'create', '--tenant', '<own>', '--name', 'x', '--scopes', 'users.write'], 4],
    ['an unknown scope', ['key', 'create', '--tenant', '<own>', '--name', 'x', '--scopes', 'all'], 2],
    ['an unknown key', ['key', 'revoke', '--tenant', '<own>', '--id', '01890000-0000-7000-8000-000000000000'], 3],
    ['an unknown option', ['key', 'list', '--tenant', '<own>', '--force'], 2],
    ['an unknown command', ['user', 'erase', '--tenant', '<own>'], 2],
  ])('say with their exit code what is wrong with %s', async (_what, args, code) => {
    const outcome = await run(...args.map((arg) => (arg === '<own>' ? tenant.slug : arg)));
    expect({ code: outcome.code, err: outcome.err !== '' }).toEqual({ code, err: true });
    expect(outcome.err).not.toMatch(/\n\s+at /);
    expect(outcome.out).toBe('');
  });
});
