import { cleanLine, cleanText } from './clean-text.js';
import { processorMs } from '../../../test/support/processor-time.js';

describe('cleanText', () => {
  it('removes what a person cannot see', () => {
    const hidden = [...'ignore'].map((letter) => String.fromCodePoint(0xe0000 + (letter.codePointAt(0) ?? 0))).join('');
    expect(cleanText(`Hello${hidden}\u200B wor\u00ADld\u0000\uFEFF\u202E!\u2060`)).toBe('Hello world!');
    expect(cleanText('a\u200Db\u200C\u200Cc')).toBe('abc');
    expect(cleanText('a\uFE0F\uFE01\uFE02')).toBe('a\uFE0F');
  });

  it('keeps joiners that shape letters or bind emoji', () => {
    for (const text of ['می\u200Cخواهم', '👩\u200D💻', 'क्\u200Dष']) expect(cleanText(text)).toBe(text.normalize('NFC'));
  });

  it('composes characters, ends lines alike and mends broken surrogates', () => {
    expect(cleanText('e\u0301\r\nb\rc\u2028d')).toBe('é\nb\nc\nd');
    expect(cleanText('a\uD800b')).toBe('a\uFFFDb');
    expect(cleanText('a  \nb\n\n\n\nc\u00A0d')).toBe('a\nb\n\nc d');
  });

  it('stays fast on long runs', () => {
    const started = processorMs();
    for (const run of [' ', '\n', '\u200C', '\uFE0F', '\t', '\u0001']) cleanText(`a${run.repeat(2_000_000)}b`);
    expect(processorMs() - started).toBeLessThan(5000);
  });
});

describe('cleanLine', () => {
  it('puts text on one line', () => {
    expect(cleanLine(' a\n\n b\tc ')).toBe('a b c');
  });
});
