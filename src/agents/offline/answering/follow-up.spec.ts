import type { Passage } from '#rag';
import { agent, passage } from '../../../../test/support/agent-fakes.js';
import { contentStems } from '#platform/text';
import type { HistoryMessage } from '../../turn/turn.types.js';
import { completed } from './follow-up.js';
import { leaningOf, withoutCorrection } from '../words/pointers.js';

const doc = (id: string, title: string, content: string) =>
  passage(content, { chunkId: id, documentId: id, title, section: null });
const POOL: Passage[] = [
  doc(
    'hours',
    'Opening times',
    'The pool is open from 7:00 to 21:00. The sauna opens at 10:00, on Mondays for women only.',
  ),
  doc(
    'prices',
    'Tickets',
    'A single ticket costs £6 for adults and £3 for children. The sauna costs £14, the pool is included.',
  ),
  doc('lessons', 'Swimming lessons', 'A course of ten lessons costs £95. To cancel a course, write seven days ahead.'),
  doc('lost', 'Lost property', 'Things left behind are kept at the desk for four weeks. A lost locker key costs £20.'),
];

/** Coverage as the search measures it, over these four. */
function find(query: string): Promise<Passage[]> {
  const wanted = [...new Set(contentStems(query))];
  const found = POOL.map((one) => {
    const words = new Set(contentStems(`${one.title} ${one.content}`));
    return { ...one, coverage: wanted.filter((word) => words.has(word)).length / Math.max(1, wanted.length) };
  });
  return Promise.resolve(found.filter(({ coverage }) => coverage > 0).sort((a, b) => b.coverage - a.coverage));
}

function said(...questions: readonly string[]): HistoryMessage[] {
  return questions.flatMap((content) => [
    { role: 'user' as const, content, metadata: {} },
    { role: 'assistant' as const, content: '…', metadata: {} },
  ]);
}

const complete = (question: string, ...before: readonly string[]) =>
  completed({ question, history: said(...before), find });

it.each([
  ['What does a single ticket cost?', 'And for children?', ['ticket', 'children', 'cost']],
  ['What does a single ticket cost for adults?', 'for children?', ['ticket', 'children', 'cost']],
  ['What does the sauna cost?', 'Is the pool included?', ['sauna', 'pool']],
  ['When does the sauna open?', 'why?', ['sauna', 'open']],
  ['I left a jacket behind', 'How long do you keep it?', ['keep', 'left']],
  ['How do I book swimming lessons?', 'What if I want to cancel?', ['cancel', 'lessons']],
  ['What does a course of lessons cost?', 'no wait, I meant a single ticket', ['ticket', 'cost']],
])('completes “%s” / “%s”', async (first, then, words) => {
  const question = await complete(then, first);
  expect(words.filter((word) => !question.toLowerCase().includes(word))).toEqual([]);
  expect(question).toContain(withoutCorrection(then));
});

describe('after another agent has answered', () => {
  const DESK = agent('desk', { kind: 'knowledge' });
  const turns = (...answers: readonly [question: string, agent: string][]): HistoryMessage[] =>
    answers.flatMap(([content, key]) => [
      { role: 'user' as const, content, metadata: {} },
      { role: 'assistant' as const, content: '…', metadata: { agents: key === '' ? [] : [key] } },
    ]);
  const after = (question: string, ...answers: readonly [question: string, agent: string][]) =>
    completed({ agent: DESK, question, history: turns(...answers), find });

  it.each(['what about the sauna?', 'and lessons?', 'what about a locker key?'])(
    'takes "%s" by its own words, where the documents have them',
    async (question) => {
      expect(await after(question, ['Send me my ticket for adults', 'tickets'])).toBe(question);
      expect(await after(question, ['Send me my ticket for adults', 'tickets'], ['thanks', ''])).toBe(question);
      // The desk itself was asked about tickets.
      expect(await after('and for children?', ['What does a ticket cost?', 'desk'])).toContain('cost');
    },
  );

  it('goes on with it, where the documents know nothing of them', async () => {
    expect(await after('and for dogs?', ['Send me my ticket for adults', 'tickets'])).toContain('ticket');
  });

  it('carries nothing of what others answered through a run of its own', async () => {
    const question = await after(
      'for children?',
      ['Cancel my locker key', 'tickets'],
      ['what about the sauna?', 'desk'],
    );
    expect(question).toContain('sauna');
    expect(question).not.toContain('locker');
  });
});

