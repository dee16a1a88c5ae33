import { catalogOf, type WishTest } from '#rag';
import { agent } from '../../../../test/support/agent-fakes.js';
import { saidWishes } from './said-wishes.js';
import { processorMs } from '../../../../test/support/processor-time.js';

/** Hotel rooms and boats: what no demo tenant has. */
const ROOMS = [
  ['Harbour suite', 'Bergen', 'Norway', 'suite', 4, 310, true, ['sauna', 'kitchenette']],
  ['Attic double room', 'Bergen', 'Norway', 'double', 2, 140, false, ['bathtub']],
  ['Garden suite', 'Odense', 'Denmark', 'suite', 3, 280, true, ['terrace', 'sauna']],
  ['Twin room by the fjord', 'Voss', 'Norway', 'twin', 2, 120, true, []],
  ['Cellar single', 'Odense', 'Denmark', 'single', 1, 70, false, ['bathtub']],
  ['Voss chalet', 'Voss', 'Norway', 'chalet', 6, 450, false, ['sauna', 'fireplace']],
].map(([title, town, country, type, guests, nightly_price, pets_allowed, extras], index) => {
  const description =
    index === 0
      ? 'A quiet room with a piano in the lobby next door to the fish market.'
      : 'Nothing special here, but clean, warm and very near to the railway station.';
  return { id: String(index), title, town, country, type, guests, nightly_price, pets_allowed, extras, description };
});
const HOTEL = catalogOf(ROOMS, { titleField: 'title' });
const DESK = agent('desk', {
  kind: 'matching',
  description: 'Finds rooms in our houses.',
  examples: ['Which rooms are free?', 'I need a place to sleep', 'Zeig mir Zimmer'],
});
const POSTS = catalogOf(
  [
    {
      title: 'Glazier',
      salary_min: 30_000,
      salary_max: 40_000,
      years_experience: 2,
      tools: ['Go', 'C++'],
      desk: 'remote',
    },
    {
      title: 'Glass artist',
      salary_min: 50_000,
      salary_max: 70_000,
      years_experience: 0,
      tools: ['Lead came'],
      desk: 'onsite',
    },
  ],
  {},
);

const read = (message: string, catalog = HOTEL) => saidWishes(message, catalog, DESK);
const short = (test: WishTest): string => {
  switch (test.kind) {
    case 'values':
      return `${test.field}=${test.values.join('/')}`;
    case 'range':
      return `${test.field} ${test.gte ?? ''}..${test.lte ?? ''}`;
    case 'flag':
      return `${test.field}:${String(test.value)}`;
    case 'text':
      return `~${test.stem}`;
  }
};
const told = (message: string, catalog = HOTEL) =>
  read(message, catalog)
    .wishes.filter(({ role }) => role !== 'hint')
    .map(({ anyOf, not, said }) => `${not ? 'not ' : ''}${anyOf.map(short).join(' or ') || `? ${said}`}`);

it.each([
  ['a suite in bergen', ['type=suite', 'town=Bergen']],
  ['Suite en Noruega con sauna', ['type=suite', 'country=Norway', 'extras=sauna']],
  ['ein Doppelzimmer in Dänemark', ['type=double', 'country=Denmark']],
  ['somewhere in Norway but not in Voss or Bergen', ['country=Norway', 'not town=Voss or town=Bergen']],
  ['Odense without bathtub', ['town=Odense', 'not extras=bathtub']],
  ['pets allowed', ['pets_allowed:true']],
  ['no pets please, with a fireplace', ['pets_allowed:false', 'extras=fireplace']],
  ['saunna in Oddense', ['extras=sauna', 'town=Odense']],
])('finds the records’ own values in “%s”', (message, wishes) => {
  expect(told(message)).toEqual(wishes);
});

it.each([
  ['under 150 euros', ['nightly_price ..150']],
  ['between 100 and 200 €', ['nightly_price 100..200']],
  ['mindestens 4 Gäste', ['guests 4..']],
  ['at least 3 guests', ['guests 3..']],
  ['for 2 guests, up to 1.200 €', ['guests 2..2', 'nightly_price ..1200']],
  ['six guests', ['guests 6..6']],
])('reads the numbers of “%s” as bounds', (message, wishes) => {
  expect(told(message).filter((wish) => wish.includes('..'))).toEqual(wishes);
});

