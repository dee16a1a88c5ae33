import { serve } from '../../test/support/served-fetch.js';
import { Chat, type ChatOptions } from './chat.js';
import type { SocketLike } from './connection.js';
import { Session } from './session.js';
import { MemoryStore } from './store.js';

class FakeSocket implements SocketLike {
  sent: Record<string, unknown>[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  send = (data: string) => void this.sent.push(JSON.parse(data) as Record<string, unknown>);
  close = () => undefined;
  deliver = (frame: object) => this.onmessage?.({ data: JSON.stringify(frame) });
  ofType = (type: string) => this.sent.filter((frame) => frame['type'] === type);
}

const tenant = { id: 'tenant', slug: 'acme' };
const user = { id: 'user', email: 'u@acme.test', name: 'U', role: 'end_user', tenant };

const TURN = { id: 't', status: 'failed', content: 'Asked in another tab' };

function setup(store = new MemoryStore(), change: Partial<ChatOptions> = {}) {
  const sockets: FakeSocket[] = [];
  const urls: string[] = [];
  const created: string[] = [];
  const session = new Session({ store, refresh: () => Promise.resolve(null) });
  session.start({ access_token: 'access', refresh_token: 'refresh', expires_in: 900, user });
  let ids = 0;
  const chat = new Chat({
    url: 'http://test',
    token: session,
    keep: { store, owner: user.id },
    onConversationCreated: (id) => created.push(id),
    createSocket: (url) => {
      urls.push(url);
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    newId: () => `client-${(ids += 1)}`,
    ...change,
  });
  const last = () => sockets.at(-1) as FakeSocket;
  const connect = async () => {
    last().onopen?.();
    await jest.advanceTimersByTimeAsync(0);
    last().deliver({ type: 'ready', tenant });
  };
  const reconnect = async () => {
    last().onclose?.({ code: 1006 });
    await jest.advanceTimersByTimeAsync(1000);
    await connect();
  };
  const turn = (index = 0) => {
    const item = chat.snapshot.conversation.items[index];
    if (item?.kind !== 'turn') throw new Error('no such turn');
    return item;
  };
  return { chat, session, store, sockets, urls, created, last, connect, reconnect, turn };
}

const ack = (id = 'client-1', turnId = 't1') => ({
  type: 'ack',
  client_message_id: id,
  message_id: 'm1',
  turn_id: turnId,
  conversation_id: 'c1',
});

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

describe('Chat', () => {
  it('sends a message that was written before the connection stood', async () => {
    const test = setup();
    test.chat.start(null);
    test.chat.send('Hello');
    expect(test.last().ofType('user_message')).toEqual([]);
    await test.connect();
    expect(test.last().ofType('user_message')).toEqual([
      { type: 'user_message', content: 'Hello', conversation_id: 'new', client_message_id: 'client-1' },
    ]);
  });

  it('sends the same message again after a reconnect, as long as no ack was seen', async () => {
    const test = setup();
    test.chat.start(null);
    await test.connect();
    test.chat.send('Hello');
    const [first] = test.last().ofType('user_message');
    await test.reconnect();
    expect(test.last().ofType('user_message')).toEqual([first]);

    test.last().deliver(ack());
    expect(test.created).toEqual(['c1']);
    test.last().deliver({ type: 'turn', status: 'running', start: 1, turn_id: 't1', conversation_id: 'c1', seq: 5 });
    await test.reconnect();
    expect(test.last().ofType('user_message')).toEqual([]);
    expect(test.last().ofType('resume')).toMatchObject([{ conversation_id: 'c1', after_seq: 5 }]);
  });

  it('opens a conversation with its latest messages, and asks for all of it when it has only an ack', async () => {
    const test = setup();
    test.chat.start('c1');
    await test.connect();
    expect(test.last().ofType('resume')).toEqual([{ type: 'resume', conversation_id: 'c1', ref: 'resume:c1' }]);
    const other = setup();
    other.chat.start(null);
    await other.connect();
    other.chat.send('Hello');
    other.last().deliver(ack());
    await other.reconnect();
    expect(other.last().ofType('resume')).toMatchObject([{ conversation_id: 'c1', after_seq: 0 }]);
  });

  it('has nothing to send again of a message that a person has', async () => {
    const test = setup();
    test.chat.start(null);
    await test.connect();
    test.chat.send('Hello');
    test.last().deliver({ ...ack(), turn_id: null });
    const again = setup(test.store);
    again.chat.start('c1');
    await again.connect();
    expect(again.last().ofType('user_message')).toEqual([]);
    expect(again.chat.snapshot.conversation.items).toEqual([]);
  });

  it('does not lose an unacknowledged message to a reload', async () => {
    const before = setup();
    before.chat.start(null);
    await before.connect();
    before.chat.send('Hello');
    before.chat.close();

    const after = setup(before.store);
    after.chat.start(null);
    expect(after.turn()).toMatchObject({ status: 'sending', question: { content: 'Hello' } });
    await after.connect();
    expect(after.last().ofType('user_message')).toMatchObject([{ client_message_id: 'client-1' }]);
  });

  it('does not send a refused message again by itself', async () => {
    const test = setup();
    test.chat.start(null);
    await test.connect();
    test.chat.send('Hello');
    test
      .last()
      .deliver({ type: 'error', code: 'RATE_LIMIT', message: 'x', retryable: true, client_message_id: 'client-1' });
    await test.reconnect();
    expect(test.last().ofType('user_message')).toEqual([]);
    test.chat.retry('client-1');
    expect(test.last().ofType('user_message')).toMatchObject([{ client_message_id: 'client-1', content: 'Hello' }]);
  });

  it('retries a failed turn with the very same frame, though the conversation has an id by now', async () => {
    const test = setup();
    test.chat.start(null);
    await test.connect();
    test.chat.send('Hello');
    const [first] = test.last().ofType('user_message');
    test.last().deliver(ack());
    test.last().deliver({
      type: 'error',
      code: 'LLM_ERROR',
      message: 'x',
      retryable: true,
      turn_id: 't1',
      conversation_id: 'c1',
    });
    test.last().deliver({ type: 'done', status: 'failed', turn_id: 't1', conversation_id: 'c1' });
    test.chat.retry(test.turn().key);
    expect(test.last().ofType('user_message')).toEqual([first, first]);
    test.last().deliver(ack('client-1', 't2'));
    expect(test.turn()).toMatchObject({ status: 'running', turnId: 't2' });
  });

  it('asks what a failed turn of another session was about, so that it can be sent again', async () => {
    const test = setup();
    test.chat.start('c1');
    await test.connect();
    const turn = { turn_id: 't1', status: 'failed', error: { code: 'LLM_ERROR', message: 'x', retryable: true } };
    test.last().deliver({ type: 'context_restored', conversation_id: 'c1', messages: [], last_seq: 3, turn });
    const calls = serve({ status: 200, body: TURN });
    await jest.advanceTimersByTimeAsync(0);
    expect(calls[0]?.path).toBe('http://test/api/acme/conversations/c1/turns/t1');
    expect(test.turn().question?.content).toBe('Asked in another tab');
    test.chat.retry(test.turn().key);
    expect(test.last().ofType('user_message')).toMatchObject([
      { content: 'Asked in another tab', conversation_id: 'c1', client_message_id: 'client-1' },
    ]);
  });

  it('stops the running turn by its ids', async () => {
    const test = setup();
    test.chat.start(null);
    await test.connect();
    test.chat.send('Hello');
    test.chat.stop();
    expect(test.last().ofType('abort')).toEqual([]);
    test.last().deliver(ack());
    test.chat.stop();
    expect(test.last().ofType('abort')).toMatchObject([{ conversation_id: 'c1', turn_id: 't1' }]);
    expect(test.turn().stopping).toBe(true);
  });

  it('resumes when a hole in the text shows', async () => {
    const test = setup();
    test.chat.start(null);
    await test.connect();
    test.chat.send('Hello');
    test.last().deliver(ack());
    test.last().deliver({ type: 'token', content: 'x', offset: 7, turn_id: 't1', conversation_id: 'c1', seq: 8 });
    expect(test.last().ofType('resume')).toHaveLength(1);
  });

  it('hands a renewed token to the open connection', async () => {
    const test = setup();
    test.chat.start(null);
    await test.connect();
    test.session.start({ access_token: 'newer', refresh_token: 'r', expires_in: 900, user });
    expect(test.last().ofType('auth')).toMatchObject([{ token: 'access' }, { token: 'newer' }]);
  });

  it('keeps an abandoned new conversation out of the next one', async () => {
    const test = setup();
    test.chat.start(null);
    await test.connect();
    test.chat.send('First');
    test.chat.open(null);
    test.last().deliver(ack());
    expect(test.chat.snapshot.conversation).toMatchObject({ conversationId: null, items: [] });
    expect(test.created).toEqual([]);
  });

  it('takes a token as it is, knows its tenant from the greeting, and shows every frame that comes', async () => {
    const frames: string[] = [];
    const test = setup(undefined, {
      url: 'https://chat.example.com/',
      token: 'bare',
      onFrame: ({ type }) => frames.push(type),
    });
    test.chat.start('c1');
    await test.connect();
    expect(test.urls).toEqual(['wss://chat.example.com/ws/chat']);
    expect(test.last().ofType('auth')).toEqual([{ type: 'auth', token: 'bare' }]);
    const calls = serve({ status: 200, body: {} }, { status: 200, body: { data: [] } });
    await test.chat.rate('m1', 'up');
    await test.chat.loadEarlier();
    expect(calls.map(({ path }) => path)).toEqual([
      'https://chat.example.com/api/acme/conversations/c1/messages/m1/feedback',
      'https://chat.example.com/api/acme/conversations/c1/messages?order=desc&limit=20',
    ]);
    test.last().deliver({ type: 'invented', conversation_id: 'c1' });
    expect(frames).toEqual(['ready', 'invented']);
    // There is no other token to try.
    test.last().onclose?.({ code: 4401 });
    await jest.advanceTimersByTimeAsync(1000);
    test.last().onopen?.();
    await jest.advanceTimersByTimeAsync(0);
    expect(test.chat.snapshot.connection).toMatchObject({ state: 'stopped' });
  });
});
