import { type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { openApiDocument } from '#platform/http';
import { ChatApp, type Person } from './chat-app.js';
import type { Frame } from './chat-client.js';

const uuid = (): string => crypto.randomUUID();

interface SseEvent {
  readonly event: string;
  readonly id: string | undefined;
  readonly data: Frame;
}

describe('chat over HTTP', () => {
  let app: ChatApp;
  let person: Person;
  let path: string;
  beforeAll(async () => {
    app = await ChatApp.start();
    person = await app.person();
    path = `/api/${person.slug}/chat`;
  }, 60_000);
  afterAll(() => app.stop());
  afterEach(() => app.runtime.release());

  const say = (body: unknown, headers: Record<string, string> = {}) =>
    app.call(path, { token: person.token, body, headers });
  const stream = (body: unknown, headers: Record<string, string> = {}, signal?: AbortSignal) =>
    app.fetch(path, { token: person.token, body, headers: { accept: 'text/event-stream', ...headers }, signal });

  describe('as one answer', () => {
    it('brings the message, its turn and its conversation, which the next message continues', async () => {
      const first = await say({ content: 'echo hello there' });
      expect(first.status).toBe(200);
      expect(first.body).toEqual({
        status: 'completed',
        message: expect.objectContaining({ role: 'assistant', content: 'echo hello there', payload_type: 'text' }),
        payloads: [],
        input_required: null,
        escalation: null,
        usage: null,
        turn_id: expect.any(String),
        conversation_id: expect.any(String),
      });
      expect(first.body['message']).not.toHaveProperty('type');
      const second = await say({ content: 'echo more', conversation_id: first.body['conversation_id'] });
      expect(second.body['conversation_id']).toBe(first.body['conversation_id']);
    });

    it('brings structured results, HTML where asked for, and the key that the client used', async () => {
      const payload = await say({ prompt: 'payload', session_id: 'mine' });
      expect(payload.body).toMatchObject({
        payloads: [{ payload_type: 'jobs', items: [{ title: 'Baker' }], offset: 0 }],
        session_id: 'mine',
      });
      const html = await say({ message: 'say **bold** <script>x</script>', format: 'html' });
      expect((html.body['message'] as unknown as { content: string }).content).toMatch(
        /^<p><strong>bold<\/strong> &lt;script/,
      );
    });

    it('turns the failure of a turn into a problem that names it', async () => {
      const failed = await say({ content: 'fail' });
      expect(failed.status).toBe(502);
      expect(failed.headers.get('content-type')).toContain('application/problem+json');
      expect(failed.body).toMatchObject({
        code: 'LLM_ERROR',
        detail: 'Something went wrong. Please try again.',
        retryable: true,
        turn_id: expect.any(String),
        conversation_id: expect.any(String),
      });
    });

    it('brings what there was of an answer that was stopped, to a repeat too', async () => {
      const message = { content: `hang ${uuid()}`, client_message_id: uuid() };
      const answered = say(message);
      const client = await app.chat(person, '?resume=latest');
      for (;;) {
        const context = client.of('context_restored').at(-1) as unknown as {
          turn: { status: string; turn_id: string };
        };
        if (context?.turn.status === 'running') {
          client.send({ type: 'abort', turn_id: context.turn.turn_id });
          break;
        }
        await sleep(20);
        const { data } = (await app.call(`/api/${person.slug}/conversations`, { token: person.token }))
          .body as never as {
          data: { id: string }[];
        };
        client.send({ type: 'resume', conversation_id: data[0]?.id });
        await client.next('context_restored');
      }
      const answer = await answered;
      const partial = { content: 'partial ', metadata: { partial: true } };
      expect(answer).toMatchObject({ status: 200, body: { status: 'cancelled', message: partial } });
      expect((await say(message)).body).toEqual(answer.body);
      await client.close();
    }, 15_000);

    it('does not care how a socket would be told', async () => {
      const answer = await say({ content: 'echo all of it', stream: false, final: false });
      expect(answer).toMatchObject({ status: 200, body: { message: { content: 'echo all of it' } } });
      const refused = await stream({ content: 'echo nothing', stream: false, final: false });
      expect(refused.status).toBe(422);
      expect(await refused.json()).toMatchObject({ code: 'INVALID_INPUT', errors: [{ path: 'final' }] });
    });

    it('is 404 for a conversation that was deleted meanwhile', async () => {
      const { conversation_id: id } = (await say({ content: 'echo start' })).body;
      const content = `hang ${uuid()}`;
      const answered = say({ content, conversation_id: id });
      while (!app.runtime.inputs.some((input) => input.content === content)) await sleep(10);
      await app.call(`/api/${person.slug}/conversations/${String(id)}`, { method: 'DELETE', token: person.token });
      expect(await answered).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    }, 15_000);

    it('makes a repeat harmless by Idempotency-Key, whatever its form, and by client_message_id', async () => {
      const body = { content: 'echo once', conversation_id: 'new' };
      const key = { 'idempotency-key': 'order 17 / Müller' };
      const [one, two] = [await say(body, key), await say(body, key)];
      expect(two.body).toEqual(one.body);
      expect((await say({ ...body, content: 'echo twice' }, key)).status).toBe(409);
      const id = uuid();
      const three = await say({ ...body, client_message_id: id }, key);
      expect(three.body['turn_id']).not.toBe(one.body['turn_id']);
      const socket = await app.chat(person);
      socket.send({ ...body, client_message_id: id });
      expect((await socket.next('ack'))['turn_id']).toBe(three.body['turn_id']);
      // A UUID is the same name in a header and in a frame.
      const name = uuid();
      const four = await say(body, { 'idempotency-key': name.toUpperCase() });
      expect(four.body['turn_id']).not.toBe(three.body['turn_id']);
      socket.send({ ...body, client_message_id: name });
      const again = await socket.next('ack', (frame) => frame['client_message_id'] === name);
      expect(again['turn_id']).toBe(four.body['turn_id']);
      await socket.close();
      expect((await say(body, { 'idempotency-key': 'x'.repeat(201) })).status).toBe(422);
    });

    it.each<[string, unknown, number, string]>([
      ['an unknown field', { content: 'a', role: 'assistant' }, 400, 'role'],
      ['no content', {}, 422, 'content'],
      ['empty content', { content: '' }, 422, 'content'],
      ['two spellings', { content: 'a', prompt: 'b' }, 422, 'prompt'],
      ['a client id that is no UUID', { content: 'a', client_message_id: 'x' }, 422, 'client_message_id'],
      ['attachments', { content: 'a', attachments: [uuid()] }, 422, 'attachments'],
      ['a conversation that is null', { content: 'a', conversation_id: null }, 422, 'conversation_id'],
      ['another type', { type: 'ping', content: 'a' }, 422, 'type'],
    ])('refuses %s by its name', async (_what, body, status, field) => {
      for (const answer of [await say(body), await say(body, { accept: 'text/event-stream' })]) {
        expect(answer.status).toBe(status);
        expect(answer.body).toMatchObject({ code: 'INVALID_INPUT', errors: [{ path: field }] });
      }
    });

    it('answers for an unknown conversation, another tenant and nobody', async () => {
      expect((await say({ content: 'a', conversation_id: uuid() })).status).toBe(404);
      expect((await app.call(path, { body: { content: 'a' } })).status).toBe(401);
      const stranger = await app.person();
      expect((await app.call(path, { token: stranger.token, body: { content: 'a' } })).status).toBe(404);
    });

    it('ends the turn with its only reader when that was asked for', async () => {
      const content = `hang ${uuid()}`;
      const leave = new AbortController();
      const asked = app
        .fetch(path, { token: person.token, body: { content, on_disconnect: 'cancel' }, signal: leave.signal })
        .catch(() => null);
      while (!app.runtime.inputs.some((input) => input.content === content)) await sleep(10);
      const leftAt = Date.now();
      leave.abort();
      await asked;
      while (!app.runtime.aborted.has(content)) await sleep(10);
      expect((app.runtime.aborted.get(content) ?? 0) - leftAt).toBeLessThan(1000);
    });
  });

  describe('as server-sent events', () => {
    it('brings the frames of the socket, numbered, and ends after done', async () => {
      const response = await stream({ content: 'echo a b', session_id: `k${uuid()}`, final: true, ref: 'r' });
      expect(response.status).toBe(200);
      expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
      expect(response.headers.get('cache-control')).toContain('no-cache');
      const events = eventsOf(await response.text());
      expect(events.map((event) => event.event)).toEqual([
        'ack',
        'turn',
        ...['status', 'status', 'token', 'token', 'token'],
        'message',
        'done',
      ]);
      for (const { event, id, data } of events) {
        expect(data.type).toBe(event);
        expect(id === undefined ? undefined : Number(id)).toBe(data['seq']);
        expect(data['session_id']).toMatch(/^k/);
      }
      expect(events[0]?.data).toMatchObject({ ref: 'r' });
      expect(events.filter(({ id }) => id === undefined).map(({ event }) => event)).toEqual(['ack']);
    });

    it('tells nothing of other turns in the same conversation', async () => {
      const socket = await app.chat(person);
      socket.send({ content: 'hold first' });
      const { conversation_id } = await socket.next('token');
      const second = stream({ content: 'echo second', conversation_id }).then((response) => response.text());
      await socket.next('status', (frame) => frame['step'] === 'queued');
      app.runtime.release();
      const events = eventsOf(await second);
      expect(new Set(events.map((event) => event.data['turn_id'])).size).toBe(1);
      expect(events.map((event) => event.event)).toEqual([
        'ack',
        ...['turn', 'status', 'turn', 'status', 'status', 'token', 'token'],
        'message',
        'done',
      ]);
      await socket.close();
    });

    it('says why a turn failed before it ends, and refuses before the first event as a problem', async () => {
      const failed = eventsOf(await (await stream({ content: 'fail' })).text());
      expect(failed.slice(-2).map((event) => [event.event, event.data['code'] ?? event.data['status']])).toEqual([
        ['error', 'LLM_ERROR'],
        ['done', 'failed'],
      ]);
      const refused = await stream({ content: 'a', conversation_id: uuid() });
      expect(refused.status).toBe(404);
      expect(refused.headers.get('content-type')).toContain('application/problem+json');
    });

    it('leaves out what was not asked for', async () => {
      const quiet = eventsOf(await (await stream({ content: 'echo a b', stream: false })).text());
      expect(quiet.map((event) => event.event)).toEqual(['ack', 'turn', 'status', 'status', 'message', 'done']);
      const loud = eventsOf(await (await stream({ content: 'echo a b', final: false })).text());
      expect(loud.map((event) => event.event)).not.toContain('message');
    });

    it('gives the stored answer to a repeat', async () => {
      const key = { 'idempotency-key': uuid() };
      const first = eventsOf(await (await stream({ content: 'echo kept' }, key)).text());
      const again = eventsOf(await (await stream({ content: 'echo kept' }, key)).text());
      expect(again.map((event) => event.event)).toEqual(['ack', 'message', 'done']);
      expect(again[0]).toEqual(first[0]);
      expect(again[1]).toEqual(first.at(-2));
    });

    it('goes on without its reader unless told otherwise', async () => {
      for (const onDisconnect of ['continue', 'cancel']) {
        const content = `slow 40 ${uuid()}`;
        const leave = new AbortController();
        const response = await stream({ content, on_disconnect: onDisconnect }, {}, leave.signal);
        const events = response.body?.getReader();
        await events?.read();
        leave.abort();
        await sleep(1200);
        expect(app.runtime.aborted.has(content)).toBe(onDisconnect === 'cancel');
      }
    });
  });

  describe('following a conversation', () => {
    const follow = (id: unknown, query = '', headers: Record<string, string> = {}, signal?: AbortSignal) =>
      app.fetch(`/api/${person.slug}/conversations/${String(id)}/events${query}`, {
        token: person.token,
        headers,
        signal,
      });

    it('replays what is stored after a number, then tells what happens', async () => {
      const first = (await say({ content: 'echo one' })).body;
      const leave = new AbortController();
      const all = await follow(first['conversation_id'], '?after_seq=0', {}, leave.signal);
      const reader = new EventReader(all);
      const restored = await reader.next('context_restored');
      expect(restored).toMatchObject({ id: undefined, data: { messages: [{ role: 'user' }, { role: 'assistant' }] } });
      expect((await reader.next('message')).data).toMatchObject({ role: 'user', content: 'echo one' });
      expect((await reader.next('message')).data).toMatchObject({ role: 'assistant' });
      const done = await reader.next('done');
      await say({ content: 'echo two', conversation_id: first['conversation_id'] });
      expect((await reader.next('message')).data).toMatchObject({ role: 'user', content: 'echo two' });
      await reader.next('done');
      leave.abort();

      const leaveAgain = new AbortController();
      const later = new EventReader(
        await follow(first['conversation_id'], '?after_seq=0', { 'last-event-id': String(done.id) }, leaveAgain.signal),
      );
      expect((await later.next('message')).data).toMatchObject({ content: 'echo two' });
      leaveAgain.abort();
    });

    it('without a number begins with the context and goes on with what comes', async () => {
      const { conversation_id } = (await say({ content: 'echo one' })).body;
      const leave = new AbortController();
      const reader = new EventReader(await follow(conversation_id, '', {}, leave.signal));
      expect((await reader.next('context_restored')).data).toMatchObject({ messages: [{}, { content: 'echo one' }] });
      await say({ content: 'echo two', conversation_id });
      expect((await reader.next('message')).data).toMatchObject({ role: 'user', content: 'echo two' });
      leave.abort();
    });

    it('shows what was kept of an answer that was stopped while nobody looked', async () => {
      const socket = await app.chat(person);
      socket.send({ content: `hang ${uuid()}` });
      const { conversation_id, seq } = await socket.next('token');
      socket.send({ type: 'abort' });
      await socket.next('done');
      await socket.close();
      const leave = new AbortController();
      const reader = new EventReader(await follow(conversation_id, '', { 'last-event-id': String(seq) }, leave.signal));
      expect((await reader.next('message')).data).toMatchObject({ content: 'partial ', metadata: { partial: true } });
      expect((await reader.next('done')).data).toMatchObject({ status: 'cancelled' });
      leave.abort();
      const appending = new AbortController();
      const query = `?final=false&after_seq=${String(seq)}`;
      const other = new EventReader(await follow(conversation_id, query, {}, appending.signal));
      expect((await other.next('token')).data).toMatchObject({ content: 'partial ', offset: 0 });
      appending.abort();
    });

    it('tells a running turn from its beginning', async () => {
      const socket = await app.chat(person);
      socket.send({ content: 'hold this' });
      const { conversation_id } = await socket.next('token');
      const leave = new AbortController();
      const reader = new EventReader(await follow(conversation_id, '', {}, leave.signal));
      expect((await reader.next('token')).data).toMatchObject({ offset: 0, content: 'before ' });
      app.runtime.release();
      expect((await reader.next('token')).data).toMatchObject({ offset: 7 });
      await reader.next('done');
      leave.abort();
      await socket.close();
    });

    it('ends with the session', async () => {
      const someone = await app.person();
      const { body } = await app.call(`/api/${someone.slug}/chat`, { token: someone.token, body: { content: 'echo' } });
      const response = await app.fetch(`/api/${someone.slug}/conversations/${String(body['conversation_id'])}/events`, {
        token: someone.token,
      });
      const told = response.text();
      await app.call('/api/auth/logout', { token: someone.token, body: { refresh_token: someone.refresh } });
      expect(await told).toContain('event: context_restored');
    });

    it('drops a reader that does not read, and the turn goes on', async () => {
      const { conversation_id } = (await say({ content: 'echo start' })).body;
      const slow = request(`${app.http}/api/${person.slug}/conversations/${String(conversation_id)}/events`, {
        headers: { authorization: `Bearer ${person.token}` },
      });
      slow.end();
      const response = await new Promise<IncomingMessage>((resolve) => slow.once('response', resolve));
      response.on('error', () => undefined);
      response.pause();
      const flooded = await say({ content: 'flood 4000', conversation_id });
      expect(flooded.body['status']).toBe('completed');
      let received = 0;
      response.on('data', (part: Buffer) => (received += part.length));
      response.resume();
      await new Promise((resolve) => response.once('close', resolve));
      expect(response.complete).toBe(false);
      expect(received).toBeLessThan(4000 * 4096);
    }, 40_000);

    it.each([
      ['?after_seq=-1', {}, 422],
      ['?after_seq=x', {}, 422],
      ['?nonsense=1', {}, 400],
      ['?stream=false&final=false', {}, 422],
      ['', { 'last-event-id': 'x' }, 422],
    ])('refuses %s %j', async (query, headers, status) => {
      expect((await follow(uuid(), query, headers)).status).toBe(status);
    });

    it('has as many places for a person as there are for sockets, and gives them back', async () => {
      const someone = await app.person();
      const { body } = await app.call(`/api/${someone.slug}/conversations`, { token: someone.token, body: {} });
      const open = async (): Promise<{ status: number; close: () => void }> => {
        const leave = new AbortController();
        const events = `/api/${someone.slug}/conversations/${String(body['id'])}/events`;
        const { status } = await app.fetch(events, { token: someone.token, signal: leave.signal });
        return { status, close: () => leave.abort() };
      };
      const streams = await Promise.all(Array.from({ length: 23 }, open));
      expect(streams.map(({ status }) => status).sort()).toEqual([...Array(20).fill(200), 429, 429, 429]);
      for (const each of streams) each.close();
      let last = await open();
      for (let tries = 0; last.status !== 200 && tries < 40; tries++) {
        await sleep(50);
        last = await open();
      }
      expect(last.status).toBe(200);
      last.close();
    });

    it('is nobody else’s', async () => {
      const first = (await say({ content: 'echo one' })).body;
      const stranger = await app.person({ tenantId: person.tenantId, slug: person.slug });
      const id = String(first['conversation_id']);
      const answer = await app.call(`/api/${person.slug}/conversations/${id}/events`, { token: stranger.token });
      expect(answer).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
    });
  });

  it('is described in the OpenAPI document, with every spelling', () => {
    const document = JSON.parse(JSON.stringify(openApiDocument(app.app, '0.0.0'))) as {
      paths: Record<string, Record<string, { requestBody?: unknown; responses: Record<string, unknown> }>>;
      components: { schemas: Record<string, { properties: object }> };
    };
    const chat = document.paths['/api/{tenant}/chat']?.['post'];
    expect(JSON.stringify(chat?.requestBody)).toContain('ChatRequest');
    expect(Object.keys(document.components.schemas['ChatRequest']?.properties ?? {})).toEqual(
      expect.arrayContaining(['content', 'message', 'prompt', 'conversation_id', 'session_id', 'stream']),
    );
    expect(JSON.stringify(chat?.responses['200'])).toContain('ChatAnswer');
    expect(document.paths['/api/{tenant}/conversations/{id}/events']).toBeDefined();
    expect(document.paths['/ws/users/{user_id}/status']).toBeDefined();
  });
});

function eventsOf(text: string): SseEvent[] {
  return text
    .split('\n\n')
    .filter((block) => block.includes('data: '))
    .map((block) => {
      const field = (name: string) =>
        block
          .split('\n')
          .find((line) => line.startsWith(`${name}: `))
          ?.slice(name.length + 2);
      return { event: field('event') ?? '', id: field('id'), data: JSON.parse(field('data') ?? '{}') as Frame };
    });
}

class EventReader {
  private buffered = '';
  private readonly reader;
  private readonly decoder = new TextDecoder();

  constructor(response: Response) {
    this.reader = response.body?.getReader();
  }

  /** The next event of this type; others are skipped. */
  async next(event: string): Promise<SseEvent> {
    for (;;) {
      const end = this.buffered.indexOf('\n\n');
      if (end >= 0) {
        const [found] = eventsOf(this.buffered.slice(0, end + 2));
        this.buffered = this.buffered.slice(end + 2);
        if (found?.event === event) return found;
        continue;
      }
      const read = await this.reader?.read();
      if (read === undefined || read.done) throw new Error(`the stream ended before an event "${event}"`);
      this.buffered += this.decoder.decode(read.value, { stream: true });
    }
  }
}