it.each([
  ['at least 60k', ['salary_max 60000..']],
  ['earning 3,000 a month or more', ['salary_max 36000..']],
  ['salary up to 45.000 €', ['salary_min ..45000']],
  ['between 40 and 60 thousand', ['salary_max 40000..', 'salary_min ..60000']],
  ['no experience needed', ['years_experience ..0']],
  ['I have worked for twelve years as a glazier', ['title=Glazier']],
  ['with C++ or Go', ['tools=C++', 'tools=Go']],
  ['where can I go to sit down, is it far', []],
  ['working from home', ['desk=remote']],
])('knows a range’s ends, a month, and a name from a word: “%s”', (message, wishes) => {
  expect(told(message, POSTS)).toEqual(wishes);
});

it('tells what is sought and not there from what is only mentioned', () => {
  expect(told('a submarine')).toEqual(['? submarine']);
  expect(told('as a castellan in Bergen')).toEqual(['town=Bergen', '? castellan']);
  expect(told('a suite in Lisbon')).toEqual(['type=suite', '? Lisbon']);
  expect(told('My sister travels with her orchestra and we would love the suite in Odense')).toEqual([
    'type=suite',
    'town=Odense',
  ]);
  expect(told('Which rooms are free?')).toEqual([]);
  expect(told('a suite with a piano')).toEqual(['type=suite', '~pian']);
  expect(told('a suite with my piano teacher')).toEqual(['type=suite']);
  expect(told('Is the suite close to a fish market?')).toEqual(['type=suite', '~market']);
  const hints = read('We bring lots of fish back to the suite from the market').wishes.filter(
    ({ anyOf, role }) => role === 'hint' && anyOf.length > 0,
  );
  expect(hints.map(({ said }) => said)).toEqual(['fish', 'market']);
});

it.each([
  'ok what about Bergen',
  'hmm, and in Voss?',
  'alright, only suites',
  'show me some others',
  'are there any more rooms?',
  'enséñame otros',
  'zeig mir andere',
  'Which rooms let me talk to friends all night?',
  'Is it free for me to cancel?',
  'something quiet',
  'no suites, something with people',
  'I would like to have a bit of fun and a change',
])('takes no word of “%s” for a condition that nothing meets', (message) => {
  expect(told(message).filter((wish) => wish.startsWith('?'))).toEqual([]);
});

it.each([
  ['igloo rooms', ['? igloo']],
  ['a houseboat', ['? houseboat']],
  ['do you have houseboats?', ['? houseboats']],
  ['gibt es ein Iglu?', ['? Iglu']],
  ['rooms in beekeeping', ['? beekeeping']],
  ['busco un iglú', ['? iglú']],
  ['igloo', ['? igloo']],
  ['igloo under 300 €', ['nightly_price ..300', '? igloo']],
  ['I am travelling as a beekeeper', ['? beekeeper']],
  ['a suite with a drawbridge', ['type=suite', '? drawbridge']],
  ['a suite in munich', ['type=suite', '? munich']],
  ['a suite in zwolle', ['type=suite', '? zwolle']],
])('takes what stands as something sought for a condition: “%s”', (message, wishes) => {
  expect(told(message)).toEqual(wishes);
});

it.each([
  ['show me some others', true],
  ['any more?', true],
  ['other rooms please', true],
  ['something else', true],
  ['noch mehr bitte', true],
  ['otras opciones', true],
  ['more than 3 guests', false],
  ['a suite', false],
])('knows whether “%s” asks for more of what was shown', (message, further) => {
  expect(read(message)).toMatchObject({ further, startsAnew: false });
});

