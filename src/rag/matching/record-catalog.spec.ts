import { catalogOf, readingCatalog } from './record-catalog.js';
import { processorMs } from '../../../test/support/processor-time.js';

const RECORDS = Array.from({ length: 12 }, (_, index) => ({
  id: String(index),
  name: `Flat ${index}`,
  town: ['Berlin', 'Hamburg', 'Oslo', 'Bergen'][index % 4],
  country: ['Germany', 'Germany', 'Norway', 'Norway'][index % 4],
  floor: ['ground', 'first', 'second'][index % 3],
}));

it('sees that a town decides its country, and no floor', () => {
  const parents = catalogOf(RECORDS, {}).fields.map(({ name, parents: own }) => [name, own]);
  expect(parents).toEqual([
    ['name', []],
    ['town', ['country']],
    ['country', []],
    ['floor', []],
  ]);
});

it('reads records with more names than anybody would ask for, and keeps those that most of them have', () => {
  const odd = RECORDS.flatMap((record, index) =>
    Array.from({ length: 100 }, (_, copy) => ({
      ...record,
      [`seen_${index}_${copy}`]: 'yes',
      [`note_${copy}`]: 'x y',
    })),
  );
  const start = processorMs();
  const { fields } = catalogOf(odd, {});
  expect(fields.slice(0, 4).map(({ name }) => name)).toEqual(['name', 'town', 'country', 'floor']);
  expect(fields.length).toBeLessThanOrEqual(60);
  // It took half an hour.
  expect(processorMs() - start).toBeLessThan(1000);
});

it('can be interrupted all along: no step of reading many records takes much of the whole', () => {
  const many = Array.from({ length: 3000 }, (_, index) => ({
    name: `Flat ${index} by the river`,
    town: `Town ${index % 300}`,
    country: `Land ${index % 20}`,
    tags: [`tag ${index % 50}`, `mark ${index % 70}`],
    about: Array.from({ length: 60 }, (_word, at) => `word${(index * 7 + at * 13) % 4000}`).join(' '),
  }));
  const shares = [1, 2, 3].map(() => {
    const steps: number[] = [];
    const reading = readingCatalog(many, {});
    for (let ended = false; !ended;) {
      const start = processorMs();
      const { done, value } = reading.next();
      steps.push(processorMs() - start);
      ended = done === true;
      if (done === true) expect(value.fields).toHaveLength(5);
    }
    return Math.max(...steps) / steps.reduce((sum, step) => sum + step, 0);
  });
  expect(Math.min(...shares)).toBeLessThan(0.25);
});
