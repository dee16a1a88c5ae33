import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtFile } from '#platform/paths';
import { strFromU8, unzipSync } from 'fflate';
import { AuthApp } from '../auth/auth-app.js';

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

describe('switchboard tenant', () => {
  let app: AuthApp;
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-cli-'));
  beforeAll(async () => {
    app = await AuthApp.start();
  });
  afterAll(async () => {
    await app.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = (...args: string[]): Promise<Outcome> =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [builtFile('cli/main.js'), 'tenant', ...args], {
        env: { PATH: process.env['PATH'], DATABASE_URL: app.database.url, DATA_DIR: app.config.dataDir },
      });
      let [out, err] = ['', ''];
      child.stdout.on('data', (chunk) => (out += String(chunk)));
      child.stderr.on('data', (chunk) => (err += String(chunk)));
      child.on('close', (code) => resolve({ code, out, err }));
    });
  const json = async (...args: string[]) => {
    const outcome = await run(...args, '--json');
    if (outcome.code !== 0) throw new Error(`${outcome.code}: ${outcome.err}`);
    return { ...outcome, answer: JSON.parse(outcome.out) as Record<string, string> & Record<string, string>[] };
  };
  const count = async (tenantId: string, table: string) => {
    const [row] = await app.database.uow.query<{ rows: number }>(
      { tenantId },
      `SELECT count(*)::int AS rows FROM app.${table} WHERE tenant_id = $1`,
      [tenantId],
    );
    return row?.rows;
  };

  it('makes one that answers at once, and lists it', async () => {
    const { answer } = await json('create', '--slug', 'shop', '--name', 'The shop');
    expect(answer).toMatchObject({ slug: 'shop', name: 'The shop', status: 'active' });
    expect(await count(String(answer['id']), 'agent')).toBe(1);
    expect((await json('list')).answer).toContainEqual(expect.objectContaining({ slug: 'shop', status: 'active' }));
    expect(await run('create', '--slug', 'shop', '--name', 'Again')).toMatchObject({ code: 4, out: '' });
    expect((await run('list')).out).toContain('slug: shop  name: The shop  status: active');
  });

  it('shuts one out and lets it in again, in the record of both', async () => {
    const tenant = await app.database.tenant();
    const admin = await app.signedIn('tenant_admin', tenant);
    expect((await json('suspend', '--slug', tenant.slug)).answer).toMatchObject({ status: 'suspended' });
    const { tenantId } = tenant;
    const [row] = await app.database.uow.query({ tenantId }, 'SELECT status FROM app.tenant WHERE id = $1', [tenantId]);
    expect(row).toEqual({ status: 'suspended' });
    expect((await json('resume', '--slug', tenant.slug)).answer).toMatchObject({ status: 'active' });
    expect((await app.call('/api/auth/me', { token: admin.token })).status).toBe(200);
    expect(await count(tenantId, 'audit_event')).toBeGreaterThanOrEqual(2);
  });

  it('writes everything of one into a file, and tells how far it is', async () => {
    const tenant = await app.database.tenant();
    await app.signedIn('tenant_admin', tenant);
    const file = join(folder, 'all.zip');
    const { answer, err } = await json('export', '--slug', tenant.slug, '--file', file);
    expect(err).toContain('tenant.export: succeeded, 100 %');
    const bytes = readFileSync(file);
    expect(answer).toMatchObject({ file, bytes: bytes.length });
    expect(statSync(file).mode & 0o077).toBe(0);
    expect(strFromU8(unzipSync(bytes)['tables/tenant.jsonl'] ?? new Uint8Array())).toContain(tenant.slug);
    // What is there is never written over.
    writeFileSync(file, 'mine');
    expect(await run('export', '--slug', tenant.slug, '--file', file)).toMatchObject({ code: 4, out: '' });
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  it('erases one whose slug is said twice', async () => {
    const tenant = await app.database.tenant();
    await app.signedIn('tenant_admin', tenant);
    const refused = await run('erase', '--slug', tenant.slug, '--confirm', 'another');
    expect(refused).toMatchObject({ code: 4, out: '' });
    expect(await count(tenant.tenantId, 'principal')).toBe(1);
    const { answer, err } = await json('erase', '--slug', tenant.slug, '--confirm', tenant.slug);
    expect(answer).toMatchObject({ slug: tenant.slug, status: 'erased', counts: { principal: 1 } });
    expect(err).toContain('tenant.erase: succeeded, 100 %');
    expect(await count(tenant.tenantId, 'principal')).toBe(0);
    expect((await run('suspend', '--slug', tenant.slug)).code).toBe(3);
  });

  it.each<[string, string[], number]>([
    ['no slug', ['create', '--name', 'x'], 2],
    ['half a slug', ['create', '--slug', 'X', '--name', 'x'], 2],
    ['a reserved slug', ['create', '--slug', 'admin', '--name', 'x'], 4],
    ['an unknown tenant', ['suspend', '--slug', 'nobody'], 3],
    ["the platform's own", ['suspend', '--slug', 'platform'], 4],
    ["the platform's own erased", ['erase', '--slug', 'platform', '--confirm', 'platform'], 4],
    ['an erasure that nobody confirmed', ['erase', '--slug', 'nobody'], 2],
    ['an export to nowhere', ['export', '--slug', 'platform', '--file', '/nowhere/at/all.zip'], 4],
    ['an export without a file', ['export', '--slug', 'platform'], 2],
    ['an option of another command', ['list', '--slug', 'platform'], 2],
    ['an unknown option', ['list', '--force'], 2],
    ['an unknown command', ['drop', '--slug', 'platform'], 2],
  ])('says with its exit code what is wrong with %s', async (_what, args, code) => {
    const outcome = await run(...args);
    expect({ code: outcome.code, err: outcome.err !== '' }).toEqual({ code, err: true });
    expect(outcome.err).not.toMatch(/\n\s+at /);
    expect(outcome.out).toBe('');
  });

  it('leaves no file where there is no archive', async () => {
    const file = join(folder, 'none.zip');
    expect((await run('export', '--slug', 'nobody', '--file', file)).code).toBe(3);
    expect(existsSync(file)).toBe(false);
  });
});
