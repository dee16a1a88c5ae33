import { catalogOf } from '#rag';
import { agent, CTX, fakeRuntime, passage, remember, runTurn } from '../../../../test/support/agent-fakes.js';

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

it.each([
  'something where nobody hears me sing',
  'something where I can watch dogs swim',
  'anything in which one can sing',
])('gives what describes one of the records to them, unless documents tell of just that: “%s”', async (text) => {
  expect(await answeredBy(text, 0.5)).toBe('boats');
  expect(await answeredBy(text, 0.9)).toBe('help');
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

it('leaves questions about the service to the documents, however much like a search they sound', async () => {
  expect(await answeredBy('Is it free for me to hire?', 0.4)).toBe('help');
  expect(await answeredBy('Kann ich hier umsonst suchen?', 0.4)).toBe('help');
  expect(await answeredBy('Which boats are for hire?', 0.4)).toBe('boats');
  const records = [...RECORDS, { title: 'Tug', port: 'Gent', berths: 1, extras: ['Captains on call'] }];
  const history = remember('How do I cancel?', await runTurn(runtime(0.9), 'How do I cancel?'));
  const world = {
    agents: [BOATS, HELP],
    profile: { berths: 2 },
    records,
    match: () => [ITEM],
    search: () => ({ passages: [passage('Captains cancel by telephone.', { coverage: 0.2 })], degraded: false }),
  };
  const then = async (text: string) => (await runTurn(fakeRuntime(world), text, { history })).answer.agents.join();
  expect(await then('and for captains?')).toBe('help');
  expect(await then('and in Gent?')).toBe('boats');
});

it('tells whoever searches for what another persona’s agent finds, and answers how it is done', async () => {
  const boats = agent('boats', {
    ...own,
    personas: ['sailor'],
    description: 'Finds boats.',
    examples: ['Which offers suit me?', 'Find me an offer', 'Show me offers with four berths'],
  });
  const crews = agent('crews', {
    ...own,
    personas: ['boat_owner'],
    description: 'Finds people who sail.',
    examples: ['Which candidates can sail?', 'Find candidates for my boat', 'Show me candidates'],
  });
  const world = {
    agents: [boats, crews, HELP],
    profile: { berths: 2 },
    records: RECORDS,
    match: () => [ITEM],
    search: () => ({ passages: [passage('Candidates write to you.', { coverage: 0.9 })], degraded: false }),
  };
  const said = async (text: string, persona: string) => {
    const ctx = { ...CTX, principal: { ...CTX.principal, persona } };
    return (await runTurn(fakeRuntime(world), text, { ctx })).answer;
  };
  const told = await said('find me an offer', 'boat_owner');
  expect(told.agents).toEqual(['crews']);
  expect(told.content).toContain('“sailor”');
  expect(told.content).toContain('- Find candidates for my boat');
  const foreign = await said('show me candidates for an offer in Kiel', 'sailor');
  expect(foreign.content).toContain('“boat owner”');
  expect((await said('show me offers for candidates without a licence', 'sailor')).payloads).toHaveLength(1);
  expect((await said('show me candidates', 'boat_owner')).payloads).toHaveLength(1);
  expect((await said('how do I write to candidates?', 'sailor')).agents).toEqual(['help']);
});
