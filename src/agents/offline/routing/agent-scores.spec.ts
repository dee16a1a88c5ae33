import { agent, TRACKING } from '../../../../test/support/agent-fakes.js';
import { AgentScorer } from './agent-scores.js';
import { processorMs } from '../../../../test/support/processor-time.js';

const PERMITS = agent('permits', {
  description: 'Parking permits and building permits of the city: how to apply and what they cost.',
});
const WASTE = agent('waste', {
  examples: ['when are the bins emptied', 'where does old paint go', 'my bin was not emptied', 'order a larger bin'],
});
const SCHOOLS = agent('schools', {
  examples: ['sign my daughter up for first grade', 'when do the holidays begin', 'is there a school bus'],
});
const TOWN = [PERMITS, WASTE, SCHOOLS];

async function best(text: string, agents = TOWN) {
  const [first] = (await AgentScorer.of(agents)).score(text, null);
  return first === undefined || first.standing < 1 ? null : first.agent.key;
}

it.each([
  ['they have not emptied our bin', 'waste'],
  ['emptying of bins', 'waste'],
  ['When will the bins be emptied?', 'waste'],
  ['does a bus go to the school', 'schools'],
  ['holidays of the schools', 'schools'],
  ['How do I apply for a parking permit?', 'permits'],
])('knows from few examples, or a description alone, whose "%s" is', async (text, key) => {
  expect(await best(text)).toBe(key);
});

it.each([
  'who wrote Hamlet',
  'recommend a restaurant near the station',
  'how tall is the Eiffel Tower',
  'what is the best pizza',
  'zxcv qwer',
])('declines what none of them is for: "%s"', async (text) => {
  expect(await best(text)).toBeNull();
});

it('asks more of a message that shares no word of meaning with an agent', async () => {
  const scorer = await AgentScorer.of(TOWN);
  const standing = (text: string) => scorer.score(text, null)[0]?.standing ?? 0;
  expect(standing('when are the cherries ripe')).toBeLessThan(0.6 * standing('when are the'));
  expect(standing('when are the bins ripe')).toBeGreaterThan(standing('when are the cherries ripe'));
});

it('does not tell agents apart by numbers, nor by whose address is named', async () => {
  const orders = agent('orders', { examples: ['where is order 1042', 'track 1042', 'order 1042 is late'] });
  const rooms = agent('rooms', { examples: ['book a room', 'which rooms are free', 'write to ann@example.com'] });
  const scorer = await AgentScorer.of([orders, rooms]);
  const of = (text: string) => scorer.score(text, null).map(({ agent: { key }, standing }) => [key, standing]);
  expect(of('order 1042')).toEqual(of('order 777'));
  expect(of('ann@example.com rooms')).toEqual(of('bob@other.example rooms'));
});

it('counts a value that a tool needs for half of what is enough', async () => {
  const orders = agent('orders', { examples: ['where is my parcel', 'has it been sent'], tools: TRACKING.tools });
  const scorer = await AgentScorer.of([orders, WASTE]);
  const of = (text: string) => scorer.score(text, null).find(({ agent: { key } }) => key === 'orders');
  expect(of('hmm 1042')).toMatchObject({ holds: true, standing: (of('hmm')?.standing ?? 0) + 0.5 });
});

it('does not count it where the words are about something else, or the number is a year or a price', async () => {
  const orders = agent('orders', { examples: ['where is my parcel', 'track order 1042'], tools: TRACKING.tools });
  const scorer = await AgentScorer.of([orders, WASTE]);
  const of = (text: string) => scorer.score(text, null).find(({ agent: { key } }) => key === 'orders');
  for (const text of ['who won the cup in 2014', 'paint for 1500 euros', 'did 4711 trumpets wake Jericho at midnight'])
    expect(of(text)).toMatchObject({ holds: false });
  expect(of('in 2014')?.standing).toBeLessThan(1);
  for (const text of ['hello 4711 there', 'parcel 4711 to Jericho, beside the trumpets'])
    expect(of(text)).toMatchObject({ holds: true });
});

it('learns once for a set of agents, in whatever list it comes', async () => {
  const first = await AgentScorer.of(TOWN);
  expect(await AgentScorer.of([...TOWN])).toBe(first);
  expect(await AgentScorer.of([PERMITS, WASTE])).not.toBe(first);
  expect(await AgentScorer.of([PERMITS, WASTE, { ...SCHOOLS }])).not.toBe(first);
});

it('says whether any agent knows a word', async () => {
  const scorer = await AgentScorer.of(TOWN);
  expect(scorer.knowsAnyWord('the buses')).toBe(true);
  expect(scorer.knowsAnyWord('qwertz')).toBe(false);
});

it('goes by meaning too where vectors are given', async () => {
  const scorer = await AgentScorer.of(TOWN);
  const at = (...values: number[]) => Float32Array.from(values);
  const examples = new Map([
    [WASTE.id, [at(1, 0, 0), at(0.9, 0.1, 0), at(0.95, 0, 0.05), at(1, 0, 0)]],
    [SCHOOLS.id, [at(0, 1, 0), at(0, 0.9, 0.1), at(0, 1, 0)]],
  ]);
  const [first] = scorer.score('la basura', { text: at(0.98, 0.02, 0), examples });
  expect(first).toMatchObject({ agent: WASTE });
  expect(first?.standing).toBeGreaterThan(1);
  expect(scorer.score('la luna', { text: at(0, 0, 1), examples })[0]?.standing).toBeLessThan(1);
});

it('learns from many agents without holding up others, and is quick on a long message', async () => {
  const word = (seed: number) =>
    Math.abs(Math.sin(seed) * 1e9)
      .toString(36)
      .replace(/[\d.]/g, '')
      .slice(0, 7);
  const agents = Array.from({ length: 60 }, (_, n) =>
    agent(`a${n}`, {
      examples: Array.from({ length: 8 }, (__, m) => [1, 2, 3, 4, 5, 6].map((k) => word(n * 97 + m * k)).join(' ')),
    }),
  );
  let turns = 0;
  const others = setInterval(() => (turns += 1), 1);
  const scorer = await AgentScorer.of(agents);
  clearInterval(others);
  expect(turns).toBeGreaterThan(3);
  const start = processorMs();
  scorer.score('how '.repeat(5000), null);
  scorer.score('a'.repeat(20_000), null);
  expect(processorMs() - start).toBeLessThan(500);
});

it('learns a set once, and forgets those with an older version of an agent', async () => {
  const scorer = AgentScorer.of(TOWN);
  expect(AgentScorer.of([...TOWN])).toBe(scorer);
  const older = AgentScorer.of([PERMITS, WASTE]);
  expect(AgentScorer.of([PERMITS, WASTE])).toBe(older);
  await AgentScorer.of([PERMITS, { ...WASTE, examples: [...WASTE.examples, 'glass'] }]);
  expect(AgentScorer.of([PERMITS, WASTE])).not.toBe(older);
});
