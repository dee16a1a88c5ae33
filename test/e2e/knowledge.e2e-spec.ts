import { setTimeout as sleep } from 'node:timers/promises';
import { PDFDocument, StandardFonts } from 'pdf-lib';
import type { Frame } from '../support/chat-client.js';
import { TestServer } from '../support/test-server.js';

/** A document's way from the upload to a citation. */
describe('knowledge', () => {
  let server: TestServer;
  let admin: string;
  let user: string;
  let base: string;
  beforeAll(async () => {
    server = await TestServer.start();
    admin = (await server.login('admin@acme.test')).token;
    user = (await server.login('user@acme.test')).token;
    const { body } = await server.api('/api/admin/knowledge-bases', { token: admin });
    base = `/api/admin/knowledge-bases/${body.data[0].id}`;
  }, 180_000);
  afterAll(() => server.stop());

  async function upload(bytes: Uint8Array | string, name: string, type = 'application/octet-stream') {
    const form = new FormData();
    form.set('file', new Blob([typeof bytes === 'string' ? bytes : new Uint8Array(bytes)], { type }), name);
    const response = await fetch(`${server.url}${base}/documents`, {
      method: 'POST',
      headers: { authorization: `Bearer ${admin}` },
      body: form,
    });
    return {
      status: response.status,
      location: response.headers.get('location'),
      body: (await response.json()) as Frame,
    };
  }

  async function ended(id: string) {
    for (let waited = 0; waited < 30_000; waited += 100) {
      const { body } = await server.api(`${base}/documents/${id}`, { token: admin });
      if (body.status === 'ready' || body.status === 'failed') return body;
      await sleep(100);
    }
    throw new Error('the document did not end');
  }

  async function pdf(...pages: string[]): Promise<Uint8Array> {
    const document = await PDFDocument.create();
    const font = await document.embedFont(StandardFonts.Helvetica);
    for (const text of pages) {
      const page = document.addPage();
      text.split('\n').forEach((line, index) => page.drawText(line, { x: 50, y: 750 - 18 * index, size: 12, font }));
    }
    return document.save();
  }

  it('cites a PDF of your own with its page, and shows the passage', async () => {
    const bytes = await pdf(
      'Zephyr lamp manual\nThe Zephyr lamp stands on any desk.',
      'Care of the Zephyr lamp\nThe Zephyr lamp must be descaled with vinegar every ninety days.',
    );
    const uploaded = await upload(bytes, 'zephyr.pdf', 'application/pdf');
    expect(uploaded.status).toBe(202);
    expect(uploaded.location).toContain(uploaded.body.id);
    expect(await ended(uploaded.body.id)).toMatchObject({
      status: 'ready',
      progress: 1,
      error: null,
      mime_type: 'application/pdf',
    });

    const client = await server.chat(user);
    const { message, ack } = await client.ask('How often must the Zephyr lamp be descaled?');
    await client.close();
    expect(message?.['content']).toMatch(/ninety days/);
    const citation = message?.['metadata'].citations[0];
    expect(citation).toMatchObject({ n: 1, document_id: uploaded.body.id, page: 2 });
    const path = `/api/acme/conversations/${ack['conversation_id']}/messages/${message?.['id']}/citations/1`;
    expect((await server.api(path, { token: user })).body.content).toMatch(/vinegar/);

    const download = await fetch(`${server.url}${base}/documents/${uploaded.body.id}/content`, {
      headers: { authorization: `Bearer ${admin}` },
    });
    expect(Buffer.from(await download.arrayBuffer()).equals(Buffer.from(bytes))).toBe(true);

    expect((await server.api(`${base}/documents/${uploaded.body.id}`, { method: 'DELETE', token: admin })).status).toBe(
      204,
    );
    const after = await server.api(`${base}/search`, { token: admin, body: { query: 'descale the Zephyr lamp' } });
    expect(after.body.data.map((hit: { document_id: string }) => hit.document_id)).not.toContain(uploaded.body.id);
  });

  it.each([
    ['an unsupported file', Buffer.from('\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0'), 'program.pdf', 415],
    ['an empty file', Buffer.alloc(0), 'empty.txt', 422],
  ])('refuses %s while it is received', async (_name, bytes, name, status) => {
    const before = await server.api(`${base}/documents?limit=100`, { token: admin });
    const refused = await upload(bytes, name);
    expect(refused.status).toBe(status);
    expect(refused.body.detail.length).toBeGreaterThan(10);
    const after = await server.api(`${base}/documents?limit=100`, { token: admin });
    expect(after.body.data.length).toBe(before.body.data.length);
  });

  it.each([
    ['broken', Buffer.from('%PDF-1.7\nthis is not a pdf at all'), 'CORRUPT'],
    ['encrypted', encryptedPdf(), 'ENCRYPTED'],
  ])('ends a %s PDF in failed, with the reason', async (_name, bytes, code) => {
    const accepted = await upload(bytes, 'fault.pdf');
    expect(accepted.status).toBe(202);
    const document = await ended(accepted.body.id);
    expect(document).toMatchObject({ status: 'failed', error: { code } });
    expect(document.error.message.length).toBeGreaterThan(10);
  });

  it('says that the documents do not answer a question, instead of inventing', async () => {
    const client = await server.chat(user);
    const { message } = await client.ask('What is the boiling point of tungsten?', { agent: 'support' });
    expect(message?.['metadata'].citations).toEqual([]);
    await client.close();
  });
});

/** The smallest file that says that it is encrypted. */
function encryptedPdf(): Buffer {
  const objects = [
    '1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n',
    '2 0 obj\n<< /Type /Pages /Kids [3 0 R] /Count 1 >>\nendobj\n',
    '3 0 obj\n<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>\nendobj\n',
    `4 0 obj\n<< /Filter /Standard /V 1 /R 2 /O <${'28'.repeat(32)}> /U <${'42'.repeat(32)}> /P -4 >>\nendobj\n`,
  ];
  let text = '%PDF-1.4\n';
  const offsets = objects.map((object) => {
    const at = text.length;
    text += object;
    return at;
  });
  const start = text.length;
  text += `xref\n0 5\n0000000000 65535 f \n${offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')}`;
  text += `trailer\n<< /Size 5 /Root 1 0 R /Encrypt 4 0 R /ID [<00><00>] >>\nstartxref\n${start}\n%%EOF\n`;
  return Buffer.from(text, 'latin1');
}
