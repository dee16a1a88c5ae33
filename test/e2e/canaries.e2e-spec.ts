import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import jwt from 'jsonwebtoken';
import { Client } from 'pg';
import { OpenAiStandIn } from '../support/openai-standin.js';
import { copyOfSeed, TestServer, sealingKeyOf } from '../support/test-server.js';

const canary = (name: string) => `canary-${name}-${randomBytes(12).toString('hex')}`;

/**
 * Every kind of secret goes through a server that logs all it can, to others who repeat what they are sent. Then everything
 * that leaves it or stays behind is looked through: the log, figures, answers, frames, an archive, the whole database.
 */
describe('secrets', () => {
  let copy: Awaited<ReturnType<typeof copyOfSeed>>;
  let server: TestServer;
  let standIn: OpenAiStandIn;
  let echo: Server;
  const secrets = new Map<string, string>();
  const said: string[] = [];
  const known = (name: string, secret: string) => {
    secrets.set(name, secret);
    return secret;
  };
  /** Plainly, or as those spell it who pack it up. */
  const foundIn = (text: string): string[] =>
    [...secrets].flatMap(([name, secret]) => {
      const bytes = Buffer.from(secret);
      const spellings = [secret, encodeURIComponent(secret), bytes.toString('base64'), bytes.toString('hex')];
      return spellings.some((spelling) => text.includes(spelling)) ? [name] : [];
    });

  beforeAll(async () => {
    standIn = await OpenAiStandIn.start();
    echo = createServer((request, response) => {
      const { headers, url } = request;
      const models = [{ id: headers.authorization ?? 'none' }, { id: url }];
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data: models, headers }));
    });
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    copy = await copyOfSeed();
    server = await TestServer.start({
      dataDir: copy.dataDir,
      ...(copy.databaseUrl === null ? {} : { databaseUrl: copy.databaseUrl }),
      env: {
        LOG_LEVEL: 'trace',
        OPENAI_BASE_URL: standIn.url,
        OPENAI_API_KEY: known('operator’s key', canary('operator')),
        SECRETS_KEY: known('sealing key', randomBytes(32).toString('base64')),
        SECRETS_KEY_PREVIOUS: await sealingKeyOf(copy.dataDir),
        OUTBOUND_ALLOW: `127.0.0.1:${(echo.address() as AddressInfo).port}`,
      },
    });
  }, 180_000);
  afterAll(async () => {
    await server?.stop();
    await standIn?.stop();
    await new Promise((resolve) => echo?.close(resolve));
    await copy?.cleanUp();
  });

  /** An answer that may be looked through; those that show a secret once are not. */
  const api = async (path: string, options: Parameters<TestServer['api']>[1] = {}) => {
    const answer = await server.api(path, options);
    said.push(JSON.stringify([[...answer.headers], answer.body]));
    return answer;
  };

  it('stand nowhere where they have been used', async () => {
    const { refresh, token } = await server.login('admin@acme.test');
    known('access token', token);
    known('refresh token', refresh);
    const admin = { token };

    // Shown once.
    const made = { headers: { 'idempotency-key': 'once' }, ...admin };
    const key = known('API key', (await server.api('/api/admin/api-keys', { ...made, body: { name: 'k' } })).body.key);
    const widget = (await server.api('/api/admin/widgets', { ...admin, body: { name: 'w' } })).body;
    known('widget secret', widget.secret);
    const port = (echo.address() as AddressInfo).port;
    for (const body of [
      { kind: 'provider', provider: 'openai', name: 'p' },
      { kind: 'header', header: 'X-Key', name: 'h' },
      { kind: 'header', query: 'api_key', name: 'q' },
      { kind: 'basic', username: 'bot', name: 'b' },
    ]) {
      const secret = known(`credential ${body.name}`, canary(body.name));
      const credential = await api('/api/admin/credentials', {
        ...admin,
        body: { ...body, base_url: `http://127.0.0.1:${port}`, secret },
      });
      expect(credential.status).toBe(201);
      const path = `/api/admin/credentials/${credential.body.id}`;
      expect((await api(`${path}/test`, { ...admin, method: 'POST' })).body).toMatchObject({ ok: true });
      await api(path, admin);
      const replaced = known(`credential ${body.name}, replaced`, canary(body.name));
      await api(path, { ...admin, method: 'PATCH', body: { secret: replaced } });
      await api(path, { ...admin, method: 'PATCH', body: { secret: [replaced], unknown: replaced } });
    }

    // Of people and visitors.
    const password = known('password', canary('password'));
    const person = { email: 'canary@acme.test', name: 'C', role: 'end_user', password };
    expect((await api('/api/admin/users', { ...admin, body: person })).status).toBe(201);
    const login = { tenant: 'acme', email: person.email };
    const user = (await server.api('/api/auth/login', { body: { ...login, password } })).body;
    known('a user’s access token', user.access_token);
    known('a user’s refresh token', user.refresh_token);
    const wrong = known('wrong password', canary('wrong'));
    await api('/api/auth/login', { body: { ...login, password: wrong } });
    await api('/api/auth/login', { body: { ...login, password: [wrong] } });
    await api('/api/auth/refresh', { body: { refresh_token: known('made-up refresh token', canary('refresh')) } });
    const path = `/api/public/widgets/${widget.public_key}/sessions`;
    const visitor = (await server.api(path, { body: {} })).body;
    known('visitor token', visitor.visitor_token);
    known('a visitor’s access token', visitor.access_token);
    const identity_token = known(
      'identity token',
      jwt.sign({ sub: 'canary' }, widget.secret, { algorithm: 'HS256', expiresIn: 60 }),
    );
    known('a person’s access token', (await server.api(path, { body: { identity_token } })).body.access_token);

    // Sent where they do not belong.
    for (const secret of [key, refresh, visitor.visitor_token, identity_token, token]) {
      await api(`/api/auth/me?token=${secret}`);
      await api(`/api/acme/conversations/${secret}`, { token: secret.slice(0, -1) });
      await api('/api/admin/agents', { ...admin, headers: { 'if-match': secret, cookie: `sid=${secret}` } });
      await fetch(`${server.url}/nowhere/${encodeURIComponent(secret).length}?access_token=${secret}`);
      const socket = await server.chat(token, `token=${token}`);
      socket.send({ type: 'auth', token: secret.slice(0, -1) });
      await new Promise((resolve) => setTimeout(resolve, 100));
      said.push(JSON.stringify(socket.frames));
      await socket.close();
    }

    // A provider that repeats its key, and the turns that fail by it.
    for (const fault of [{ kind: 'echo-key' }, { kind: 'error-event' }, null] as const) {
      if (fault !== null) standIn.script({ match: { path: '/chat/completions' }, fault });
      const client = await server.chat(user.access_token);
      await client.ask('What is your returns policy?');
      said.push(JSON.stringify(client.frames));
      await client.close();
      await api('/api/acme/chat', { token: user.access_token, body: { content: 'And the shipping?' } });
      standIn.reset();
    }

    // What staff reads, takes with it, and watches.
    const pages = ['api-keys', 'widgets', 'credentials', 'users', 'audit-log', 'settings', 'conversations', 'sessions'];
    for (const name of pages) await api(`/api/admin/${name}`, admin);
    said.push(await (await fetch(`${server.url}/metrics`)).text());
    await api('/health');
    const csv = { authorization: `Bearer ${token}`, accept: 'text/csv' };
    said.push(await (await fetch(`${server.url}/api/admin/audit-log?limit=100`, { headers: csv })).text());
    const job = (await api('/api/admin/export', { ...admin, body: {} })).body;
    for (let status = 'queued'; status !== 'succeeded';) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      ({ status } = (await api(`/api/admin/jobs/${job.id}`, admin)).body);
      expect(status).not.toBe('failed');
    }
    const archive = await fetch(`${server.url}/api/admin/jobs/${job.id}/file`, { headers: csv });
    const files = unzipSync(new Uint8Array(await archive.arrayBuffer()));
    expect(Object.keys(files).length).toBeGreaterThan(20);
    for (const file of Object.values(files)) said.push(strFromU8(file));

    expect(secrets.size).toBeGreaterThan(20);
    expect(foundIn(said.join('\n'))).toEqual([]);
    expect(server.log).toContain('"level":"debug"');
    expect(foundIn(server.log)).toEqual([]);
    await server.stop();
    expect(await foundInDatabase()).toEqual([]);
  }, 180_000);

  /** With Postgres every row of every table, without it every byte of the files, the write-ahead log's included. */
  async function foundInDatabase(): Promise<string[]> {
    if (copy.ownerUrl === null) {
      const files = readdirSync(copy.dataDir, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
      expect(files.length).toBeGreaterThan(100);
      return files.flatMap(({ name, parentPath }) => {
        const text = readFileSync(join(parentPath, name)).toString('latin1');
        return foundIn(text).map((secret) => `${secret} in ${name}`);
      });
    }
    const client = new Client({ connectionString: copy.ownerUrl });
    await client.connect();
    try {
      const { rows } = await client.query<{ name: string }>(
        `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
          WHERE n.nspname IN ('app', 'pgboss') AND c.relkind IN ('r', 'p')`,
      );
      const found: string[] = [];
      for (const { name } of rows) {
        const dump = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} t`);
        const text = dump.rows.map(({ row }) => row).join('\n');
        found.push(...foundIn(text).map((secret) => `${secret} in ${name}`));
      }
      return found;
    } finally {
      await client.end();
    }
  }
});
