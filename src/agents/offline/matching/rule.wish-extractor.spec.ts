import { catalogOf } from '#rag';
import { agent } from '../../../../test/support/agent-fakes.js';
import type { HistoryMessage } from '../../turn/turn.types.js';
import { RuleWishExtractor } from './rule.wish-extractor.js';

const LIBRARY = catalogOf(
  [
    { title: 'Bird atlas', branch: 'Cork', county: 'Munster', format: 'paper', fee: 2, topics: ['birds', 'maps'] },
    { title: 'Bird songs', branch: 'Cork', county: 'Munster', format: 'audio', fee: 1, topics: ['birds'] },
    { title: 'River maps', branch: 'Sligo', county: 'Connacht', format: 'paper', fee: 3, topics: ['maps', 'rivers'] },
    { title: 'Fish of the rivers', branch: 'Sligo', county: 'Connacht', format: 'audio', fee: 4, topics: ['rivers'] },
    { title: 'Bog plants', branch: 'Tralee', county: 'Munster', format: 'paper', fee: 1, topics: ['plants'] },
    { title: 'Garden plants', branch: 'Tralee', county: 'Munster', format: 'audio', fee: 2, topics: ['plants'] },
  ],
  { titleField: 'title' },
);
const own = { kind: 'matching' as const };
const DESK = agent('desk', {
  ...own,
  examples: ['Find a book', 'Which titles do you have?', 'Which has the lowest fee?'],
});

function after(...messages: readonly string[]): HistoryMessage[] {
  return messages.flatMap((content) => [
    { role: 'user' as const, content, metadata: {} },
    { role: 'assistant' as const, content: 'Here.', metadata: { agents: ['desk'] } },
  ]);
}

async function asked(text: string, history: readonly HistoryMessage[] = []) {
  const request = { agent: DESK, others: [], text, history, catalog: LIBRARY };
  const wishes = await new RuleWishExtractor().extract(request, new AbortController().signal);
  const said = wishes.wishes.map(({ anyOf }) =>
    anyOf.flatMap((test) => (test.kind === 'values' ? test.values : [test.kind])).join('/'),
  );
  return { ...wishes, said };
}

it.each([
  ['only the audio ones', ['audio', 'birds/Bird atlas/Bird songs'], ['something about birds']],
  ['and in Sligo?', ['Sligo', 'paper'], ['paper in Cork']],
  ['in Connacht', ['Connacht', 'paper'], ['paper in Cork']],
  ['those with maps', ['maps/River maps', 'birds/Bird atlas/Bird songs'], ['something about birds']],
  ['plants', ['plants/Bog plants/Garden plants'], ['something about birds', 'only in Cork']],
  ['find me a book in Tralee', ['Tralee'], ['something about birds']],
  ['forget that, only audio', ['audio'], ['something about birds']],
  ['nur Sligo', ['Sligo', 'audio'], ['audio', 'in Cork']],
])('goes on from what was asked: “%s”', async (text, said, earlier) => {
  expect((await asked(text, after(...earlier))).said).toEqual(said);
});

it('goes on only from what this agent answered', async () => {
  const history: HistoryMessage[] = [
    { role: 'user', content: 'something about birds', metadata: {} },
    { role: 'assistant', content: 'No.', metadata: { agents: ['another'] } },
  ];
  expect((await asked('only the audio ones', history)).said).toEqual(['audio']);
});

it('picks from a list when there was one', async () => {
  expect(await asked('the second one', after('something about birds'))).toMatchObject({
    pick: 2,
    said: [expect.stringContaining('birds')],
  });
  expect(await asked('the second one')).toMatchObject({ pick: null });
});

it('sorts the last list by what is cheaper', async () => {
  const { order, said } = await asked('cheaper ones', after('in Tralee'));
  expect(said).toEqual(['Tralee']);
  expect(order).toEqual({ field: 'fee', descending: false, among: 20 });
  const these = await asked('which of these is cheapest?', after('in Tralee'));
  expect(these).toMatchObject({ said: ['Tralee'], order: { field: 'fee', among: 5 } });
  expect((await asked('the cheapest in Tralee')).order).toEqual({ field: 'fee', descending: false });
});

