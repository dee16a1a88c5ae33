import { newId, UnitOfWork } from '#platform/database';
import { ChatApp, type Person } from './chat-app.js';

describe('what people think of answers, and what staff reads', () => {
  let app: ChatApp;
  let person: Person;
  let supporter: Person;
  let admin: Person;
  let stranger: Person;

  beforeAll(async () => {
    app = await ChatApp.start();
    const tenant = await app.tenant();
    person = await app.person(tenant);
    supporter = await app.person(tenant, 'supporter');
    admin = await app.person(tenant, 'tenant_admin');
    stranger = await app.person(undefined, 'tenant_admin');
  }, 60_000);
  afterAll(() => app.stop());
  afterEach(() => app.runtime.release());

  async function asked(content: string, by = person) {
    const answer = await app.call(`/api/${by.slug}/chat`, { token: by.token, body: { content } });
    expect(answer.status).toBe(200);
    const message = answer.body['message'] as unknown as { id: string };
    return { conversationId: String(answer.body['conversation_id']), answerId: message.id };
  }
  const conversation = (id: string, rest = '') => `/api/${person.slug}/conversations/${id}${rest}`;
  const rate = (where: { conversationId: string; answerId: string }, body: object, token = person.token) =>
    app.call(conversation(where.conversationId, `/messages/${where.answerId}/feedback`), { token, body });
  const all = (query = '', token = admin.token) => app.call(`/api/admin/conversations${query}`, { token });
  const ids = ({ body }: Awaited<ReturnType<typeof all>>) =>
    (body['data'] as unknown as { id: string }[]).map(({ id }) => id);
  const stored = () =>
    app.app
      .get(UnitOfWork)
      .query(person, 'SELECT rating, comment FROM app.feedback WHERE tenant_id = $1 ORDER BY created_at', [
        person.tenantId,
      ]);

  describe('feedback', () => {
    it('is one opinion a person and answer: what is said last holds', async () => {
      const where = await asked('echo good');
      const first = await rate(where, { rating: 'down', comment: 'too short' });
      expect(first.status).toBe(200);
      expect(first.body).toMatchObject({
        message_id: where.answerId,
        conversation_id: where.conversationId,
        rating: 'down',
        comment: 'too short',
      });
      expect((await rate(where, { rating: 'up' })).body).toMatchObject({ rating: 'up', comment: '' });
      expect(await stored()).toEqual([{ rating: 'up', comment: '' }]);
    });

    it('comes over the socket too, answered with its ref once it is stored', async () => {
      const where = await asked('echo by socket');
      const client = await app.chat(person);
      client.send({ type: 'feedback', message_id: where.answerId, rating: 'down', comment: 'no', ref: 'r1' });
      expect(await client.next('ack')).toMatchObject({
        ref: 'r1',
        message_id: where.answerId,
        conversation_id: where.conversationId,
        turn_id: null,
      });
      expect((await stored()).at(-1)).toEqual({ rating: 'down', comment: 'no' });
      client.send({ type: 'feedback', message_id: newId(), rating: 'up', ref: 'r2' });
      expect(await client.next('error')).toMatchObject({ scope: 'frame', code: 'NOT_FOUND', ref: 'r2' });
      client.send({ type: 'feedback', message_id: where.answerId, rating: 'meh' });
      expect(await client.next('error')).toMatchObject({ code: 'INVALID_INPUT', field: 'rating' });
      client.send({ type: 'feedback', message_id: where.answerId, rating: 'up', stars: 5 });
      expect(await client.next('error')).toMatchObject({ code: 'INVALID_INPUT' });
    });

    it('is refused for a question, another’s answer, one of another conversation, and what is no opinion', async () => {
      const where = await asked('echo mine');
      const messages = await app.call(conversation(where.conversationId, '/messages'), { token: person.token });
      const [question] = messages.body['data'] as unknown as { id: string }[];
      const before = await stored();
      expect((await rate({ ...where, answerId: question?.id ?? '' }, { rating: 'up' })).status).toBe(404);
      expect(
        (await rate({ ...where, conversationId: (await asked('echo b')).conversationId }, { rating: 'up' })).status,
      ).toBe(404);
      expect((await rate(where, { rating: 'up' }, admin.token)).status).toBe(404);
      for (const body of [{}, { rating: null }, { rating: ['up'] }, { rating: 'up', comment: 'x'.repeat(2001) }])
        expect((await rate(where, body)).status).toBe(422);
      expect((await rate(where, { rating: 'up', user_id: admin.id })).status).toBe(400);
      expect(await stored()).toEqual(before);
    });

    it('goes with the conversation', async () => {
      const where = await asked('echo soon gone');
      await rate(where, { rating: 'up' });
      const count = (await stored()).length;
      await app.call(conversation(where.conversationId), { method: 'DELETE', token: person.token });
      expect((await stored()).length).toBe(count - 1);
    });
  });

  describe('a transcript', () => {
    it('is JSON, Markdown or CSV, as the client prefers', async () => {
      const where = await asked('echo =cmd|calc');
      const path = conversation(where.conversationId, '/transcript');
      const get = (accept?: string) =>
        app.fetch(path, { token: person.token, headers: accept === undefined ? {} : { accept } });
      const json = (await (await get()).json()) as { conversation: { id: string }; messages: { role: string }[] };
      expect(json.conversation.id).toBe(where.conversationId);
      expect(json.messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
      const markdown = await get('text/markdown');
      expect(markdown.headers.get('content-type')).toBe('text/markdown; charset=utf-8');
      expect(markdown.headers.get('content-disposition')).toContain(`${where.conversationId}.md`);
      expect(await markdown.text()).toMatch(/^# .+\n[\s\S]*## User, [\s\S]*## Assistant, /);
      const csv = await get('text/csv');
      expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8');
      const text = await csv.text();
      expect(text.split('\r\n')[0]).toBe('created_at,role,content,agents,citations,message_id,turn_id');
      expect(text).not.toMatch(/,=cmd/);
      expect((await app.call(path, { token: admin.token })).status).toBe(404);
    });
  });

  describe('conversations of all users', () => {
    it('are read by staff of the tenant, with whose they are, and by nobody else', async () => {
      const where = await asked('echo for staff');
      for (const token of [admin.token, supporter.token]) {
        const list = await all('', token);
        expect(ids(list)).toContain(where.conversationId);
        const read = await app.call(`/api/admin/conversations/${where.conversationId}`, { token });
        expect(read.body).toMatchObject({ id: where.conversationId, user: { id: person.id, email: person.email } });
        for (const rest of ['/messages', '/turns', '/transcript'])
          expect((await app.call(`/api/admin/conversations/${where.conversationId}${rest}`, { token })).status).toBe(
            200,
          );
      }
      expect((await all('', person.token)).status).toBe(403);
      expect(ids(await all('', stranger.token))).toEqual([]);
      for (const rest of ['', '/messages', '/turns', '/transcript'])
        expect(
          (await app.call(`/api/admin/conversations/${where.conversationId}${rest}`, { token: stranger.token })).status,
        ).toBe(404);
    });

    it('are found by words, user, channel, status, rating and time', async () => {
      const other = await app.person(person, 'end_user');
      const mine = await asked('echo about 100% Zebras_here');
      const theirs = await asked('echo about lions', other);
      await rate(mine, { rating: 'down' });
      await app.call(conversation(mine.conversationId), {
        method: 'PATCH',
        token: person.token,
        body: { status: 'ended' },
      });
      const found = async (query: string) => ids(await all(`?limit=100&${query}`));
      expect(await found('q=zebras_')).toEqual([mine.conversationId]);
      expect(await found('q=100%25%20z')).toEqual([mine.conversationId]);
      expect(await found('q=zebrasXhere')).toEqual([]);
      expect(await found(`user_id=${other.id}`)).toEqual([theirs.conversationId]);
      expect(await found('status=ended')).toEqual([mine.conversationId]);
      expect(await found('rating=down')).toContain(mine.conversationId);
      expect(await found('rating=down')).not.toContain(theirs.conversationId);
      expect(await found('channel=websocket')).not.toContain(mine.conversationId);
      expect(await found('agent=nobody')).toEqual([]);
      expect(await found('to=2020-01-01T00:00:00Z')).toEqual([]);
      expect((await found('from=2020-01-01T00:00:00Z')).length).toBeGreaterThan(1);
    });

    it('go from page to page in every order, and a cursor is good for its own', async () => {
      for (const sort of ['-last_interaction_at', 'last_interaction_at', '-created_at', 'created_at']) {
        const whole = ids(await all(`?limit=100&sort=${sort}`));
        const paged: string[] = [];
        let cursor = '';
        do {
          const page = await all(`?limit=2&sort=${sort}${cursor === '' ? '' : `&cursor=${cursor}`}`);
          expect(page.status).toBe(200);
          paged.push(...ids(page));
          cursor = String(page.body['next_cursor'] ?? '');
        } while (cursor !== '');
        expect(paged).toEqual(whole);
      }
      const { body } = await all('?limit=1');
      expect((await all(`?limit=1&sort=created_at&cursor=${String(body['next_cursor'])}`)).status).toBe(422);
      for (const bad of ['sort=id;drop', 'owner=x', 'from=yesterday', 'user_id=1', 'rating=', 'q='])
        expect([bad, (await all(`?${bad}`)).status]).toEqual([bad, 422]);
      expect((await all('?where=1')).status).toBe(400);
    });

    it('are deleted by an admin, not by a supporter, and that is on record', async () => {
      const where = await asked('echo delete me');
      const path = `/api/admin/conversations/${where.conversationId}`;
      expect((await app.call(path, { method: 'DELETE', token: supporter.token })).status).toBe(403);
      expect((await app.call(path, { method: 'DELETE', token: stranger.token })).status).toBe(404);
      expect((await app.call(path, { method: 'DELETE', token: admin.token })).status).toBe(204);
      expect((await app.call(conversation(where.conversationId), { token: person.token })).status).toBe(404);
      const [row] = await app.app
        .get(UnitOfWork)
        .query<{ target_id: string }>(
          person,
          `SELECT target_id FROM app.audit_event WHERE tenant_id = $1 AND action = 'conversation.delete'`,
          [person.tenantId],
        );
      expect(row?.target_id).toBe(where.conversationId);
    });
  });
});
