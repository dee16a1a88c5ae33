import type { Passage } from '#rag';
import { passage } from '../../../../test/support/agent-fakes.js';
import { answerabilityOf } from './answerability.js';
import { processorMs } from '../../../../test/support/processor-time.js';

/** A passage of a base that knows words in these shares of its chunks; it has those that its own text has. */
function known(content: string, shares: Readonly<Record<string, number>>, rest: Partial<Passage> = {}): Passage {
  const words = Object.entries(shares).map(([word, share]) => ({
    word,
    share,
    held: content.toLowerCase().includes(word.slice(0, 4)),
  }));
  return passage(content, { title: 'Page', words, ...rest });
}

const likely = (question: string, ...passages: Passage[]) => Math.max(0, ...answerabilityOf(question, passages));

const PARKING = known('Visitors park behind the museum; the first two hours cost nothing.', {
  park: 0.05,
  museum: 0.6,
  hours: 0.2,
  cost: 0.2,
});

it('takes a passage with the telling words of a question for an answer', () => {
  expect(likely('What does it cost to park at the museum?', PARKING)).toBeGreaterThan(0.5);
});

it.each([
  'What does it cost to park a helicopter at the museum?',
  'Is there a cinema in the museum?',
  'What is the capital of France?',
  'Do you charge electric cars at the museum?',
])('counts a telling word that is nowhere against it: %s', (question) => {
  expect(likely(question, PARKING)).toBeLessThan(0.5);
});

it('does not mind that words are missing which everybody uses for everything', () => {
  const question = 'Hello, I would really like to know something: what does it cost me to park at your museum, please?';
  expect(likely(question, PARKING)).toBeGreaterThan(0.5);
});

it('minds less what stands beside the sentence that asks', () => {
  const beside = 'My grandmother broke her ankle. Where can we park at the museum?';
  const asked = 'Where can my grandmother with the broken ankle park at the museum?';
  expect(likely(beside, PARKING)).toBeGreaterThan(likely(asked, PARKING));
  expect(likely(beside, PARKING)).toBeGreaterThan(0.5);
});

it('is not led astray by a short title with a common word of the question', () => {
  const shares = { returns: 0.1, policy: 0.3 };
  const zebra = known('Our zebra policy: zebras are striped and live in herds.', shares, { title: 'Zebra policy' });
  const returns = known('You can return almost anything within 30 days of delivery.', shares, {
    title: 'Returns and refunds',
    chunkId: 'returns',
  });
  const [ofZebras = 1, ofReturns = 0] = answerabilityOf('What is your returns policy?', [zebra, returns]);
  expect(ofZebras).toBeLessThan(0.5);
  expect(ofReturns).toBeGreaterThan(0.5);
});

it('asks for two words, or a rare one, in common', () => {
  const travel = known('Travel in the quiet coach is silent.', { travel: 0.8 });
  expect(likely('How fast does light travel?', travel)).toBeLessThan(0.5);
  const rare = known('The funicular runs from May to October.', { funicular: 0.01 });
  expect(likely('When is the funicular there?', rare)).toBeGreaterThan(0.5);
});

it('weighs words in Spanish and German as their languages use them', () => {
  const german = known('Hunde dürfen angeleint in die Ausstellung.', { hunde: 0.05, ausstellung: 0.3 });
  expect(likely('Darf ich denn auch Hunde in die Ausstellung bringen?', german)).toBeGreaterThan(0.5);
  expect(likely('Wo finde ich in der Ausstellung die Steinzeitaxt?', german)).toBeLessThan(0.5);
  const spanish = known('Los perros pueden entrar en la exposición con correa.', { perros: 0.05, exposición: 0.3 });
  expect(likely('¿Pueden entrar los perros en la exposición?', spanish)).toBeGreaterThan(0.5);
  expect(likely('¿Hay helado en la exposición?', spanish)).toBeLessThan(0.5);
});

it('lets nearness decide between passages with the same words, whatever the vector space', () => {
  for (const offset of [0, 0.5]) {
    const near = { ...PARKING, chunkId: 'near', vectorScore: 0.4 + offset };
    const far = { ...PARKING, chunkId: 'far', vectorScore: 0.1 + offset };
    const [first = 0, second = 1] = answerabilityOf('Is there a park behind the old museum?', [near, far]);
    expect(first).toBeGreaterThan(second);
    expect(first + second).toBeCloseTo(
      likelihoods(0).reduce((sum, one) => sum + one, 0),
      5,
    );
  }
  function likelihoods(offset: number): number[] {
    return answerabilityOf('Is there a park behind the old museum?', [
      { ...PARKING, chunkId: 'near', vectorScore: 0.4 + offset },
      { ...PARKING, chunkId: 'far', vectorScore: 0.1 + offset },
    ]);
  }
});

it('takes little time for a question of twenty thousand characters', () => {
  const started = processorMs();
  likely('park museum zeppelin '.repeat(1000), PARKING, PARKING, PARKING);
  likely('a'.repeat(20_000), PARKING);
  expect(processorMs() - started).toBeLessThan(500);
});

it('gives nothing to no passages and no words', () => {
  expect(answerabilityOf('What is it?', [])).toEqual([]);
  expect(likely('', PARKING)).toBeLessThan(0.5);
});

describe('a question for a price, a time or a number', () => {
  const shares = { kennels: 0.05, dogs: 0.1, weeks: 0.1, stay: 0.1 };
  const kennels = known(
    'The kennels are behind the house. Dogs stay in them at night.\n\nA walk takes two hours.',
    shares,
  );

  it.each(['How many kennels are there?', 'What do the kennels cost?', 'How many dogs stay in the kennels?'])(
    'is not answered by what has its words and no such thing: %s',
    (question) => {
      expect(likely(question, kennels)).toBeLessThan(0.5);
    },
  );

  it('is answered by a sentence that has both', () => {
    const counted = known('There are twelve kennels behind the house. Dogs stay in them at night.', shares);
    expect(likely('How many kennels are there?', counted)).toBeGreaterThan(0.5);
    expect(likely('Where are the kennels?', kennels)).toBeGreaterThan(0.5);
  });
});

it('knows a name that was written without its capital from the passages', () => {
  const shares = { capital: 0.02, france: 0.05 };
  const rules = known('A password has 12 characters. There are no rules about capitals or symbols.', shares);
  const zones = known('Parcels to Zone 2, for example Germany, Spain or France, take three working days.', shares);
  expect(likely('what is the capital of france', rules, zones)).toBeLessThan(0.5);
  expect(likely('do you send parcels to france', rules, zones)).toBeGreaterThan(0.5);
});
