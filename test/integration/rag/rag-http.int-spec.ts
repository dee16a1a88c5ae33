import { setTimeout as sleep } from 'node:timers/promises';
import { BlobStore } from '#platform/blobs';
import { OutboundModule } from '#platform/outbound';
import { QueueModule } from '#platform/queue';
import { RagModule } from '#rag';
import { type Answer, AuthApp } from '../auth/auth-app.js';

const BASES = '/api/admin/knowledge-bases';
const MIB = 2 ** 20;

let app: AuthApp;
let admin: Awaited<ReturnType<AuthApp['signedIn']>>;

beforeAll(async () => {
  app = await AuthApp.start({ UPLOAD_MAX_MB: '1' }, { imports: [OutboundModule, QueueModule, RagModule] });
  admin = await app.signedIn('tenant_admin');
}, 60_000);
afterAll(() => app.stop());

let names = 0;

async function newBase(body: object = {}, token = admin.token): Promise<string> {
  const answer = await app.call(BASES, { token, body: { name: `Base ${names++}`, ...body } });
  expect(answer.status).toBe(201);
  return String(answer.body['id']);
}

async function upload(
  baseId: string,
  file: { content: string | Uint8Array; name: string; type?: string } | null,
  fields: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<Answer> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  if (file !== null) form.set('file', new Blob([file.content], { type: file.type ?? '' }), file.name);
  const response = await fetch(`${app.url}${BASES}/${baseId}/documents`, {
    method: 'POST',
    headers: { authorization: `Bearer ${admin.token}`, ...headers },
    body: form,
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text) };
}

async function settled(baseId: string, id: unknown): Promise<Answer> {
  for (let tries = 0; tries < 200; tries++) {
    const answer = await app.call(`${BASES}/${baseId}/documents/${String(id)}`, { token: admin.token });
    if (['ready', 'failed'].includes(String(answer.body['status']))) return answer;
    await sleep(50);
  }
  throw new Error('The document was not taken in');
}

describe('knowledge bases over HTTP', () => {
  it('are made with Location, read with an ETag, changed under If-Match, listed and deleted', async () => {
    const created = await app.call(BASES, { token: admin.token, body: { name: 'Help', language: 'de', top_k: 7 } });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      name: 'Help',
      kind: 'documents',
      language: 'de',
      top_k: 7,
      chunk_size: 350,
      embedding: { provider: 'local', dimensions: 384 },
      document_count: 0,
    });
    const path = created.headers.get('location') ?? '';
    expect(path).toBe(`${BASES}/${String(created.body['id'])}`);
    const read = await app.call(path, { token: admin.token });
    expect(read.body).toEqual(created.body);
    const tag = read.headers.get('etag') ?? '';
    expect(created.headers.get('etag')).toBe(tag);
    const patch = { method: 'PATCH', token: admin.token, headers: { 'if-match': tag } };
    const changed = await app.call(path, { ...patch, body: { name: 'Help pages', chunk_size: 200 } });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({ name: 'Help pages', chunk_size: 200 });
    expect((await app.call(path, { ...patch, body: { name: 'Again' } })).status).toBe(412);
    const list = await app.call(BASES, { token: admin.token });
    expect(list.text).toContain('Help pages');
    expect((await app.call(path, { method: 'DELETE', token: admin.token })).status).toBe(204);
    expect((await app.call(path, { token: admin.token })).status).toBe(404);
  });

  it('refuse unknown fields, wrong values, taken names and bad overlaps', async () => {
    await newBase({ name: 'Taken' });
    const post = (body: object): Promise<Answer> => app.call(BASES, { token: admin.token, body });
    expect((await post({ name: 'x', colour: 'red' })).status).toBe(400);
    expect((await post({ name: '' })).status).toBe(422);
    expect((await post({ name: 'x', chunk_size: 10 })).status).toBe(422);
    expect((await post({ name: 'x', chunk_size: 100, chunk_overlap: 90 })).status).toBe(422);
    expect((await post({ name: 'Taken' })).status).toBe(409);
    expect((await app.call(`${BASES}/not-an-id`, { token: admin.token })).status).toBe(422);
  });

  it('are closed to end users, and read-only for supporters', async () => {
    const id = await newBase();
    const user = await app.signedIn('end_user', { tenantId: admin.tenantId, slug: admin.slug });
    const supporter = await app.signedIn('supporter', { tenantId: admin.tenantId, slug: admin.slug });
    expect((await app.call(`${BASES}/${id}`, { token: user.token })).status).toBe(403);
    expect((await app.call(`${BASES}/${id}`, { token: supporter.token })).status).toBe(200);
    expect((await app.call(`${BASES}/${id}`, { method: 'DELETE', token: supporter.token })).status).toBe(403);
  });
});

