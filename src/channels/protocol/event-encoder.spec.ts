import type { ContextRestoredEvent, ConversationEvent, MessageEvent, TokenEvent, TurnStateEvent } from '#conversations';
import { EventEncoder, plainJson } from './event-encoder.js';
import type { ReaderOptions } from './reader-options.js';

const PLAIN: ReaderOptions = { stream: true, final: true, format: 'markdown' };
const APPENDING: ReaderOptions = { ...PLAIN, final: false };
const place = { conversation_id: 'c', turn_id: 't' };

const token: TokenEvent = { type: 'token', ...place, seq: 4, role: 'assistant', content: 'hi "you"', offset: 0 };
const done: ConversationEvent = { type: 'done', ...place, seq: 9, status: 'completed', usage: null };
const ack: ConversationEvent = { type: 'ack', ...place, client_message_id: null, message_id: 'm' };
const begun: TurnStateEvent = {
  type: 'turn',
  ...place,
  seq: 2,
  status: 'running',
  attempt: 1,
  start: 1,
  question_id: 'q',
  answer_id: 'a',
  agent: null,
};
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

interface Told {
  readonly type: string;
  readonly seq: number | undefined;
  readonly frame: Record<string, unknown>;
  readonly json: string;
}

function reader(options: ReaderOptions) {
  const told: Told[] = [];
  const encoder = new EventEncoder(options, (type, seq, json) =>
    told.push({ type, seq, json, frame: JSON.parse(json) as Record<string, unknown> }),
  );
  /** The frames for an event. */
  const hear = (event: ConversationEvent, ref?: string): Record<string, unknown>[] => {
    const before = told.length;
    encoder.tell(event, ref);
    return told.slice(before).map(({ frame }) => frame);
  };
  const say = (content: string, offset: number) => hear({ ...token, content, offset });
  return {
    encoder,
    told,
    hear,
    say,
    /** As a client reads that appends whatever has a `content`. */
    appended: () => told.map(({ frame }) => frame['content'] ?? '').join(''),
    /** As a client reads that follows the contract's rule for text. */
    byOffset: () =>
      told
        .filter(({ type }) => type === 'token')
        .reduce((text, { frame }) => text.slice(0, Number(frame['offset'])) + String(frame['content']), ''),
  };
}

describe('an encoder', () => {
  it('writes an event as it is for a reader without wishes, once for all of them', () => {
    const [one, other] = [reader(PLAIN), reader(PLAIN)];
    expect(one.hear(token)).toEqual([token]);
    other.hear(token);
    expect(one.told[0]?.json).toBe(other.told[0]?.json);
    expect(plainJson(token)).not.toBe(plainJson(done));
    expect(one.hear(begun)).toEqual([begun]);
  });

  it('gives a number to whatever has one, and none to direct answers', () => {
    const { hear, told } = reader(PLAIN);
    for (const event of [ack, begun, token, message, done]) hear(event);
    expect(told.map(({ type, seq }) => [type, seq])).toEqual([
      ['ack', undefined],
      ['turn', 2],
      ['token', 4],
      ['message', 8],
      ['done', 9],
    ]);
  });

  it("adds the client's own name of the conversation, and the reference of the frame that is answered", () => {
    const { encoder, hear } = reader(PLAIN);
    encoder.conversation('c', 'a"b', PLAIN);
    expect(hear(token, 'r"1')).toEqual([{ ...token, session_id: 'a"b' }]);
    expect(hear(ack, 'r"1')).toEqual([{ ...ack, session_id: 'a"b', ref: 'r"1' }]);
    encoder.conversation('c', 12, PLAIN);
    expect(hear(done)).toEqual([{ ...done, session_id: 12 }]);
    expect(hear({ ...done, conversation_id: 'other' })[0]).not.toHaveProperty('session_id');
  });

  it('leaves out tokens when the turn was asked for without', () => {
    const { encoder, hear } = reader(PLAIN);
    encoder.turn('c', 't', { ...PLAIN, stream: false });
    expect(hear(token)).toEqual([]);
    expect(hear(message)).toEqual([message]);
    hear(done);
    expect(hear(token)).toHaveLength(1);
  });

  it('puts the sanitised HTML into content, in restored messages as well', () => {
    const { hear } = reader({ ...PLAIN, format: 'html' });
    expect(hear(message)).toEqual([{ ...message, content: message.content_html }]);
    expect(hear(token)).toEqual([token]);
    const { type: _, ...view } = message;
    const restored: ContextRestoredEvent = {
      type: 'context_restored',
      conversation_id: 'c',
      summary: null,
      messages: [view],
      last_seq: 8,
      turn: null,
      snapshot: false,
    };
    expect(hear(restored, 'r')).toMatchObject([{ messages: [{ content: view.content_html }], ref: 'r' }]);
    expect(plainJson(restored)).toContain('**hi**');
  });

  it("follows a conversation's own way of being told, and a turn's before that", () => {
    const { encoder, hear } = reader(PLAIN);
    encoder.conversation('c', 'key', APPENDING);
    encoder.turn('c', 't', PLAIN);
    expect(hear(message)).toHaveLength(1);
    expect(hear({ ...question, turn_id: 'other' })).toEqual([]);
  });

  it('sends every restart and every replacement as it is to a reader that goes by the offsets', () => {
    const { hear, say, byOffset } = reader(PLAIN);
    hear(begun);
    say('Half an ans', 0);
    expect(hear({ ...begun, start: 2 })).toEqual([{ ...begun, start: 2 }]);
    expect(say('Whole', 0)).toHaveLength(1);
    expect(byOffset()).toBe('Whole');
    expect(say('', 0)).toMatchObject([{ content: '', offset: 0 }]);
    expect(byOffset()).toBe('');
  });
});

