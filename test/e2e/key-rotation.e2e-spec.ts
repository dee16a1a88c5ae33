import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { builtFile, projectRoot } from '#platform/paths';
import { sealingKeyOf, TestServer } from '../support/test-server.js';

const ANSWERS = 'answers kept for a repeated Idempotency-Key';

/** An operator replaces the key that seals: by the built server and command, from the old key to the new one. */
describe('replacing SECRETS_KEY', () => {
  const after = randomBytes(32).toString('base64');

  it('is refused without the old key, and done with it', async () => {
    const first = await TestServer.start();
    const before = await sealingKeyOf(first.dataDir);
    const data = {
      dataDir: first.dataDir,
      ...(first.databaseUrl === null ? {} : { databaseUrl: first.databaseUrl }),
    };
    const database: Record<string, string> = first.databaseUrl === null ? {} : { DATABASE_URL: first.databaseUrl };
    let last: TestServer | undefined;
    try {
      const admin = await first.login('admin@acme.test');
      const made = await first.api('/api/admin/api-keys', create(admin.token));
      expect(made.status).toBe(201);
      const widget = await first.api('/api/admin/widgets', { token: admin.token, body: { name: 'Shop' } });
      expect(widget.status).toBe(201);
      const hook = { url: 'https://example.com/', events: ['message.created'] };
      expect((await first.api('/api/admin/webhooks', { token: admin.token, body: hook })).status).toBe(201);
      await first.kill();

      const refused = TestServer.start({ ...data, env: { SECRETS_KEY: after } });
      await expect(refused).rejects.toThrow(
        /does not open what is stored: widget secrets.*answers kept.*SECRETS_KEY_PREVIOUS/s,
      );

      const left = await rotate({ ...database, DATA_DIR: first.dataDir, SECRETS_KEY: after });
      expect(left).toMatchObject({
        code: 1,
        data: [
          { name: 'credentials', resealed: 0, lost: 0 },
          // The demo shop's and this one's.
          { name: 'widget secrets', resealed: 0, lost: 2 },
          { name: 'webhook secrets', resealed: 0, lost: 1 },
          { name: ANSWERS, resealed: 0, lost: 1 },
        ],
      });
      const keys = { SECRETS_KEY: after, SECRETS_KEY_PREVIOUS: before };
      const done = await rotate({ ...database, DATA_DIR: first.dataDir, ...keys });
      expect(done).toMatchObject({
        code: 0,
        data: [
          { name: 'credentials', resealed: 0, lost: 0 },
          { name: 'widget secrets', resealed: 2, lost: 0 },
          { name: 'webhook secrets', resealed: 1, lost: 0 },
          { name: ANSWERS, resealed: 1, lost: 0 },
        ],
      });
      expect(done.progress).toContain('sealed anew');

      last = await TestServer.start({ ...data, env: keys });
      // Who was signed in still is, and a repeat gets what the first request got.
      const refreshed = await last.api('/api/auth/refresh', { body: { refresh_token: admin.refresh } });
      expect(refreshed.status).toBe(200);
      const again = await last.api('/api/admin/api-keys', create(refreshed.body.access_token));
      expect([again.status, again.body.key]).toEqual([201, made.body.key]);
      await last.kill();
      last = await TestServer.start({ ...data, env: { SECRETS_KEY: after } });
      // What a site's server signs by the secret of before still opens its widget.
      const { public_key: publicKey, secret } = widget.body;
      const identity_token = jwt.sign({ sub: 'customer-17' }, secret, { algorithm: 'HS256', expiresIn: 60 });
      const named = await last.api(`/api/public/widgets/${publicKey}/sessions`, { body: { identity_token } });
      expect(named.status).toBe(200);
    } finally {
      await last?.stop();
      await first.stop();
    }
  }, 240_000);
});

function create(token: string) {
  return { token, body: { name: 'rotation' }, headers: { 'idempotency-key': 'once' } };
}

function rotate(env: Record<string, string>): Promise<{ code: number | null; data: unknown; progress: string }> {
  return new Promise((resolve) => {
    const command = spawn(process.execPath, [builtFile('cli/main.js'), 'secrets', 'rotate', '--json'], {
      cwd: projectRoot,
      env: { PATH: process.env['PATH'], ...env },
    });
    let output = '';
    let progress = '';
    command.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    command.stderr.on('data', (chunk: Buffer) => (progress += chunk.toString()));
    command.on('close', (code) => {
      const answer = output === '' ? { data: progress } : (JSON.parse(output) as { data: unknown });
      resolve({ code, data: answer.data, progress });
    });
  });
}
