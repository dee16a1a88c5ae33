import { datesIn } from './dates.js';

const TODAY = new Date('2026-03-10T12:00:00Z');

it.each([
  ['on 2026-05-01 please', ['2026-05-01']],
  ['am 1.5.2026', ['2026-05-01']],
  ['12/25/2026', ['2026-12-25']],
  ['the 3rd of May', ['2026-05-03']],
  ['May 3rd, 2027', ['2027-05-03']],
  ['3 de mayo de 2026', ['2026-05-03']],
  ['3. Mai', ['2026-05-03']],
  ['tomorrow', ['2026-03-11']],
  ['mañana', ['2026-03-11']],
  ['übermorgen', ['2026-03-12']],
  ['yesterday or 2026-01-02', ['2026-03-09', '2026-01-02']],
  ['31.02.2026', []],
  ['order 1042', []],
])('reads the dates of "%s"', (text, dates) => {
  expect(datesIn(text, TODAY)).toEqual(dates);
});
