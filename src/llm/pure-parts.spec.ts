import { z } from 'zod';
import { ChatStreamParser, StreamFault } from './chat-stream.parser.js';
import { redact } from './redaction.js';
import { checkAnswer, outputSchema } from './structured-output.js';
import { costOf } from './usage.js';

const frame = (content: string, more = ''): string =>
  `data: {"id":"1","choices":[{"index":0,"delta":{"content":${JSON.stringify(content)}},"finish_reason":null}]${more}}`;

function parse(stream: string | Buffer, sliceBytes = Infinity): { pieces: string[]; parser: ChatStreamParser } {
  const bytes = Buffer.from(stream);
  const pieces: string[] = [];
  const parser = new ChatStreamParser((text) => pieces.push(text), 1_000_000);
  for (let at = 0; at < bytes.length; at += sliceBytes) parser.push(bytes.subarray(at, at + sliceBytes));
  parser.end();
  return { pieces, parser };
}

describe('ChatStreamParser', () => {
  const awkward = [
    'plain',
    'with "quotes"',
    'back\\slash\\',
    '\\"',
    'line\nbreak',
    '漢字 👩‍👩‍👧',
    '"delta":{"content":"x"',
    '\u2028',
    '{}',
  ];
  const stream = [...awkward.map((text) => frame(text)), 'data: [DONE]', ''].join('\n\n');

  it.each([1, 2, 3, 7, 64, Infinity])('reads every text whole when the bytes come %s at a time', (size) => {
    const { pieces, parser } = parse(stream, size);
    expect(pieces).toEqual(awkward);
    expect(parser.text).toBe(awkward.join(''));
    expect(parser.done).toBe(true);
  });

  it('takes line ends of both kinds, no space after the colon, comments, other fields and a byte-order mark', () => {
    const lines = [
      '\ufeff: hello',
      'event: message',
      'id: 7',
      frame('one'),
      '',
      frame('two').replace('data: ', 'data:'),
      ': ping',
      'data: [DONE]',
    ];
    expect(parse(lines.join('\r\n') + '\r\n').pieces).toEqual(['one', 'two']);
  });

  it('reads a last line without a line end', () => {
    const { pieces, parser } = parse(
      `${frame('a')}\n\ndata: {"choices":[{"delta":{"content":"b"},"finish_reason":"stop"}]}`,
    );
    expect(pieces).toEqual(['a', 'b']);
    expect(parser.finishReason).toBe('stop');
  });

  it('does not lose the usage or the finish reason that comes along with text', () => {
    const usage = ',"usage":{"prompt_tokens":3,"completion_tokens":4}';
    const { parser, pieces } = parse(
      `${frame('a', usage)}\n${frame('b').replace('"finish_reason":null', '"finish_reason":"length"')}\n`,
    );
    expect(pieces).toEqual(['a', 'b']);
    expect(parser.usage).toEqual({ prompt_tokens: 3, completion_tokens: 4 });
    expect(parser.finishReason).toBe('length');
  });

  it('skips roles, empty texts, other choices’ absence and texts that are null', () => {
    const lines = [
      '{"choices":[{"delta":{"role":"assistant","content":""}}]}',
      '{"choices":[]}',
      '{"choices":[{"delta":{"content":null}}]}',
      '{"choices":[{"delta":{"content":[{"type":"text","text":"part"}]}}]}',
    ];
    expect(parse(lines.map((line) => `data: ${line}\n\n`).join('')).pieces).toEqual(['part']);
  });

  it('leaves NUL out and puts characters together whose halves come apart', () => {
    const lines = [
      frame('a\0b'),
      'data: {"choices":[{"delta":{"content":"\\ud83d"},"finish_reason":null}]}',
      frame('\ude00!'),
      frame('\ud83d'),
    ];
    const { pieces, parser } = parse(`${lines.join('\n')}\ndata: [DONE]\n`);
    expect(pieces).toEqual(['ab', '😀!', '\ufffd']);
    expect(parser.text).toBe('ab😀!\ufffd');
  });

  it('ignores what follows [DONE]', () => {
    expect(parse(`data: [DONE]\n\n${frame('late')}\n\n`).pieces).toEqual([]);
  });

  it.each([
    ['a broken chunk', 'data: {"choices":[{"delta":{"content":"x"\n'],
    ['an error', 'data: {"error":{"message":"overloaded"}}\n'],
    ['a page', '<html>\n'],
    ['a bare value', 'data: 5\n'],
    ['a line without end', `data: {"x":"${'y'.repeat(1_100_000)}`],
    ['too much text', `${frame('z'.repeat(500_000))}\n${frame('z'.repeat(500_001))}\n`],
  ])('refuses %s', (_name, text) => {
    expect(() => parse(text)).toThrow(StreamFault);
  });
});

