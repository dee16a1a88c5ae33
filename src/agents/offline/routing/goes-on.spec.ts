import type { MeteredCall } from '#llm';
import { agent, TENANT_ID, tool } from '../../../../test/support/agent-fakes.js';
import type { HistoryMessage } from '../../turn/turn.types.js';
import { ExampleIndex } from './example-index.js';
import { OfflineIntentClassifier } from './offline.intent-classifier.js';
import { SimilarityIntentClassifier } from './similarity.intent-classifier.js';

const BOOKING = { type: 'string', pattern: '^[0-9]{4,6}$', title: 'booking number' };
const find = tool('find_booking', {
  inputSchema: { type: 'object', properties: { booking: BOOKING }, required: ['booking'] },
});
const send = tool('send_ticket', {
  readOnly: false,
  inputSchema: {
    type: 'object',
    properties: { booking: BOOKING, email: { type: 'string', format: 'email' } },
    required: ['booking', 'email'],
  },
});
/** A ferry line. */
const CROSSINGS = agent('crossings', {
  tools: [find],
  examples: [
    'when does my ferry 4711 leave',
    'is my crossing on time',
    'which quay is booking 4712 at',
    'Wann fährt meine Fähre ab?',
  ],
});
const TICKETS = agent('tickets', {
  tools: [find, send],
  examples: [
    'send me the ticket for 4711',
    'email my boarding card to me@example.com',
    'I have not received the ticket of booking 4712',
    'I need my boarding card',
    'Schick mir die Fahrkarte per E-Mail',
    'Mándame el billete de la reserva 4711',
  ],
});
const HELP = agent('help', {
  kind: 'knowledge',
  examples: [
    'can I bring a dog',
    'what does a cabin cost',
    'how do I cancel a booking',
    'can I pay with a card',
    'how do I get the newsletter',
    'Kann ich mit Karte zahlen?',
  ],
});
const POSTCARDS = agent('postcards', {
  kind: 'writer',
  examples: [
    'write a postcard about our islands',
    'draft a postcard for the summer',
    'a postcard on whales, please',
    'can you make a postcard about the crew',
    'Schreib eine Postkarte',
  ],
});
const metered: MeteredCall = (call) => call(() => undefined);
const classifier = new OfflineIntentClassifier(
  new SimilarityIntentClassifier(new ExampleIndex({ embedder: () => null })),
);

async function routed(message: string, before?: readonly [question: string, agent: string], coverage = 0) {
  const history: HistoryMessage[] =
    before === undefined
      ? []
      : [
          { role: 'user', content: before[0], metadata: {} },
          { role: 'assistant', content: 'Here it is.', metadata: { agents: [before[1]] } },
        ];
  return routedIn(history, message, coverage);
}

async function routedIn(history: readonly HistoryMessage[], message: string, coverage = 0) {
  const { intents } = await classifier.classify(
    {
      tenantId: TENANT_ID,
      message,
      text: message,
      agents: [CROSSINGS, TICKETS, HELP, POSTCARDS],
      history,
      awaiting: [],
      language: 'en',
      coverage: () => Promise.resolve(coverage),
      metered,
      onDegraded: () => undefined,
    },
    new AbortController().signal,
  );
  return intents.map(({ agent: key }) => key).join(' ');
}

const SENT = ['send the ticket for 4711 to ann@example.com', 'tickets'] as const;

it.each([
  'send it again to my other email',
  'do it again',
  'the same for 4712',
  'and by postcard?',
  'cancel that',
  'send it to bob@x.test instead',
  'mándalo otra vez a bob@x.test',
  'schick sie bitte nochmal an bob@x.test',
  'und per Post?',
])('leaves "%s" with the agent that has just done it', async (message) => {
  expect(await routed(message, SENT, 0.8)).toBe('tickets');
});

it.each([
  ['what does a cabin cost', 'help'],
  ['can I bring a dog?', 'help'],
  ['when does my ferry leave?', 'crossings'],
  ['write a postcard about it', 'postcards'],
  ['and how do I cancel a booking?', 'help'],
])('does not leave there what asks for something else: "%s"', async (message, key) => {
  expect(await routed(message, SENT)).toBe(key);
});

it.each([
  ['how do I get the newsletter', 'I did not get the mail'],
  ['Kann ich mit Karte zahlen?', 'und per Fahrkarte?'],
  ['can I bring a dog', 'and on the boarding deck?'],
])('stays with the documents: "%s", "%s"', async (question, message) => {
  expect(await routed(message, [question, 'help'])).toBe('help');
});

it.each([
  ['I need my boarding card', 'tickets'],
  ['I have not received the ticket of booking 4712', 'tickets'],
  ['is 4711 on time', 'crossings'],
  ['write a postcard about dogs', 'postcards'],
  ['email my boarding card', 'tickets'],
])('leaves the documents where another agent is asked: "%s"', async (message, key) => {
  expect(await routed(message, ['can I bring a dog', 'help'])).toBe(key);
});

it.each(['4712', 'et 4712 ?', 'and 4712?', '4712 bitte'])(
  'gives the value alone in "%s" to whoever took one last',
  async (message) => {
    expect(await routed(message, ['when does my ferry 4711 leave', 'crossings'])).toBe('crossings');
    expect(await routed(message, ['send me the ticket for 4711', 'tickets'])).toBe('tickets');
  },
);

it('goes on past a word of thanks', async () => {
  const history: HistoryMessage[] = [
    { role: 'user', content: SENT[0], metadata: {} },
    { role: 'assistant', content: 'Sent.', metadata: { agents: ['tickets'] } },
    { role: 'user', content: 'thanks', metadata: {} },
    { role: 'assistant', content: 'You are welcome!', metadata: { agents: [], intent: 'chitchat' } },
  ];
  expect(await routedIn(history, 'and once more to bob@x.test')).toBe('tickets');
  expect(await routedIn(history, 'what does a cabin cost')).toBe('help');
});

it('says by a question of its own what is wanted of the value', async () => {
  expect(await routed('when does 4712 leave?', ['send me the ticket for 4711', 'tickets'])).toBe('crossings');
});

it.each([
  ['are the crew from the islands?', 'help'],
  ['do you have whales?', 'help'],
  ['¿es grande la tripulación de verano?', 'help'],
  ['can you make a postcard about whales?', 'postcards'],
  ['is a postcard about whales possible?', 'postcards'],
  ['postcard: the islands in summer', 'postcards'],
])('makes nothing for a question: "%s"', async (message, key) => {
  expect(await routed(message)).toBe(key);
});
