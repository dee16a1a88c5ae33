import { catalogOf, valuesLike } from './record-catalog.js';
import { type Candidate, selectMatches } from './select-matches.js';
import { conditionsOf } from './wish-conditions.js';
import { byWordsOnly, labelOf, NO_WISHES, type Wish } from './wishes.js';
import type { MatchCriterion } from './match-criteria.js';

const BIKES = [
  { id: 'a', title: 'Touring bike', frame: 'steel', town: 'Ghent', price: 900, gears: ['hub'], tags: 12 },
  { id: 'b', title: 'Racing bike', frame: 'carbon', town: 'Ghent', price: 2400, gears: ['derailleur'], tags: 3 },
  {
    id: 'c',
    title: 'Racing bike, used',
    frame: 'steel',
    town: 'Bruges',
    price: 700,
    gears: ['derailleur', 'hub'],
    tags: 5,
  },
];
const CANDIDATES: Candidate[] = BIKES.map((record) => {
  return { documentId: `d-${record.id}`, title: record.title, record, similarity: null };
});
const TAGS: MatchCriterion = {
  kind: 'at_least',
  weight: 1,
  label: 'Tags',
  profileField: 'tags',
  recordField: 'tags',
  demanding: 'profile',
  tolerance: 20,
};
const values = (field: string, ...some: string[]): Wish => {
  return { said: some.join(), role: 'attribute', not: false, anyOf: [{ kind: 'values', field, values: some }] };
};
const racing: Wish = { ...values('title', 'Racing bike', 'Racing bike, used'), said: 'racing', role: 'topic' };
const select = (wishes: readonly Wish[], rest: object = {}, limit = 5) =>
  selectMatches(CANDIDATES, {
    criteria: [TAGS],
    limit,
    profile: { tags: 12 },
    wishes: { ...NO_WISHES, wishes, ...rest },
  });
const ids = (wishes: readonly Wish[], rest: object = {}) => select(wishes, rest).items.map(({ id }) => id);

it('leaves the order to the profile, and the choice to the wishes', () => {
  expect(ids([])).toEqual(['a', 'c', 'b']);
  expect(ids([racing])).toEqual(['c', 'b']);
  expect(ids([racing, values('town', 'Ghent')])).toEqual(['b']);
  expect(ids([{ ...values('town', 'Ghent'), not: true }])).toEqual(['c']);
  expect(ids([racing], { count: 1 })).toEqual(['c']);
  expect(ids([racing], { order: { field: 'price', descending: true } })).toEqual(['b', 'c']);
  // Of the two that suit best the cheaper one first, and no worse one that is cheaper still.
  expect(ids([], { order: { field: 'price', descending: false, among: 2 } })).toEqual(['c', 'a']);
});

it('lets a wish speak for its field instead of the profile', () => {
  const few: Wish = { ...values('tags'), said: 'few tags', anyOf: [{ kind: 'range', field: 'tags', lte: 5 }] };
  const scores = select([few]).items.map(({ score }) => score);
  expect(scores[0]).toBe(scores[1]);
});

it('falls clearly when something is missing, and shows what has what is sought', () => {
  const { items, unmet } = select([racing, values('town', 'Lille')]);
  expect(unmet).toEqual(['Lille']);
  expect(items.map(({ fits, id }) => [id, fits])).toEqual([
    ['c', false],
    ['b', false],
  ]);
  expect(items[0]?.score).toBeLessThan(0.75);
  expect(select([racing]).items[0]?.score).toBeGreaterThan(0.75);
  expect(items[0]?.reasons[0]).toContain('Racing bike');
  expect(items[0]?.reasons).toContain('Town: Bruges (asked for “Lille”)');
});

it('never shows what was refused, nor anything when nothing resembles what is sought', () => {
  expect(
    ids([values('frame', 'titanium'), values('town', 'Ghent'), { ...values('frame', 'carbon'), not: true }]),
  ).toEqual(['a']);
  const unicycle: Wish = { said: 'unicycle', role: 'topic', not: false, anyOf: [] };
  expect(select([unicycle, values('town', 'Ghent')])).toEqual({ items: [], unmet: ['unicycle'] });
});

it('lets hints order and never exclude', () => {
  const hint: Wish = { ...values('gears', 'derailleur'), role: 'hint' };
  expect(ids([hint]).sort()).toEqual(['a', 'b', 'c']);
  expect(select([hint]).unmet).toEqual([]);
});

it('knows what kinds of fields there are from the records alone', () => {
  const long = 'A text of more than nine words that nobody would call a short value.';
  const records = [1, 2, 3, 4].map((n) => ({
    name: `Item ${n}`,
    currency: 'EUR',
    weight: n,
    sold: n > 2,
    sizes: ['S', 'M'],
    shelf: `R${n % 2}`,
    about: long,
    box: { nested: true },
  }));
  const { fields } = catalogOf(records, {});
  expect(Object.fromEntries(fields.map(({ kind, name }) => [name, kind]))).toEqual({
    name: 'title',
    weight: 'number',
    sold: 'flag',
    sizes: 'list',
    shelf: 'category',
    about: 'text',
  });
  expect(catalogOf([], {})).toMatchObject({ size: 0, fields: [] });
});

