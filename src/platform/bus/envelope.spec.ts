import { randomUUID } from 'node:crypto';
import { type Envelope, isFrom, readEnvelope, writeEnvelope } from './envelope.js';

describe('an envelope', () => {
  const from = randomUUID();
  const envelopes: Envelope[] = [
    { kind: 'hello', from, losses: 3 },
    { kind: 'bye', from },
    { kind: 'message', from, topic: 'turns', message: { id: 'a', text: 'it\'s "so"\n👋' } },
  ];

  it.each(envelopes)('comes out as it went in: $kind', (envelope) => {
    const text = writeEnvelope(envelope, 7);
    expect(readEnvelope(text)).toEqual(envelope);
    expect(isFrom(text, from)).toBe(true);
    expect(isFrom(text, randomUUID())).toBe(false);
  });

  it('is another text each time', () => {
    const envelope = { kind: 'bye', from } as const;
    expect(writeEnvelope(envelope, 1)).not.toBe(writeEnvelope(envelope, 2));
  });

  it.each([
    '',
    'null',
    '[]',
    '"text"',
    '{',
    '{}',
    '{"from":"me","kind":"bye"}',
    `{"from":"${from}"}`,
    `{"from":"${from}","kind":"shout"}`,
    `{"from":"${from}","kind":"hello"}`,
    `{"from":"${from}","kind":"hello","losses":"many"}`,
    `{"from":"${from}","kind":"message","topic":1,"message":{}}`,
    `{"from":"${from}","kind":"message","topic":"a"}`,
    `{"from":"${from}","kind":"message","topic":"a","message":[]}`,
  ])('is nothing when it is not ours: %s', (text) => {
    expect(readEnvelope(text)).toBeNull();
  });
});