describe('a reader that appends', () => {
  it('gets no messages, of the user neither', () => {
    const { hear } = reader(APPENDING);
    expect(hear(question)).toEqual([]);
    hear({ ...token, content: '**hi**' });
    expect(hear(message)).toEqual([]);
  });

  it('gets a stored answer as one token when it heard nothing of it, and nothing when it wants no tokens', () => {
    const { hear, told } = reader(APPENDING);
    hear(begun);
    expect(hear(message)).toEqual([{ ...token, seq: 8, content: '**hi**', offset: 0 }]);
    expect(told.at(-1)).toMatchObject({ type: 'token', seq: 8 });
    expect(reader({ ...APPENDING, stream: false }).hear(message)).toEqual([]);
  });

  it('gets the end of a stored answer whose live text was cut off, and nothing when the words differ', () => {
    const cut = reader(APPENDING);
    cut.say('One ', 0);
    expect(cut.hear({ ...message, content: 'One two' })).toMatchObject([{ type: 'token', content: 'two', offset: 4 }]);
    expect(cut.appended()).toBe('One two');
    const other = reader(APPENDING);
    other.say('One ', 0);
    expect(other.hear({ ...message, content: 'Eins zwei' })).toEqual([]);
  });

  it('gets a snapshot of a text that it knows once: only what is new of it', () => {
    const { say, appended, byOffset } = reader(APPENDING);
    say('Hello', 0);
    expect(say('Hello', 0)).toEqual([]);
    expect(say('lo', 3)).toEqual([]);
    expect(say('Hello there', 0)).toMatchObject([{ content: ' there', offset: 5 }]);
    expect(say('re, you', 9)).toMatchObject([{ content: ', you', offset: 11 }]);
    expect(appended()).toBe('Hello there, you');
    expect(byOffset()).toBe('Hello there, you');
  });

  it('gets a status and an empty line before the text of a turn that is begun again', () => {
    const { hear, say, appended, byOffset } = reader(APPENDING);
    hear(begun);
    say('Half an ans', 0);
    expect(hear({ ...begun, start: 2 })).toHaveLength(1);
    const again = say('Half', 0);
    expect(again).toMatchObject([
      { type: 'status', ...place, seq: 4, step: 'generating' },
      { type: 'token', content: '\n\n' },
      { type: 'token', content: 'Half', offset: 0 },
    ]);
    expect(say(' a loaf', 4)).toHaveLength(1);
    expect(hear({ ...message, content: 'Half a loaf' })).toEqual([]);
    expect(appended()).toBe('Half an ans\n\nHalf a loaf');
    expect(byOffset()).toBe('Half a loaf');
  });

  it('gets them as well when only the stored answer of the second beginning comes', () => {
    const { hear, say, appended } = reader(APPENDING);
    hear(begun);
    say('Half an ans', 0);
    hear({ ...begun, start: 2 });
    expect(hear({ ...message, content: 'Half an answer' }).map((frame) => frame['content'])).toEqual([
      undefined,
      '\n\n',
      'Half an answer',
    ]);
    expect(appended()).toBe('Half an ans\n\nHalf an answer');
  });

  it('gets them when other text takes the place of what it has, whether or not that was announced', () => {
    const { say, appended, byOffset } = reader(APPENDING);
    say('Hello wurld', 0);
    expect(say('world', 6)).toMatchObject([
      { type: 'status' },
      { content: '\n\n', offset: 11 },
      { content: 'Hello world', offset: 0 },
    ]);
    expect(appended()).toBe('Hello wurld\n\nHello world');
    expect(byOffset()).toBe('Hello world');
  });

  it('gets no gap without text before it: at a first start, nor for a reader that comes during the second', () => {
    const first = reader(APPENDING);
    first.hear(begun);
    first.hear({ ...begun, start: 2 });
    expect(first.say('Whole', 0)).toHaveLength(1);
    const late = reader(APPENDING);
    late.hear({ ...begun, start: 2 });
    expect(late.say('Whole', 0)).toHaveLength(1);
    late.hear({ ...begun, start: 2 });
    expect(late.say('Whole text', 0)).toMatchObject([{ content: ' text' }]);
  });

  it('is told that a text was taken back, and what follows stands apart', () => {
    const { hear, say, appended } = reader(APPENDING);
    say('I would', 0);
    expect(say('', 0)).toMatchObject([{ type: 'token', content: '', offset: 0 }]);
    expect(hear(message)).toHaveLength(3);
    expect(appended()).toBe('I would\n\n**hi**');
  });

  it('that sends its message again while the turn runs is not told twice what it has', () => {
    const { encoder, say } = reader(APPENDING);
    encoder.turn('c', 't', APPENDING);
    say('So far', 0);
    encoder.turn('c', 't', APPENDING);
    expect(say('So far, so good', 0)).toMatchObject([{ content: ', so good', offset: 6 }]);
  });

  it('that had left the conversation is told everything again', () => {
    const { encoder, say } = reader(APPENDING);
    say('So far', 0);
    encoder.forget('other');
    expect(say('So far', 0)).toEqual([]);
    encoder.forget('c');
    expect(say('So far', 0)).toMatchObject([{ content: 'So far', offset: 0 }]);
  });
});
