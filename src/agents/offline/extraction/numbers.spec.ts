import { numbersIn } from './numbers.js';
import { processorMs } from '../../../../test/support/processor-time.js';

const read = (text: string, language: string) =>
  numbersIn(text, language).map(({ idiomatic, readings }) =>
    readings.length > 1 ? [readings, idiomatic] : readings[0],
  );

it.each([
  ['quantity 3', 'en', [3]],
  ['12.5 or 12,5', 'de', [12.5, 12.5]],
  ['1.000,50', 'es', [1000.5]],
  ['1,000.50', 'en', [1000.5]],
  ['1.000.000', 'en', [1_000_000]],
  ['1 000 Stück', 'de', [1000]],
  ['12k', 'en', [12_000]],
  ['1.5k', 'en', [1500]],
  ['12kg', 'de', [12]],
  ['-5 degrees', 'en', [-5]],
  ['dos noches', 'es', [2]],
  ['three nights', 'en', [3]],
  ['zwölf Stück', 'de', [12]],
  ['0.125', 'en', [0.125]],
])('reads "%s" (%s)', (text, language, numbers) => {
  expect(read(text, language)).toEqual(numbers);
});

it('has two readings for what countries write differently, the language’s own first', () => {
  expect(read('1,000', 'en')).toEqual([[[1000, 1], true]]);
  expect(read('1,000', 'de')).toEqual([[[1, 1000], false]]);
  expect(read('1.000', 'de')).toEqual([[[1000, 1], true]]);
  expect(read('1.000', 'en')).toEqual([[[1, 1000], false]]);
  expect(read('1.000', '')).toEqual([[[1, 1000], false]]);
  // A language's countries differ too.
  expect(read('1.000', 'es-MX')).toEqual([[[1, 1000], false]]);
});

it.each([
  'version 2.10.3',
  'at 10:30',
  'AB-1042',
  'A1042',
  'my 3rd order',
  '24/7',
  '10.0.0.1',
  'ana@example.com',
  '2026-05-01',
  'drei dos three',
])('reads no number in "%s" of a language without words', (text) => {
  expect(read(text, 'pl')).toEqual([]);
});

it('knows a pronoun from a number', () => {
  expect(numbersIn('the other one', 'en')).toEqual([expect.objectContaining({ readings: [1], loose: true })]);
});

/** A sanity limit only, generous for a busy machine. */
it.each(['1 000 ', '1.', '1,', '12 ', '1'])('is done in time with many "%s"', (piece) => {
  const start = processorMs();
  numbersIn(piece.repeat(20_000).slice(0, 20_000), 'en');
  expect(processorMs() - start).toBeLessThan(1000);
});