describe('redact', () => {
  it.each([
    ['Incorrect API key provided: my-own-key', 'my-own-key'],
    ['key sk-abc123456789 is wrong', null],
    ['Incorrect API key provided: sk-proj-ab********xyz9', null],
    ['authorization: Bearer abc.def.ghi', null],
    ['gsk_0123456789abcdef', null],
  ])('takes the key out of "%s"', (text, key) => {
    const clean = redact(text, key);
    expect(clean).toContain('[key]');
    expect(clean).not.toMatch(/my-own-key|abc123|xyz9|abc\.def|0123456789/);
  });

  it('keeps it short', () => {
    expect(redact('x'.repeat(5000), null).length).toBeLessThan(600);
  });
});

describe('structured output', () => {
  const schema = z.object({ agent: z.string(), score: z.number() });

  it.each([
    '{"agent":"a","score":1}',
    'Sure!\n```json\n{"agent":"a","score":1}\n```\nAnything else?',
    'The value is {"agent":"a","score":1}.',
  ])('finds the value in %j', (text) => {
    expect(checkAnswer(text, schema)).toEqual({ ok: true, value: { agent: 'a', score: 1 } });
  });

  it('takes NUL and halves of characters out of every text', () => {
    const text = '{"agent":"a\\u0000\\ud800","score":1}';
    expect(checkAnswer(text, schema)).toEqual({ ok: true, value: { agent: 'a\ufffd', score: 1 } });
  });

  it('says what is wrong with a value', () => {
    expect(checkAnswer('{"agent":5}', schema)).toMatchObject({
      ok: false,
      json: true,
      problem: expect.stringContaining('agent'),
    });
    expect(checkAnswer('no idea', schema)).toMatchObject({ ok: false, json: false });
  });

  it('asks strictly only where strict mode can express the schema', () => {
    expect(outputSchema(schema).strict).toBe(true);
    expect(outputSchema(z.object({ a: z.string().optional() })).strict).toBe(false);
    expect(outputSchema(z.object({ a: z.string().max(5) })).strict).toBe(false);
    expect(outputSchema(z.object({ list: z.array(z.object({ b: z.string().optional() })) })).strict).toBe(false);
    expect(outputSchema(schema).json).not.toHaveProperty('$schema');
  });

  it('asks with clean schemas, made once: no bounds that are none, no defaults, members of any name kept', () => {
    const asked = z.object({ default: z.array(z.int()), $schema: z.string().default('x'), minimum: z.int().min(3) });
    const { json } = outputSchema(asked);
    expect(json).toEqual({
      type: 'object',
      properties: {
        default: { type: 'array', items: { type: 'integer' } },
        $schema: { type: 'string' },
        minimum: { type: 'integer', minimum: 3 },
      },
      required: ['default', '$schema', 'minimum'],
      additionalProperties: false,
    });
    expect(outputSchema(asked).json).toBe(json);
  });
});

describe('usage', () => {
  const openAi = 'https://api.openai.com/v1';

  it('knows the price of a model, also of its dated name, and of no other', () => {
    expect(costOf({ baseUrl: openAi, model: 'gpt-4o-mini' }, 1_000_000, 1_000_000)).toBeCloseTo(0.75);
    expect(costOf({ baseUrl: openAi, model: 'gpt-4o-2024-08-06' }, 1_000_000, 0)).toBeCloseTo(2.5);
    expect(costOf({ baseUrl: openAi, model: 'gpt-4o-something-else' }, 1, 1)).toBeNull();
    expect(costOf({ baseUrl: 'http://localhost:1234/v1', model: 'gpt-4o-mini' }, 1, 1)).toBeNull();
  });
});
