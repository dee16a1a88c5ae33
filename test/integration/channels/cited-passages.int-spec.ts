import { newId } from '#platform/database';
import { ChatApp, type Person } from './chat-app.js';

/** The passage behind a citation stays as private as its document is now, whatever it was when the answer was given. */
describe('a citation', () => {
  let app: ChatApp;
  let asker: Person;
  let path: string;
  const chunk = newId();
  const document = newId();
  const query = (sql: string, ...values: unknown[]) => app.database.uow.query(asker, sql, [asker.tenantId, ...values]);

  beforeAll(async () => {
    app = await ChatApp.start();
    asker = await app.person();
    const [space, base] = [newId(), newId()];
    await query(
      `INSERT INTO app.embedding_space (tenant_id, id, provider, model, dimensions) VALUES ($1, $2, 'local', 'm', 384)`,
      space,
    );
    await query(
      `INSERT INTO app.knowledge_base (tenant_id, id, name, space_id) VALUES ($1, $2, 'Help', $3)`,
      base,
      space,
    );
    await query(
      `INSERT INTO app.document (tenant_id, id, knowledge_base_id, title, source_type, mime_type)
       VALUES ($1, $2, $3, 'Returns', 'text', 'text/markdown')`,
      document,
      base,
    );
    await query(
      `INSERT INTO app.chunk (tenant_id, id, knowledge_base_id, document_id, ordinal, content, searchable)
       VALUES ($1, $2, $3, $4, 0, 'The whole passage.', true)`,
      chunk,
      base,
      document,
    );
    const answer = await app.call(`/api/${asker.slug}/chat`, { token: asker.token, body: { content: 'echo hi' } });
    const message = answer.body['message'] as unknown as { id: string; conversation_id: string };
    const citation = {
      n: 1,
      document_id: document,
      chunk_id: chunk,
      title: 'Returns',
      page: null,
      section: null,
      url: null,
    };
    await query(
      `UPDATE app.message SET metadata = metadata || jsonb_build_object('citations', $3::jsonb) WHERE tenant_id = $1 AND id = $2`,
      message.id,
      JSON.stringify([{ ...citation, score: 1, quote: 'whole' }]),
    );
    path = `/api/${asker.slug}/conversations/${message.conversation_id}/messages/${message.id}/citations/1`;
  }, 60_000);
  afterAll(() => app.stop());

  const read = () => app.call(path, { token: asker.token });
  const label = (owner: string | null, personas: string[]) =>
    query(
      `UPDATE app.chunk SET owner_id = $3, personas = $4 WHERE tenant_id = $1 AND document_id = $2`,
      document,
      owner,
      personas,
    );

  it('is read with its passage while that may be seen', async () => {
    expect(await read()).toMatchObject({ status: 200, body: { n: 1, content: 'The whole passage.' } });
    await label(asker.id, []);
    expect(await read()).toMatchObject({ status: 200, body: { content: 'The whole passage.' } });
  });

  it('is nobody’s any more whose passage became another person’s, or other personas’', async () => {
    const other = await app.person({ tenantId: asker.tenantId, slug: asker.slug });
    for (const [owner, personas] of [
      [other.id, []],
      [null, ['employer']],
      [other.id, ['employer']],
    ] as const) {
      await label(owner, [...personas]);
      const answer = await read();
      expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
      expect(answer.text).not.toContain('whole');
    }
    await label(null, []);
    expect((await read()).status).toBe(200);
  });

  it('keeps its quote when the document is deleted, also before all of it is gone', async () => {
    await query('UPDATE app.chunk SET searchable = false WHERE tenant_id = $1 AND document_id = $2', document);
    expect(await read()).toMatchObject({ status: 200, body: { content: null, quote: 'whole' } });
  });
});