it('sees which field decides another', () => {
  const places = ['Ghent', 'Ghent', 'Bruges', 'Bruges', 'Lille', 'Lille'];
  const records = places.map((town, index) => ({
    town,
    country: town === 'Lille' ? 'France' : 'Belgium',
    maker: `M${index % 2}`,
  }));
  const { fields } = catalogOf(records, {});
  expect(fields.find(({ name }) => name === 'town')?.parents).toEqual(['country']);
  expect(fields.find(({ name }) => name === 'maker')?.parents).toEqual([]);
});

it('finds values however they are written', () => {
  const catalog = catalogOf(
    [
      { title: 'x', hours: 'part_time' },
      { title: 'y', hours: 'Full time' },
    ],
    {},
  );
  expect(valuesLike(catalog, 'Part-Time').map(({ value }) => value)).toEqual(['part_time']);
  expect(valuesLike(catalog, 'full').map(({ value }) => value)).toEqual(['Full time']);
  expect(valuesLike(catalog, 'overtime', 'hours')).toEqual([]);
});

it('writes wishes as paths that hold any field and value', () => {
  const odd = values('a"b', `it's "x"\\`);
  expect(conditionsOf([odd])).toEqual(['$."a\\"b" == "it\'s \\"x\\"\\\\"']);
  expect(
    conditionsOf([
      { ...odd, not: true },
      { ...odd, role: 'hint' },
      { ...odd, anyOf: [] },
    ]),
  ).toEqual([]);
  expect(labelOf('monthlyRent_eur')).toBe('Monthly rent eur');
});

it('fills a number that was asked for with what comes nearest, and calls it so', () => {
  const some = select([racing, values('town', 'Ghent')], { count: 2 });
  expect(some.items.map(({ fits, id }) => [id, fits])).toEqual([
    ['b', true],
    ['c', false],
  ]);
  expect(some.unmet).toEqual([]);
  expect(some.items[1]?.score).toBeLessThanOrEqual(some.items[0]?.score ?? 0);
  // What was refused is not the nearest either, and nobody asked for more than there are.
  expect(ids([racing, { ...values('town', 'Bruges'), not: true }], { count: 3 })).toEqual(['b']);
  expect(ids([racing, values('town', 'Ghent')])).toEqual(['b']);
  expect(ids([racing, values('town', 'Ghent')], { count: 1 })).toEqual(['b']);
});

it('shows what was not shown before, and nothing instead when there is no more', () => {
  const more = (wishes: readonly Wish[], except: readonly string[]) =>
    selectMatches(CANDIDATES, {
      criteria: [TAGS],
      except,
      limit: 2,
      profile: { tags: 12 },
      wishes: { ...NO_WISHES, wishes },
    });
  expect(more([], ['d-a', 'd-c']).items.map(({ id }) => id)).toEqual(['b']);
  // The touring bike would be nearest, and is not what was asked for.
  expect(more([racing], ['d-b', 'd-c'])).toEqual({ items: [], unmet: [] });
  expect(more([racing, values('frame', 'titanium')], ['d-c']).items.map(({ id }) => id)).toEqual(['b']);
});

it('brings what is near by its meaning to the front where a message says no more than that', () => {
  const near = CANDIDATES.map((one) => ({ ...one, similarity: one.record['id'] === 'b' ? 0.4 : 0.1 }));
  const hint: Wish = { said: 'speed', role: 'hint', not: false, anyOf: [] };
  const first = (wishes: readonly Wish[]) =>
    selectMatches(near, { criteria: [TAGS], limit: 3, profile: { tags: 12 }, wishes: { ...NO_WISHES, wishes } })
      .items[0];
  expect([first([])?.id, first([hint])?.id]).toEqual(['a', 'b']);
  // And nothing lacks it.
  expect(first([hint])?.fits).toBe(true);
  expect(first([hint, values('town', 'Bruges')])?.id).toBe('c');
});

describe('what was described in words of no field', () => {
  const windy: Wish = { said: 'where the wind blows', role: 'hint', not: false, anyOf: [], described: true };
  const near = (similarities: readonly number[]) =>
    CANDIDATES.map((one, index) => ({ ...one, similarity: similarities[index] ?? 0 }));
  const options = { criteria: [TAGS], limit: 5, profile: { tags: 12 } };

  it('comes before the profile, where meanings can be compared', () => {
    const wishes = { ...NO_WISHES, wishes: [windy] };
    const { items, unmet } = selectMatches(near([0.1, 0.5, 0.2]), { ...options, wishes });
    expect(items.map(({ id }) => id)).toEqual(['b', 'c', 'a']);
    expect(unmet).toEqual([]);
  });

  it('is said to be missing, where only words can be compared and no record has them', () => {
    const { items, unmet } = selectMatches(near([0.1, 0.5, 0.2]), {
      ...options,
      wishes: byWordsOnly({ ...NO_WISHES, wishes: [windy] }),
    });
    expect([items, unmet]).toEqual([[], ['where the wind blows']]);
    const used: Wish = { ...windy, anyOf: [{ kind: 'text', fields: ['title'], stem: 'used' }] };
    const found = selectMatches(CANDIDATES, { ...options, wishes: byWordsOnly({ ...NO_WISHES, wishes: [used] }) });
    expect(found.items.map(({ id }) => id)).toEqual(['c']);
  });
});