it.each([
  ['three rooms in Voss', { count: 3 }],
  ['show me 2', { count: 2 }],
  ['the one room that suits me', { count: 1 }],
  ['a room for one', { count: null }],
  ['the cheapest suite', { order: { field: 'nightly_price', descending: false } }],
  ['el más caro', { order: { field: 'nightly_price', descending: true } }],
  ['the second one', { pick: 2 }],
  ['die letzte', { pick: -1 }],
  ['my second trip with the whole family to the north', { pick: null }],
])('finds how many, in what order and which: “%s”', (message, expected) => {
  expect(read(message)).toMatchObject(expected);
});

it('compares by its meaning what stands nowhere in particular, and corrects no word that everybody knows', () => {
  const meant = (message: string) =>
    read(message)
      .wishes.filter(({ anyOf, role }) => role === 'hint' && anyOf.length === 0)
      .map(({ said }) => said);
  expect(meant('Which rooms let me talk to friends all night?')).toEqual(['talk to friends all night']);
  expect(meant('something with people')).toEqual(['people']);
  expect(meant('a suite in Bergen')).toEqual([]);
  const files = catalogOf([{ title: 'Contract' }, { title: 'Lettre' }], { titleField: 'title' });
  expect(told('a contact', files)).toEqual(['? contact']);
  expect(told('a contarct', files)).toEqual(['title=Contract']);
});

it('takes no longer for a long message than for a short one', () => {
  for (const unit of ['not ', 'between 1 and ', 'suite in Bergen or ', 'a'.repeat(40) + ' ', '1,000', '- ']) {
    const began = processorMs();
    read(unit.repeat(20_000 / unit.length));
    expect(processorMs() - began).toBeLessThan(400);
  }
});

it('takes a number that nobody counts to for none', () => {
  const { wishes } = saidWishes(`Rooms with a nightly price of at least ${'9'.repeat(400)}`, HOTEL, DESK);
  const bounds = wishes.flatMap(({ anyOf }) =>
    anyOf.flatMap((test) => (test.kind === 'range' ? [test.gte, test.lte] : [])),
  );
  expect(bounds.filter((bound) => bound !== undefined && !Number.isFinite(bound))).toEqual([]);
});

it('looks for no more wishes than a person has', () => {
  const words = Array.from({ length: 3000 }, (_, index) => `word${(index * 7919).toString(36)}er`);
  const catalog = catalogOf(
    words.map((word) => ({ title: `${word} maker`, extras: [word] })),
    {},
  );
  const typed = words.slice(0, 200);
  expect(saidWishes(`Rooms with ${typed.join(', ')}`, catalog, DESK).wishes.length).toBeLessThanOrEqual(30);
  const misspelled = saidWishes(`Rooms with ${typed.map((word) => word.replace('o', 'oo')).join(', ')}`, catalog, DESK);
  expect(misspelled.wishes.filter(({ anyOf }) => anyOf.length > 0).length).toBeLessThanOrEqual(30);
});

describe('a clause about what is sought', () => {
  const described = (message: string) =>
    read(message)
      .wishes.filter(({ described: is }) => is === true)
      .map(({ anyOf, said }) => [said, anyOf.map(short).join(' ')]);

  it.each([
    ['rooms where I can watch whales', 'I can watch whales', ''],
    ['a room where the fish is near', 'the fish is near', '~fish'],
    ['something where nobody snores', 'nobody snores', ''],
    ['algo donde se pueda tocar la trompeta', 'se pueda tocar la trompeta', ''],
    ['Zimmer, in denen man trommeln darf', 'man trommeln darf', ''],
    ['Zimmer, wo man nachts trommelt, bitte', 'man nachts trommelt', ''],
  ])('is one wish: “%s”', (message, said, words) => {
    expect(described(message)).toEqual([[said, words]]);
    expect(read(message).describes).toBe(true);
    expect(read(message).wishes.filter(({ role }) => role !== 'hint')).toEqual([]);
  });

  it.each([
    // The records know what is said.
    'rooms where pets are allowed in Bergen',
    'rooms where there is a sauna',
    'where are the rooms?',
    'Where is my room',
    'Wo sind die Zimmer?',
    '¿Dónde hay habitaciones?',
    'rooms where it is',
  ])('is none in “%s”', (message) => {
    expect(described(message)).toEqual([]);
  });
});
