import { parseFrame, parseUserMessage } from './parse-frame.js';

const UUID = '0190b8a0-0000-7000-8000-00000000000a';

function refusal(frame: unknown): { message: string; field: string | undefined; echo: object } {
  const parsed = parseFrame(typeof frame === 'string' ? frame : JSON.stringify(frame));
  if (parsed.type !== 'bad') throw new Error(`was accepted as ${parsed.type}`);
  expect(parsed.error.code).toBe('INVALID_INPUT');
  return { message: parsed.error.message, field: parsed.error.field, echo: parsed.echo };
}

describe('a frame that cannot be used', () => {
  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{"content":', /not JSON/],
    ['nothing at all', '', /not JSON/],
    ['a list', '[]', /not a JSON object/],
    ['null', 'null', /not a JSON object/],
    ['a bare string', '"hello"', /not a JSON object/],
    ['a type that is no string', { type: 7 }, /type: must be a string/],
    ['a type that is null', { type: null }, /type: must be a string/],
    ['a type of nobody', { type: 'shout' }, /does not serve "shout"/],
    ['a type from the prototype', { type: 'constructor' }, /does not serve "constructor"/],
    ...['respond'].map((type): [string, object, RegExp] => [
      type,
      { type },
      new RegExp(`does not serve "${type}" yet`),
    ]),
    ['a wish for a person for no conversation', { type: 'escalate' }, /conversation_id/],
    ['typing without a word of whether', { type: 'typing', conversation_id: UUID }, /on: must be true or false/],
    ['unsubscribing from nothing', { type: 'unsubscribe' }, /conversation_id/],
    ['attachments', { content: 'see this', attachments: [UUID] }, /does not serve attachments yet/],
    ['no content', { type: 'user_message' }, /content/],
    ['content that is a number', { content: 1 }, /content: must be a string/],
    ['content that is null', { content: null }, /content: must be a string/],
    ['empty content', { content: '' }, /content: must not be empty/],
    ['white space', { content: ' \n\t\u00a0' }, /content: must not be only white space/],
    ['16,001 units', { content: 'x'.repeat(16_001) }, /content: must not exceed 16000/],
    ['16,002 units in 8,001 characters', { content: '😀'.repeat(8001) }, /content: must not exceed 16000/],
    ['a key of 130 units', { content: 'a', session_id: '😀'.repeat(65) }, /session_id: must be an id/],
    ['NUL in the content', { content: 'a\0b' }, /NUL/],
    ['half a character', { content: 'a\ud800b' }, /surrogate/],
    ['two spellings', { content: 'a', message: 'b' }, /message: means the same as content/],
    ['two names of the conversation', { content: 'a', session_id: 'x', conversation_id: UUID }, /means the same/],
    ['an empty conversation', { content: 'a', conversation_id: '' }, /conversation_id: must be an id/],
    ['a conversation that is null', { content: 'a', conversation_id: null }, /conversation_id: must be an id/],
    ['a conversation that is a list', { content: 'a', conversation_id: [UUID] }, /conversation_id: must be an id/],
    ['a conversation that is a fraction', { content: 'a', conversation_id: 1.5 }, /conversation_id: must be an id/],
    ['a key of 129 characters', { content: 'a', session_id: 'x'.repeat(129) }, /session_id: must be an id/],
    ['a key with NUL', { content: 'a', session_id: 'x\0' }, /session_id: /],
    ['a client id that is no UUID', { content: 'a', client_message_id: '1' }, /client_message_id: must be a UUID/],
    ['metadata that is a list', { content: 'a', metadata: [] }, /metadata: must be an object/],
    ['metadata over 4 KiB', { content: 'a', metadata: { x: 'é'.repeat(2100) } }, /metadata: must not exceed 4 KiB/],
    ['NUL in the metadata', { content: 'a', metadata: { x: '\0' } }, /NUL/],
    ['NUL in a comment', { type: 'feedback', message_id: UUID, rating: 'up', comment: 'a\0' }, /NUL/],
    ['half a character in the metadata', { content: 'a', metadata: { x: '\udfff' } }, /surrogate/],
    ['stream that is a word', { content: 'a', stream: 'false' }, /stream: must be true or false/],
    ['final that is a number', { content: 'a', final: 0 }, /final: must be true or false/],
    ['a format of nobody', { content: 'a', format: 'pdf' }, /format: must be "markdown" or "html"/],
    ['on_disconnect of nobody', { content: 'a', on_disconnect: 'stop' }, /on_disconnect: must be/],
    ['an empty agent', { content: 'a', agent: '' }, /agent: must not be empty/],
    ['a ref that is too long', { type: 'ping', ref: 'x'.repeat(65) }, /ref: must not exceed 64/],
    ['a ref that is a number', { type: 'ping', ref: 1 }, /ref: must be a string/],
    ['a forged role', { content: 'a', role: 'assistant' }, /Unknown field: role/],
    ['a forged number', { content: 'a', seq: 1 }, /Unknown field: seq/],
    ['a foreign tenant', { content: 'a', tenant_id: UUID }, /Unknown field: tenant_id/],
    ['a field of another type', { type: 'ping', content: 'a' }, /Unknown field: content/],
    ['a spelling where it means nothing', { type: 'ping', message: 'a' }, /Unknown field: message/],
    ['a forged prototype', '{"content":"a","__proto__":{"x":1}}', /Unknown field: __proto__/],
    ['a forged prototype in metadata', '{"content":"a","metadata":{"a":{"__proto__":1}}}', /Unknown field: __proto__/],
    [
      'a forged constructor',
      { content: 'a', metadata: { constructor: { prototype: 1 } } },
      /Unknown field: constructor/,
    ],
    ['an auth frame without a token', { type: 'auth' }, /token: must be a string/],
    ['an empty token', { type: 'auth', token: '' }, /token: must not be empty/],
    ['a resume of nothing', { type: 'resume' }, /conversation_id/],
    ['a resume of a new one', { type: 'resume', conversation_id: 'new' }, /must name a conversation that exists/],
    [
      'a resume from before the start',
      { type: 'resume', conversation_id: UUID, after_seq: -1 },
      /after_seq: must not be/,
    ],
    ['a resume from a word', { type: 'resume', conversation_id: UUID, after_seq: '1' }, /after_seq: must be a whole/],
    ['an abort of a new one', { type: 'abort', conversation_id: 'new' }, /must name a conversation that exists/],
    ['regenerating nothing', { type: 'regenerate' }, /turn_id/],
    ['an abort of no turn', { type: 'abort', turn_id: 'x' }, /turn_id: must be a UUID/],
  ])('is answered with what is wrong: %s', (_name, frame, message) => {
    expect(refusal(frame).message).toMatch(message);
  });

  it('is named by the word that the client used', () => {
    expect(refusal({ message: '' }).field).toBe('message');
    expect(refusal({ prompt: 5 }).field).toBe('prompt');
    expect(refusal({ content: 'a', session_id: {} }).field).toBe('session_id');
  });

  it('has what it is about echoed, but nothing of another shape', () => {
    const frame = { content: '', ref: 'r', client_message_id: UUID, session_id: 'mine', turn_id: {} };
    expect(refusal(frame).echo).toEqual({ ref: 'r', client_message_id: UUID, session_id: 'mine' });
    expect(refusal({ content: '', ref: 'x'.repeat(500), conversation_id: ['a'] }).echo).toEqual({});
  });

  it('may be nested as deeply as fits into it', () => {
    const deep = '['.repeat(15_000) + ']'.repeat(15_000);
    expect(refusal(`{"content":"a","metadata":{"x":${deep}}}`).message).toMatch(/metadata|deeply/);
  });
});