it.each([
  ['how long do I have?', true],
  ['¿y cuánto tiempo?', true],
  ['wie lange?', true],
  // Nothing of what was quoted tells a price.
  ['how much?', false],
  ['why?', false],
])('asks "%s" of what has just been quoted, where that tells it', async (question, meant) => {
  const [first, answer] = said('I left my jacket at the sauna');
  const citations = [{ document_id: 'kept', title: 'Coats and bags', section: null }];
  const history = [first, { ...answer, metadata: { citations } }] as HistoryMessage[];
  const coats = doc('kept', 'Coats and bags', 'A jacket is kept for four weeks.');
  const asked = await completed({ question, history, find: async (query) => [coats, ...(await find(query))] });
  expect(asked.includes('Coats and bags')).toBe(meant);
  expect(asked).toContain('jacket');
});

it('leaves out what the new words stand for', async () => {
  expect(await complete('and for children?', 'What does a single ticket cost for adults?')).not.toContain('adults');
});

it('keeps a name that was asked about through a run of follow-ups', async () => {
  const ferry = [
    doc('routes', 'Routes', 'We sail to Skye, to Mull and to Arran. Bikes travel free to Mull.'),
    doc('times', 'Crossing times', 'The crossing takes 40 minutes in summer and an hour in winter. Skye 25 minutes.'),
    doc('fares', 'Fares', 'A crossing costs £9 to Mull and £12 to Skye, and dogs cost £2.'),
  ];
  const search = (query: string) => {
    const wanted = [...new Set(contentStems(query))];
    const found = ferry.map((one) => {
      const words = new Set(contentStems(`${one.title} ${one.content}`));
      return { ...one, coverage: wanted.filter((word) => words.has(word)).length / Math.max(1, wanted.length) };
    });
    return Promise.resolve(found.filter(({ coverage }) => coverage > 0).sort((a, b) => b.coverage - a.coverage));
  };
  const last = (...questions: readonly string[]) =>
    completed({ question: questions.at(-1) ?? '', history: said(...questions.slice(0, -1)), find: search });
  expect(await last('do you sail to Mull', 'how much is it', 'and how long does it take?')).toContain('Mull');
  expect(
    await last('do you sail to Mull', 'how much is it', 'and how long does it take?', 'can a dog take it?'),
  ).toContain('Mull');
  expect(await last('do you sail to Mull', 'and with a bike?', 'and a dog?', 'how long does it take?')).toContain(
    'Mull',
  );
  expect(await last('do you sail to Mull', 'and to Skye?')).not.toContain('Mull');
  expect(await last('do you sail to Mull', 'What do dogs cost?')).not.toContain('Mull');
});

it('goes back further when the question before went on itself', async () => {
  expect(await complete('why?', 'What does the sauna cost?', 'And on Mondays?')).toContain('sauna');
  expect(await complete('why?', 'What does the sauna cost?', 'thanks')).toContain('sauna');
});

it.each([
  ['When does the sauna open?', 'What does a lost locker key cost?'],
  ['What does a single ticket cost?', 'When is the pool open on Mondays?'],
  ['When does the sauna open?', 'Thanks. What does a course of lessons cost?'],
  ['What does the sauna cost?', 'What is the capital of France?'],
  ['What does the sauna cost?', 'Who won the election?'],
  ['What does the sauna cost?', 'Locker keys'],
  ['hello', 'Locker keys'],
])('leaves a question alone that stands alone: “%s” / “%s”', async (first, then) => {
  expect(await complete(then, first)).toBe(then);
});

it('searches only where there is a question before, and a short one now', async () => {
  const searches: string[] = [];
  const counting = (query: string) => {
    searches.push(query);
    return find(query);
  };
  const long = 'How many people fit into the large changing room beside the outdoor pool on a Sunday afternoon?';
  await completed({ question: 'How long?', history: [], find: counting });
  await completed({ question: long, history: said('When does the sauna open?'), find: counting });
  await completed({ question: 'a '.repeat(10_000), history: said('hi'), find: counting });
  expect(searches).toEqual([]);
});

it('hears in three languages what leans on what was said, and not in what is whole', () => {
  const leans = (question: string) => {
    const { leads, standsIn } = leaningOf(question);
    return leads || standsIn;
  };
  const leaning = [
    'and Norway?',
    '¿Y para niños?',
    'Und am Montag?',
    'Can I park there?',
    'kostet das etwas?',
    'what about us',
  ];
  expect(leaning.filter((question) => !leans(question))).toEqual([]);
  const whole = ['Where is the station?', '¿Cuándo abre la tienda?', 'Wie lange gilt die Karte?', 'Android app'];
  expect(whole.filter(leans)).toEqual([]);
  expect(leaningOf('for students?').elliptical).toBe(true);
  expect(leaningOf('¿cuánto cuesta?').elliptical).toBe(false);
});
