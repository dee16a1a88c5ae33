import { catalogOf } from '#rag';
import { agent, fakeRuntime, passage, remember, runTurn } from '../../../../test/support/agent-fakes.js';

const own = { kind: 'matching' as const, settings: { knowledge_base_id: 'kb' } };
const BOATS = agent('boats', { ...own, examples: ['Which boats are for hire?', 'Find me a boat'] });
const HELP = agent('help', {
  kind: 'knowledge',
  examples: ['How do I cancel?', 'What is in the price?', 'Can I bring my dog?'],
});
const RECORDS = [
  { title: 'Sloop', port: 'Kiel', berths: 4 },
  { title: 'Canal barge', port: 'Gent', berths: 8 },
  { title: 'Rowing boat', port: 'Gent', berths: 0 },
];
const ITEM = { id: '1', document_id: 'd1', title: 'Sloop', score: 0.9, reasons: [], fits: true };

function runtime(coverage = 0) {
  return fakeRuntime({
    agents: [BOATS, HELP],
    profile: { berths: 2 },
    records: RECORDS,
    match: () => [ITEM],
    search: () => ({ passages: [passage('Dogs are welcome in Kiel.', { coverage })], degraded: false }),
  });
}
const answeredBy = async (text: string, coverage?: number) =>
  (await runTurn(runtime(coverage), text)).answer.agents.join() || 'nobody';

it.each([
  ['sloop', 'boats'],
  ['anything in Gent?', 'boats'],
  ['a barge with 8 berths', 'boats'],
  ['How do I cancel in Gent?', 'help'],
  ['Can I bring my dog to Kiel?', 'help'],
  ['asdf qwer', 'nobody'],
  ['What is in the price?', 'help'],
])('gives “%s” to %s', async (text, expected) => {
  expect(await answeredBy(text)).toBe(expected);
});

it('leaves to the documents what they cover', async () => {
  expect(await answeredBy('Are dogs welcome in Kiel?', 0.9)).toBe('help');
});

it('goes on with the agent that showed a list, and only with what narrows it', async () => {
  const first = await runTurn(runtime(), 'Which boats are for hire?');
  const history = remember('Which boats are for hire?', first);
  const then = async (text: string) => (await runTurn(runtime(), text, { history })).answer.agents;
  expect(await then('only those in Gent')).toEqual(['boats']);
  expect(await then('the second one')).toEqual(['boats']);
  expect(await then('What is in the price?')).toEqual(['help']);
});

it('lets the one agent that could have it say that there is none', async () => {
  expect(await answeredBy('as a submarine captain')).toBe('boats');
  expect(catalogOf(RECORDS, {}).exact.has('submarin')).toBe(false);
});