describe('a message', () => {
  const accepted = (frame: object) => {
    const parsed = parseFrame(JSON.stringify(frame));
    if (parsed.type !== 'user_message') throw new Error(JSON.stringify(parsed));
    return parsed;
  };

  it.each([{ type: 'user_message', content: 'hi' }, { content: 'hi' }, { message: 'hi' }, { prompt: 'hi' }])(
    'is understood in each spelling: %j',
    (frame) => expect(accepted(frame)).toMatchObject({ content: 'hi', conversation: undefined, clientMessageId: null }),
  );

  it('takes 16,000 units, and keeps them as they are', () => {
    const content = ` ${'😀'.repeat(7999)} `;
    expect(accepted({ content }).content).toBe(content);
  });

  it.each<[object, object]>([
    [{ conversation_id: 'new' }, { reference: { kind: 'new' }, sessionId: null }],
    [{ conversation_id: UUID.toUpperCase() }, { reference: { kind: 'id', id: UUID }, sessionId: null }],
    [{ conversation_id: 'abc' }, { reference: { kind: 'key', key: 'abc' }, sessionId: 'abc' }],
    [{ conversation_id: 123 }, { reference: { kind: 'key', key: '123' }, sessionId: 123 }],
    [{ session_id: '123' }, { reference: { kind: 'key', key: '123' }, sessionId: '123' }],
    [{ session_id: UUID }, { reference: { kind: 'key', key: UUID }, sessionId: UUID }],
    [{ session_id: 'new' }, { reference: { kind: 'new' }, sessionId: null }],
  ])('names its conversation: %j', (name, expected) => {
    expect(accepted({ content: 'a', ...name }).conversation).toEqual(expected);
  });

  it('carries its options, each undefined where it says nothing', () => {
    const options = { stream: false, final: true, format: 'html', on_disconnect: 'cancel', agent: 'tracking' };
    expect(accepted({ content: 'a', ...options, metadata: { a: 1 }, attachments: [] })).toMatchObject({
      stream: false,
      final: true,
      format: 'html',
      onDisconnect: 'cancel',
      agent: 'tracking',
      metadata: { a: 1 },
    });
    expect(accepted({ content: 'a' })).toMatchObject({ stream: undefined, final: undefined, onDisconnect: undefined });
  });

  it('over HTTP is the same, and nothing but a message', () => {
    expect(parseUserMessage({ prompt: 'hi', session_id: 5 })).toMatchObject({
      content: 'hi',
      conversation: { sessionId: 5 },
    });
    expect(() => parseUserMessage({ type: 'ping' })).toThrow(/user_message/);
    expect(() => parseUserMessage({})).toThrow(/content/);
  });
});

it('reads the other frames', () => {
  expect(parseFrame('{"type":"/abort"}')).toMatchObject({ type: 'abort', conversation: undefined, turnId: undefined });
  expect(parseFrame(`{"type":"abort","session_id":7}`)).toMatchObject({ conversation: { sessionId: 7 } });
  const resume = (rest: string) => parseFrame(`{"type":"resume","conversation_id":"${UUID}"${rest}}`);
  expect(resume('')).toMatchObject({ type: 'resume', afterSeq: 'now' });
  expect(resume(',"after_seq":0')).toMatchObject({ type: 'resume', afterSeq: 0 });
  expect(parseFrame('{"type":"unsubscribe","session_id":"k"}')).toMatchObject({
    type: 'unsubscribe',
    conversation: { reference: { kind: 'key', key: 'k' } },
  });
  expect(parseFrame('{"type":"ping","ref":"a"}')).toEqual({ type: 'ping', echo: { ref: 'a' } });
  expect(parseFrame('{"type":"auth","token":"t"}')).toMatchObject({ type: 'auth', token: 't' });
});