describe('documents over HTTP', () => {
  it('are uploaded, become searchable, and come back as they were sent', async () => {
    const id = await newBase();
    const content = '# Opening hours\n\nThe workshop is open on Saturdays until noon.\n';
    const answer = await upload(
      id,
      { content, name: 'öffnungs "zeiten".md', type: 'text/markdown' },
      { metadata: '{"area":"shop"}' },
    );
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      status: 'queued',
      source_type: 'file',
      mime_type: 'text/markdown',
      chunk_count: 0,
    });
    expect(answer.headers.get('location')).toBe(`${BASES}/${id}/documents/${String(answer.body['id'])}`);
    const ready = await settled(id, answer.body['id']);
    expect(ready.body).toMatchObject({
      status: 'ready',
      progress: 1,
      chunk_count: 1,
      error: null,
      metadata: { area: 'shop' },
    });
    expect(ready.body['title']).toBe('Opening hours');

    const found = await app.call(`${BASES}/${id}/search`, { token: admin.token, body: { query: 'open on Saturday?' } });
    expect(found.status).toBe(200);
    expect(found.body).toMatchObject({ degraded: true, data: [{ section: 'Opening hours', page: null }] });
    const none = await app.call(`${BASES}/${id}/search`, {
      token: admin.token,
      body: { query: 'open on Saturday?', filter: { area: 'office' } },
    });
    expect(none.body['data']).toEqual([]);

    const path = `${BASES}/${id}/documents/${String(answer.body['id'])}`;
    const download = await app.call(`${path}/content`, { token: admin.token });
    expect(download.text).toBe(content);
    expect(download.headers.get('content-disposition')).toBe(
      `attachment; filename="_ffnungs _zeiten_.md"; filename*=UTF-8''%C3%B6ffnungs%20%22zeiten%22.md`,
    );
    expect(download.headers.get('x-content-type-options')).toBe('nosniff');
    const chunks = await app.call(`${path}/chunks`, { token: admin.token });
    expect(chunks.body).toMatchObject({ data: [{ ordinal: 0 }], has_more: false });

    expect((await app.call(path, { method: 'DELETE', token: admin.token })).status).toBe(204);
    expect((await app.call(path, { token: admin.token })).status).toBe(404);
    expect((await app.call(`${path}/content`, { token: admin.token })).status).toBe(404);
  });

  it('may be text, with labels that can be changed', async () => {
    const id = await newBase();
    const body = { title: 'Notes', text: 'The gate code is 4711.', metadata: { year: 2026 } };
    const created = await app.call(`${BASES}/${id}/documents`, { token: admin.token, body });
    expect(created.status).toBe(202);
    await settled(id, created.body['id']);
    const path = `${BASES}/${id}/documents/${String(created.body['id'])}`;
    const patched = await app.call(path, {
      method: 'PATCH',
      token: admin.token,
      body: { title: 'Gate', personas: ['staff'] },
    });
    expect(patched.body).toMatchObject({ title: 'Gate', personas: ['staff'], metadata: { year: 2026 } });
    const again = await app.call(`${path}/reindex`, { method: 'POST', token: admin.token });
    expect(again.status).toBe(200);
    expect((await settled(id, created.body['id'])).body).toMatchObject({ status: 'ready', title: 'Gate' });
  });

  it('are refused with what is wrong, and leave nothing behind', async () => {
    const id = await newBase();
    expect((await upload(id, { content: '', name: 'empty.txt' })).status).toBe(422);
    expect(
      (await upload(id, { content: Buffer.alloc(300, 7), name: 'report.pdf', type: 'application/pdf' })).status,
    ).toBe(415);
    expect((await upload(id, { content: 'a'.repeat(MIB + 1), name: 'big.txt' })).status).toBe(413);
    expect((await upload(id, null, { title: 'x' })).status).toBe(422);
    expect((await upload(id, { content: 'text', name: 'a.txt' }, { metadata: 'not json' })).status).toBe(422);
    expect((await upload(id, { content: 'text', name: 'a.txt' }, { colour: 'red' })).status).toBe(400);
    const json = (body: object): Promise<Answer> => app.call(`${BASES}/${id}/documents`, { token: admin.token, body });
    expect((await json({})).status).toBe(422);
    expect((await json({ title: 'x', text: 'y', url: 'https://example.com' })).status).toBe(422);
    expect((await json({ text: 'y' })).status).toBe(422);
    expect((await json({ title: 'x', text: 'y', more: 1 })).status).toBe(400);
    expect((await json({ url: 'http://127.0.0.1:1/secret' })).status).toBe(422);
    expect((await json({ record: { name: 'x' } })).status).toBe(409);
    const list = await app.call(`${BASES}/${id}/documents`, { token: admin.token });
    expect(list.body['data']).toEqual([]);
  });

  it('are refused with text that cannot be stored and keys that only an attack has, in a form as in JSON', async () => {
    const id = await newBase();
    const file = { content: 'Some words.', name: 'a.txt' };
    expect((await upload(id, file, { title: 'a\0b' })).status).toBe(422);
    expect((await upload(id, file, { metadata: '{"note":"a\\u0000b"}' })).status).toBe(422);
    expect((await upload(id, file, { metadata: '{"__proto__":{"admin":true}}' })).status).toBe(400);
    const json = async (body: string) =>
      (
        await fetch(`${app.url}${BASES}/${id}/documents`, {
          method: 'POST',
          headers: { authorization: `Bearer ${admin.token}`, 'content-type': 'application/json' },
          body,
        })
      ).status;
    expect(await json('{"title":"a\\u0000b","text":"words"}')).toBe(422);
    expect(await json('{"title":"a","text":"words","metadata":{"constructor":{}}}')).toBe(400);
    const listed = await app.call(`${BASES}/${id}/documents`, { token: admin.token });
    expect(listed.body['data']).toEqual([]);
  });

  it('say what a form should look like when it cannot be read', async () => {
    const id = await newBase();
    const form = new FormData();
    form.append('document', new Blob(['words']), 'a.txt');
    const response = await fetch(`${app.url}${BASES}/${id}/documents`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin.token}` },
      body: form,
    });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { detail: string }).detail).toContain('part "file"');
  });

  it('take a file of exactly the largest size', async () => {
    const id = await newBase();
    expect((await upload(id, { content: 'word '.repeat(MIB).slice(0, MIB), name: 'full.txt' })).status).toBe(202);
  });

  it('fail visibly when only the parser finds out, and are filtered by status', async () => {
    const id = await newBase();
    const answer = await upload(id, { content: '%PDF-1.7\nthis is no PDF', name: 'broken.pdf' });
    expect(answer.status).toBe(202);
    const failed = await settled(id, answer.body['id']);
    expect(failed.body).toMatchObject({ status: 'failed', error: { code: 'CORRUPT', retryable: false } });
    const list = await app.call(`${BASES}/${id}/documents?status=failed`, { token: admin.token });
    expect(list.body['data']).toHaveLength(1);
    const ready = await app.call(`${BASES}/${id}/documents?status=ready`, { token: admin.token });
    expect(ready.body['data']).toHaveLength(0);
    expect((await app.call(`${BASES}/${id}/documents?status=lost`, { token: admin.token })).status).toBe(422);
  });

  it('are made once under one Idempotency-Key', async () => {
    const id = await newBase();
    const send = (): Promise<Answer> =>
      upload(id, { content: 'once', name: 'a.txt' }, {}, { 'idempotency-key': `key-${id}` });
    const [first, second] = [await send(), await send()];
    expect(second.status).toBe(202);
    expect(second.body['id']).toBe(first.body['id']);
  });

  it('are told apart by what they hold, and not by how long they are', async () => {
    const id = await newBase();
    const key = { 'idempotency-key': `same-${id}` };
    const file = { content: 'once', name: 'a.txt' };
    const first = await upload(id, file, { title: 'A' }, key);
    expect(first.status).toBe(202);
    expect(first.headers.get('location')).toBe(`${BASES}/${id}/documents/${String(first.body['id'])}`);
    for (const [other, fields] of [
      [{ ...file, content: 'onca' }, { title: 'A' }],
      [{ ...file, name: 'b.txt' }, { title: 'A' }],
      [file, { title: 'B' }],
    ] as const) {
      const answer = await upload(id, other, fields, key);
      expect(answer).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
    }
    const again = await upload(id, file, { title: 'A' }, key);
    expect(again.body).toEqual(first.body);
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(again.headers.get('location')).toBe(first.headers.get('location'));
    const list = await app.call(`${BASES}/${id}/documents`, { token: admin.token });
    expect(list.body['data']).toHaveLength(1);
    // What was received for nothing is not kept; the document's own file is.
    await settled(id, first.body['id']);
    expect(await app.app.get(BlobStore, { strict: false }).loose('document', 0, 100)).toEqual([]);
    const content = await app.call(`${String(first.headers.get('location'))}/content`, { token: admin.token });
    expect(content.text).toBe('once');
  });

  it('sent together under one key become one, and one that was refused may be sent again', async () => {
    const id = await newBase();
    const send = (content: string, key: string): Promise<Answer> =>
      upload(id, { content, name: 'a.txt' }, {}, { 'idempotency-key': `${key}-${id}` });
    const answers = await Promise.all([1, 2, 3, 4].map(() => send('together', 'k')));
    const made = answers.filter(({ status }) => status === 202);
    expect(new Set(made.map(({ body }) => body['id'])).size).toBe(1);
    expect(answers.filter(({ status }) => status !== 202).map(({ status }) => status)).toEqual(
      Array(4 - made.length).fill(409),
    );
    expect((await send('', 'empty')).status).toBe(422);
    expect((await send('filled', 'empty')).status).toBe(202);
  });

  it('of one user are not for supporters, whatever way they ask', async () => {
    const { slug, tenantId } = admin;
    const id = await newBase();
    const reader = await app.signedIn('supporter', { slug, tenantId });
    const owner = await app.person(tenantId, 'end_user');
    const own = await upload(id, { content: 'The secret word is xylophone.', name: 'own.txt' }, { owner_id: owner.id });
    const shared = await upload(id, { content: 'Opening hours: nine to six.', name: 'shared.txt' });
    const path = `${BASES}/${id}/documents/${String(own.body['id'])}`;
    for (const { body } of [own, shared]) await settled(id, body['id']);
    for (const tail of ['', '/content', '/chunks']) {
      const refused = await app.call(`${path}${tail}`, { token: reader.token });
      const unknown = await app.call(`${BASES}/${id}/documents/${crypto.randomUUID()}${tail}`, { token: reader.token });
      expect(refused.status).toBe(404);
      expect({ ...refused.body, trace_id: '' }).toEqual({ ...unknown.body, trace_id: '' });
      expect((await app.call(`${path}${tail}`, { token: admin.token })).status).toBe(200);
    }
    const list = (token: string) => app.call(`${BASES}/${id}/documents`, { token });
    expect((await list(reader.token)).body['data']).toMatchObject([{ id: shared.body['id'] }]);
    expect((await list(admin.token)).body['data']).toHaveLength(2);
    const found = await app.call(`${BASES}/${id}/search`, { token: reader.token, body: { query: 'secret word' } });
    expect(found.text).not.toContain('xylophone');
    expect((await app.call(path, { method: 'PATCH', token: admin.token, body: { owner_id: null } })).status).toBe(200);
    expect((await app.call(path, { token: reader.token })).status).toBe(200);
  });

  it('are paged by cursors that were given out, and by nothing that was made up', async () => {
    const id = await newBase();
    const made = await app.call(`${BASES}/${id}/documents`, { token: admin.token, body: { title: 'a', text: 'b' } });
    await settled(id, made.body['id']);
    const cursor = (...position: unknown[]) =>
      Buffer.from(JSON.stringify([admin.tenantId, ...position])).toString('base64url');
    const chunks = (text: string) =>
      app.call(`${BASES}/${id}/documents/${String(made.body['id'])}/chunks?cursor=${text}`, { token: admin.token });
    expect((await chunks(cursor(0))).status).toBe(200);
    for (const forged of [2 ** 31, 2 ** 53, 1e300, -1, 0.5, '0', null, [0], true]) {
      const answer = await chunks(cursor(forged));
      expect([forged, answer.status]).toEqual([forged, 422]);
    }
    expect((await chunks(cursor(0, 0))).status).toBe(422);
    expect((await chunks(cursor())).status).toBe(422);
  });

  it('of another tenant are as unknown ones', async () => {
    const id = await newBase();
    const created = await app.call(`${BASES}/${id}/documents`, { token: admin.token, body: { title: 'a', text: 'b' } });
    await settled(id, created.body['id']);
    const other = await app.signedIn('tenant_admin');
    const token = other.token;
    const path = `${BASES}/${id}/documents/${String(created.body['id'])}`;
    for (const [method, url, body] of [
      ['GET', `${BASES}/${id}`],
      ['PATCH', `${BASES}/${id}`, { name: 'mine' }],
      ['DELETE', `${BASES}/${id}`],
      ['POST', `${BASES}/${id}/search`, { query: 'b' }],
      ['GET', `${BASES}/${id}/documents`],
      ['POST', `${BASES}/${id}/documents`, { title: 'a', text: 'b' }],
      ['GET', path],
      ['PATCH', path, { title: 'mine' }],
      ['DELETE', path],
      ['GET', `${path}/content`],
      ['GET', `${path}/chunks`],
      ['POST', `${path}/reindex`],
    ] as const) {
      expect([method, url, (await app.call(url, { method, token, body })).status]).toEqual([method, url, 404]);
    }
    const mine = await newBase({}, token);
    expect((await app.call(`${BASES}/${mine}/documents/${String(created.body['id'])}`, { token })).status).toBe(404);
    expect((await app.call(path, { token: admin.token })).status).toBe(200);
  });
});