describe('what was shown', () => {
  const showing = (content: string, ...shown: readonly string[]): HistoryMessage[] => [
    { role: 'user', content, metadata: {} },
    { role: 'assistant', content: 'Here.', metadata: { agents: ['desk'], shown } },
  ];
  const list = showing('something about birds', 'd1', 'd2', 'd3');

  it.each([
    ['the second one', ['d2'], []],
    ['the second one, what is the fee?', ['d2'], ['fee']],
    ['tell me more about number 3', ['d3'], []],
    ['#1', ['d1'], []],
    ['where is the 2nd one?', ['d2'], ['branch']],
    ['die letzte bitte', ['d3'], []],
    ['¿y el segundo?', ['d2'], []],
    ['what is its fee?', ['d1', 'd2', 'd3'], ['fee']],
    ['how much is it?', ['d1', 'd2', 'd3'], ['fee']],
    ['where is that?', ['d1', 'd2', 'd3'], ['branch']],
    ['wo ist das?', ['d1', 'd2', 'd3'], ['branch']],
    ['is it paper?', ['d1', 'd2', 'd3'], ['format']],
  ])('is meant by “%s”', async (text, documentIds, fields) => {
    expect((await asked(text, list)).pointed).toEqual({ documentIds, fields, listed: 3 });
  });

  it.each([
    'only the audio ones',
    'and in Sligo?',
    'which results are there in Cork?',
    'something about rivers on the first floor',
    'my second book about plants',
    'which of these is cheapest?',
    'is it free for me to join?',
    'how do I borrow the second one?',
  ])('is not meant by “%s”', async (text) => {
    expect((await asked(text, list)).pointed.listed).toBeNull();
  });

  it('is the longer list where one of it was told since, and is told when it was not so long', async () => {
    const told = [...list, ...showing('the second one', 'd2')];
    expect((await asked('and the third one?', told)).pointed.documentIds).toEqual(['d3']);
    expect((await asked('where is it?', told)).pointed.documentIds).toEqual(['d2']);
    expect((await asked('number 7', list)).pointed).toMatchObject({ documentIds: [], listed: 3 });
    expect((await asked('number 2')).pointed.listed).toBeNull();
  });

  it('is left out when others are asked for, as long as the search is the same', async () => {
    const twice = [...list, ...showing('show me some others', 'd4')];
    expect(await asked('any more?', twice)).toMatchObject({
      except: ['d1', 'd2', 'd3', 'd4'],
      said: [expect.stringContaining('birds')],
      text: 'something about birds',
    });
    const anew = [...list, ...showing('find me a book in Tralee', 'd5')];
    expect(await asked('zeig mir andere', anew)).toMatchObject({ except: ['d5'], said: ['Tralee'] });
    expect((await asked('only in Cork', list)).except).toBeNull();
    expect((await asked('any more?')).except).toBeNull();
  });
});

describe('what another persona’s agent looks for', () => {
  const others = [
    agent('readers', { ...own, examples: ['Find people for my offer', 'Which candidates have read it?'] }),
  ];
  const elsewhere = async (text: string) => {
    const desk = agent('posts', {
      ...own,
      examples: ['Which jobs suit me?', 'Find vacancies for candidates like me', 'Show me offers'],
    });
    const request = { agent: desk, others, text, history: [], catalog: LIBRARY };
    return (await new RuleWishExtractor().extract(request, new AbortController().signal)).elsewhere;
  };

  it.each([
    ['show me people in Cork', true],
    ['which jobs are in Cork?', false],
    ['in Cork', false],
    ['jobs for the people of Cork', false],
    ['something for my people', false],
  ])('“%s”: %s', async (text, expected) => {
    expect(await elsewhere(text)).toBe(expected);
  });
});
