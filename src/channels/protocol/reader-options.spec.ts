import { assertDelivers, connectionOptions, readerOptions } from './reader-options.js';

const TENANT = { stream: true, final: true, format: 'markdown', onDisconnect: 'continue' } as const;
const options = (query: string) => connectionOptions(new URLSearchParams(query));

describe('the address of a socket', () => {
  it('says how turns are told, and nothing where it is silent', () => {
    expect(options('')).toMatchObject({
      stream: undefined,
      final: undefined,
      conversation: undefined,
      resumeLatest: false,
    });
    expect(options('stream=false&final=1&format=html&on_disconnect=cancel&resume=latest')).toMatchObject({
      stream: false,
      final: true,
      format: 'html',
      onDisconnect: 'cancel',
      resumeLatest: true,
    });
  });

  it('leaves alone what it does not know, tokens too', () => {
    expect(options('utm_source=x&token=abc')).toEqual(options(''));
  });

  it('names a conversation, where digits are a key', () => {
    expect(options('conversation_id=123').conversation?.reference).toEqual({ kind: 'key', key: '123' });
    expect(options('session_id=abc').conversation).toEqual({
      reference: { kind: 'key', key: 'abc' },
      sessionId: 'abc',
    });
    expect(options('conversation_id=new').conversation?.reference).toEqual({ kind: 'new' });
  });

  it.each(['stream=yes', 'final=', 'format=pdf', 'on_disconnect=x', 'resume=first', 'session_id='])(
    'is refused when it says %s',
    (query) => expect(() => options(query)).toThrow(),
  );
});

describe('how a turn is told', () => {
  it('the message goes before the address, the address before the tenant', () => {
    expect(readerOptions([{}, {}], { ...TENANT, stream: false }, false).stream).toBe(false);
    expect(readerOptions([{}, { stream: true }], { ...TENANT, stream: false }, false).stream).toBe(true);
    expect(readerOptions([{ stream: false }, { stream: true }], TENANT, false).stream).toBe(false);
    expect(readerOptions([{ format: 'html' }, {}], TENANT, false)).toEqual({
      stream: true,
      final: true,
      format: 'html',
    });
  });

  it('is refused where the values in force together would bring nothing of it', () => {
    const judge = (...layers: Parameters<typeof readerOptions>[0]) =>
      assertDelivers(readerOptions(layers, TENANT, false));
    expect(() => judge({ stream: false }, { final: false })).toThrow(/^final: /);
    expect(() => judge({ stream: true }, { stream: false, final: false })).not.toThrow();
    expect(() => judge({ stream: false }, {})).not.toThrow();
    expect(() => assertDelivers(readerOptions([{ stream: false }], TENANT, true))).not.toThrow();
  });

  it("under the client's own key the text comes once: as tokens, or as the message when there are none", () => {
    expect(readerOptions([{}], TENANT, true).final).toBe(false);
    expect(readerOptions([{ stream: false }], TENANT, true).final).toBe(true);
    expect(readerOptions([{ final: true }], TENANT, true).final).toBe(true);
  });
});
