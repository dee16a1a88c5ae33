import { type DateOptions, datesIn } from './dates.js';
import { processorMs } from '../../../../test/support/processor-time.js';

/** A Tuesday, half past eleven in the evening in London. */
const TODAY = new Date('2026-03-10T23:30:00Z');

const days = (text: string, language: string, rest: Partial<DateOptions> = {}) =>
  datesIn(text, { today: new Date('2026-03-10T12:00:00Z'), timeZone: 'UTC', language, ...rest })
    .filter(({ sure }) => sure)
    .flatMap(({ days: [day] }) => day ?? []);

it.each([
  ['en', 'on 2026-05-01 please', ['2026-05-01']],
  ['de', 'am 1.5.2026', ['2026-05-01']],
  ['en', '12/25/2026', ['2026-12-25']],
  ['en', 'the 3rd of May', ['2026-05-03']],
  ['en', 'May 3rd, 2027', ['2027-05-03']],
  ['en', '3 January', ['2026-01-03']],
  ['es', '3 de mayo de 2026', ['2026-05-03']],
  ['de', '3. Mai', ['2026-05-03']],
  ['de', '3 Mai 2027', ['2027-05-03']],
  ['de', 'am 3.4.', ['2026-04-03']],
  ['de', 'vom 3. bis 5. Mai', ['2026-05-03', '2026-05-05']],
  ['en', 'tomorrow', ['2026-03-11']],
  ['es', 'mañana', ['2026-03-11']],
  ['es', 'mañana por la mañana', ['2026-03-11']],
  ['es', 'pasado mañana', ['2026-03-12']],
  ['es', 'anteayer', ['2026-03-08']],
  ['es', 'hace tres días', ['2026-03-07']],
  ['es', 'el viernes pasado', ['2026-03-06']],
  ['de', 'übermorgen', ['2026-03-12']],
  ['de', 'morgen früh', ['2026-03-11']],
  ['de', 'Heute Morgen kam nichts an', ['2026-03-10']],
  ['de', 'letzten Freitag', ['2026-03-06']],
  ['en', 'last Friday', ['2026-03-06']],
  ['en', 'on Monday', ['2026-03-16']],
  ['en', 'from 3 May for two nights', ['2026-05-03']],
  ['es', 'del 3 al 5 de mayo', ['2026-05-03', '2026-05-05']],
  ['en', 'from 3 to 5 May', ['2026-05-03', '2026-05-05']],
  ['en', '3-5 May', ['2026-05-03', '2026-05-05']],
  ['de', '3.-5. Mai', ['2026-05-03', '2026-05-05']],
  ['en', 'in two weeks', ['2026-03-24']],
  ['de', 'in 2 Wochen', ['2026-03-24']],
  ['es', 'dentro de dos semanas', ['2026-03-24']],
  ['fr', 'demain', ['2026-03-11']],
  ['nl', 'morgen', ['2026-03-11']],
  ['ja', '明日', ['2026-03-11']],
  ['en', 'yesterday or 2026-01-02', ['2026-03-09', '2026-01-02']],
])('%s: reads the dates of "%s"', (language, text, expected) => {
  expect(days(text, language)).toEqual(expected);
});

it.each([
  ['de', '31.02.2026'],
  ['en', 'order 1042'],
  ['de', 'Guten Morgen'],
  ['de', 'Guten Morgen! Ich suche einen Tisch.'],
  ['de', 'Am Morgen ist es ruhig'],
  ['de', 'Jeder freie Morgen zählt'],
  ['de', 'Ich komme so früh wie möglich'],
  ['es', 'Buenos días, llego por la mañana'],
  ['en', 'I may come with May Smith'],
  ['en', 'They march on'],
  ['en', 'The sun was out and I sat down'],
  ['en', 'Version 2.10.3'],
  ['en', 'Your 24/7 support'],
  ['en', 'What is the price now?'],
  ['en', 'at 10 in the morning'],
  ['en', 'for six weeks'],
  ['de', 'für 6 Wochen'],
  ['es', 'seis semanas'],
  ['en', 'next week'],
  ['de', 'nächste Woche'],
  ['de', '12.50 Euro'],
  ['pl', 'tomorrow morgen mañana 3 May'],
  ['', 'tomorrow morgen mañana 3 May'],
])('%s: reads no date in "%s"', (language, text) => {
  expect(days(text, language)).toEqual([]);
});

it('leaves open what countries write differently, unless the country is known', () => {
  const read = (text: string, language: string) =>
    datesIn(text, { today: TODAY, timeZone: 'UTC', language }).map(({ days: all, sure }) => [all, sure]);
  expect(read('03/04/2026', 'en')).toEqual([[['2026-04-03', '2026-03-04'], false]]);
  expect(read('03/04/2026', 'en-US')).toEqual([[['2026-03-04'], true]]);
  expect(read('03/04/2026', 'en-IE')).toEqual([[['2026-04-03'], true]]);
  expect(read('03/04/2026', 'es')).toEqual([[['2026-04-03'], true]]);
  expect(read('4/4/2026', 'en')).toEqual([[['2026-04-04'], true]]);
  expect(read('03.04.2026', 'en')).toEqual([[['2026-04-03'], true]]);
});

it('counts from the day of the tenant’s time zone', () => {
  const tomorrow = (timeZone: string) => days('tomorrow', 'en', { today: TODAY, timeZone });
  expect(['America/Los_Angeles', 'UTC', 'Europe/Berlin'].map(tomorrow)).toEqual([
    ['2026-03-11'],
    ['2026-03-11'],
    ['2026-03-12'],
  ]);
});

/** A sanity limit only, generous for a busy machine. */
it.each(['1/', 'morgen ', '1.', 'may ', 'hace tres días ', '1 and 2 ', 'x'])(
  'is done in time with many "%s"',
  (piece) => {
    const text = piece.repeat(4000).slice(0, 4000);
    const start = processorMs();
    for (const language of ['en', 'es', 'de']) datesIn(text, { today: TODAY, timeZone: 'UTC', language });
    expect(processorMs() - start).toBeLessThan(1000);
  },
);
