import { sentencesOf, wholeSentencesOf } from './sentences.js';
import { processorMs } from '../../../test/support/processor-time.js';

describe('wholeSentencesOf', () => {
  it.each([
    ['Ask Dr. Smith. He knows.', ['Ask Dr. Smith. ', 'He knows.']],
    ['It costs 3.50 euros, e.g. in Spain. Really? Yes!', ['It costs 3.50 euros, e.g. in Spain. ', 'Really? ', 'Yes!']],
    ['¿Cuándo llega? Mañana.', ['¿Cuándo llega? ', 'Mañana.']],
    ['今日です。明日です！', ['今日です。', '明日です！']],
    [
      'Gilt für alle, z. B. Kinder. Siehe Abs. 3 und Nr. 7.',
      ['Gilt für alle, z. B. Kinder. ', 'Siehe Abs. 3 und Nr. 7.'],
    ],
    ['Llame a la Sra. Gil (núm. 4). Ella sabe.', ['Llame a la Sra. Gil (núm. 4). ', 'Ella sabe.']],
    [
      'Is it free? No. You pay 5 euros. No. 5 is free.',
      ['Is it free? ', 'No. ', 'You pay 5 euros. ', 'No. 5 is free.'],
    ],
    ['One line\n\nAnother', ['One line\n\n', 'Another']],
  ])('splits %j', (text, expected) => {
    expect(wholeSentencesOf(text)).toEqual(expected);
    expect(wholeSentencesOf(text).join('')).toBe(text);
  });

  it.each(['. ', '.', '!*', '.)', '\n ', '\n', ' ', '。', 'a. ', 'No. ', '."', '… '])(
    'takes %j of any length',
    (unit) => {
      const text = unit.repeat(40_000);
      for (const style of ['prose', 'chat'] as const) {
        const started = processorMs();
        expect(wholeSentencesOf(text, style).join('')).toBe(text);
        expect(processorMs() - started).toBeLessThan(500);
      }
    },
  );
});

describe('sentencesOf', () => {
  it('splits sentences, but not at abbreviations, numbers and initials', () => {
    expect(sentencesOf('It costs €3.50, e.g. for shoes. Call Dr. Byrne! Really? Yes.')).toEqual([
      'It costs €3.50, e.g. for shoes.',
      'Call Dr. Byrne!',
      'Really?',
      'Yes.',
    ]);
  });

  it('takes a small letter for the beginning of a sentence only where people chat', () => {
    const message = 'hi there! where is no. 1042? it was 3.5 kg\nthanks';
    expect(sentencesOf(message, 'chat')).toEqual(['hi there!', 'where is no. 1042?', 'it was 3.5 kg', 'thanks']);
    expect(sentencesOf('“Really?” he said. Nobody knew.')).toEqual(['“Really?” he said.', 'Nobody knew.']);
  });
});
