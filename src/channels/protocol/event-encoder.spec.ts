import type { ConversationEvent, MessageEvent, TokenEvent } from '#conversations';
import { EventEncoder, plainJson } from './event-encoder.js';
import type { ReaderOptions } from './reader-options.js';

const PLAIN: ReaderOptions = { stream: true, final: true, format: 'markdown' };
const place = { conversation_id: 'c', turn_id: 't' };
const token: TokenEvent = { type: 'token', ...place, seq: 4, role: 'assistant', content: 'hi "you"', offset: 0 };
const done: ConversationEvent = { type: 'done', ...place, seq: 9, status: 'completed', usage: null };
const ack: ConversationEvent = { type: 'ack', ...place, seq: 1, client_message_id: null, message_id: 'm' };
const message: MessageEvent = {
  type: 'message',
  ...place,
  id: 'a',
  message_id: 'a',
  seq: 8,
  role: 'assistant',
  content: '**hi**',
  content_html: '<p><strong>hi</strong></p>',
  payload_type: 'text',
  payloads: [],
  tokens_used: null,
  metadata: {},
  created_at: '2026-01-01T00:00:00.000Z',
};
const question: MessageEvent = { ...message, id: 'q', role: 'user', content: 'hello?' };

const read = (text: string | null): unknown => (text === null ? null : JSON.parse(text));

describe('an encoder', () => {
  it('writes an event as it is for a reader without wishes, once for all of them', () => {
    const [one, other] = [new EventEncoder(PLAIN), new EventEncoder(PLAIN)];
    expect(read(one.encode(token))).toEqual(token);
    expect(one.encode(token)).toBe(other.encode(token));
    expect(plainJson(token)).not.toBe(plainJson(done));
  });

  it("adds the client's own name of the conversation, and the reference of the frame that is answered", () => {
    const encoder = new EventEncoder(PLAIN);
    encoder.conversation('c', 'a"b', PLAIN);
    expect(read(encoder.encode(token))).toEqual({ ...token, session_id: 'a"b' });
    expect(read(encoder.encode(ack, 'r"1'))).toEqual({ ...ack, session_id: 'a"b', ref: 'r"1' });
    encoder.conversation('c', 12, PLAIN);
    expect(read(encoder.encode(done))).toEqual({ ...done, session_id: 12 });
    expect(read(encoder.encode({ ...done, conversation_id: 'other' }))).not.toHaveProperty('session_id');
  });

  it('leaves out tokens when the turn was asked for without', () => {
    const encoder = new EventEncoder(PLAIN);
    encoder.turn('t', { ...PLAIN, stream: false });
    expect(encoder.encode(token)).toBeNull();
    expect(read(encoder.encode(message))).toEqual(message);
    encoder.encode(done);
    expect(encoder.encode(token)).not.toBeNull();
  });

  it('leaves out messages, of the user too, when only tokens were asked for', () => {
    const encoder = new EventEncoder({ ...PLAIN, final: false });
    expect(encoder.encode(question)).toBeNull();
    encoder.encode(token);
    expect(encoder.encode(message)).toBeNull();
  });

  it('tells a stored answer as one token to a reader that heard nothing of it and takes no messages', () => {
    const encoder = new EventEncoder({ ...PLAIN, final: false });
    expect(read(encoder.encode(message))).toEqual({ ...token, seq: 8, content: '**hi**', offset: 0 });
    expect(new EventEncoder({ ...PLAIN, final: false, stream: false }).encode(message)).toBeNull();
  });

  it('puts the sanitised HTML into content, in restored messages as well', () => {
    const encoder = new EventEncoder({ ...PLAIN, format: 'html' });
    expect(read(encoder.encode(message))).toEqual({ ...message, content: message.content_html });
    expect(read(encoder.encode(token))).toEqual(token);
    const { type: _, ...view } = message;
    const restored: ConversationEvent = {
      type: 'context_restored',
      conversation_id: 'c',
      seq: 1,
      summary: null,
      messages: [view],
      last_seq: 8,
      turn: null,
      snapshot: false,
    };
    expect(read(encoder.encode(restored, 'r'))).toMatchObject({ messages: [{ content: view.content_html }], ref: 'r' });
    expect(plainJson(restored)).toContain('**hi**');
  });

  it("follows a conversation's own way of being told, and a turn's before that", () => {
    const encoder = new EventEncoder(PLAIN);
    encoder.conversation('c', 'key', { ...PLAIN, final: false });
    encoder.turn('t', PLAIN);
    expect(encoder.encode(message)).not.toBeNull();
    expect(encoder.encode({ ...question, turn_id: 'other' })).toBeNull();
  });
});
