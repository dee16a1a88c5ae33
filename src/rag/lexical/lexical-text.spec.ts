import { lexicalText } from './lexical-text.js';
import { textSearchConfig } from './text-search-config.js';
import { processorMs } from '../../../test/support/processor-time.js';

describe('lexicalText', () => {
  it.each([
    ['Returns & Refunds', 'returns refunds'],
    ['“Quoted” — and/or dashed-words', 'quoted and or dashed words'],
    ['STRASSE Über Ñandú', 'strasse über ñandú'],
    ['1,500 and 1.500 and 1500', '1500 and 1500 and 1500'],
    ['€9,90 or €9.90', '9.90 or 9.90'],
    ['C++, C# and Node.js', 'cplusplus csharp and node js'],
    ['e\u0301t\u00e9', 'été'],
    ['don’t', 'don t'],
    ['', ''],
    ['!?…', ''],
  ])('makes %j %j', (text, words) => {
    expect(lexicalText(text)).toBe(words);
  });

  it('cuts text without spaces into words, the same in a question as in a passage', () => {
    const passage = lexicalText('注文した商品は三日で届きます。').split(' ');
    const question = lexicalText('商品はいつ届きますか').split(' ');
    expect(passage.length).toBeGreaterThan(4);
    expect(question.filter((word) => passage.includes(word))).toContain('商品');
  });

  it('shortens what is no word, and takes a long text in reasonable time', () => {
    expect(lexicalText('x'.repeat(5000))).toHaveLength(64);
    const started = processorMs();
    lexicalText('漢字'.repeat(100_000));
    expect(processorMs() - started).toBeLessThan(5000);
  });
});

describe('textSearchConfig', () => {
  it.each([
    ['en', 'english'],
    ['de-AT', 'german'],
    ['ES', 'spanish'],
    ['ja', 'simple'],
    ['', 'simple'],
  ])('takes %j for %j', (language, config) => {
    expect(textSearchConfig(language)).toBe(config);
  });
});
