import { fold } from './fold.js';
import { stem } from './stem.js';
import { isAskingWord, isFunctionWord, isStopWord, LANGUAGES } from './stop-words.js';
import { contentStems, topicStems, wordCount } from './words.js';
import { processorMs } from '../../../test/support/processor-time.js';

describe('fold', () => {
  it.each([
    ['Envío ÜBER Straße', 'envio uber strasse'],
    ['ＡＢＣ－１２３', 'abc-123'],
    ['oﬃce ﬂow m³', 'office flow m3'],
    ['ﾌﾟｰﾙ', 'プール'],
    ['ガラス', 'ガラス'],
    ['ที่จอดรถ', 'ที่จอดรถ'],
    ['Acme™ shoes', 'acme  shoes'],
    ['e\u0301te\u0301', 'ete'],
  ])('makes %j %j', (text, folded) => {
    expect(fold(text)).toBe(folded.normalize('NFC'));
  });
});

describe('stem', () => {
  it.each([
    ['shipping', 'shipped', 'ships'],
    ['refund', 'refunds', 'refunded'],
    ['factura', 'facturas', 'factura'],
    ['rechnung', 'rechnungen', 'rechnung'],
  ])('brings %s, %s and %s together', (...forms) => {
    expect(new Set(forms.map((form) => stem(fold(form)))).size).toBe(1);
  });

  it('leaves numbers and codes as they are', () => {
    expect(['1042', 'x200es', 'ab12ing'].map(stem)).toEqual(['1042', 'x200es', 'ab12ing']);
  });
});

describe('stop words', () => {
  it('are told whatever their case and accents', () => {
    expect(['The', 'Für', 'CUÁNDO', 'cuando', 'please', 'Möchte'].map(isStopWord)).toEqual(Array(6).fill(true));
    expect(['refund', 'Rechnung', 'envío', 'warm', 'work'].map(isStopWord)).toEqual(Array(5).fill(false));
  });

  it('are function words or words of asking, and stand once in a language', () => {
    for (const { asking, stop } of Object.values(LANGUAGES)) {
      const words = [...stop, ...asking];
      expect(words.filter((word, at) => words.indexOf(word) !== at)).toEqual([]);
      expect(stop.map(fold).every(isFunctionWord)).toBe(true);
      expect(asking.map(fold).every((word) => isAskingWord(word) || isFunctionWord(word))).toBe(true);
    }
  });
});

describe('contentStems', () => {
  it('keeps what carries meaning, numbers included', () => {
    expect(contentStems('Can you please tell me where parcel 7 is?')).toEqual(['parcel', '7']);
    expect(topicStems('Where is order 1042 for ann@acme.test, https://acme.test/x?')).toEqual(['order']);
  });

  it('finds the words of text without spaces, the same in a question as in a passage', () => {
    const passage = contentStems('注文した商品は三日で届きます。');
    expect(passage).toContain('商品');
    expect(contentStems('商品はいつ届きますか')).toContain('商品');
    expect(contentStems('ที่จอดรถอยู่ที่ไหน').length).toBeGreaterThan(1);
    expect(contentStems('猫')).toEqual(['猫']);
    expect(wordCount('สินค้าจะถูกจัดส่งภายในสามวัน')).toBeGreaterThan(4);
  });

  it('takes a long text in reasonable time', () => {
    const started = processorMs();
    contentStems('漢字'.repeat(50_000));
    contentStems('a'.repeat(100_000));
    expect(processorMs() - started).toBeLessThan(5000);
  });
});
