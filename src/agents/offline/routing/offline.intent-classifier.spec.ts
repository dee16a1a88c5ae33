import type { MeteredCall } from '#llm';
import { agent, TENANT_ID } from '../../../../test/support/agent-fakes.js';
import type { HistoryMessage } from '../../turn/turn.types.js';
import { ExampleIndex } from './example-index.js';
import { OfflineIntentClassifier } from './offline.intent-classifier.js';
import { SimilarityIntentClassifier } from './similarity.intent-classifier.js';

const metered: MeteredCall = (call) => call(() => undefined);
const TABLES = agent('tables', { examples: ['book a table', 'a table for two tonight', 'is there a table free'] });
const MENU = agent('menu', {
  examples: ['what is on the menu', 'do you have vegan dishes', 'what does the soup cost'],
});
const classifier = new OfflineIntentClassifier(
  new SimilarityIntentClassifier(new ExampleIndex({ embedder: () => null })),
);

function ask(message: string, said = '', agents: readonly string[] = ['tables'], awaiting = false) {
  const history: HistoryMessage[] = [
    { role: 'user', content: 'book a table for tonight', metadata: {} },
    { role: 'assistant', content: said, metadata: { agents } },
  ];
  const request = {
    tenantId: TENANT_ID,
    message,
    text: message,
    agents: [TABLES, MENU],
    history: said === '' ? [] : history,
    awaiting: awaiting ? [{ agent: 'tables', tool: 'book', entities: {}, missing: ['guests'] }] : [],
    language: 'en',
    coverage: () => Promise.resolve(0),
    metered,
    onDegraded: () => undefined,
  };
  return classifier.classify(request, new AbortController().signal);
}

it.each(['yes please', 'No', 'ja bitte', 'sí'])(
  'takes "%s" for an answer where something was asked',
  async (message) => {
    const tables = { intents: [{ agent: 'tables', text: message }], reply: null, how: 'continued' };
    expect(await ask(message, 'There is one at nine. Shall I book it?')).toMatchObject(tables);
    expect(await ask(message, 'How many of you?', ['tables'], true)).toMatchObject(tables);
  },
);

it('takes it for small talk where nothing was asked, or nobody is there whom it would answer', async () => {
  const talk = { intents: [], reply: { kind: 'small_talk' } };
  expect(await ask('yes please', 'Your table is booked.')).toMatchObject(talk);
  expect(await ask('yes please')).toMatchObject(talk);
  expect(await ask('yes please', 'Hello! How can I help?', [])).toMatchObject(talk);
  expect(await ask('great, thanks!', 'There is one at nine. Shall I book it?')).toMatchObject(talk);
  expect(await ask('Guten Morgen', 'How many of you?', ['tables'], true)).toMatchObject(talk);
});

it('does not take a question about people for a wish to be handed over', async () => {
  expect(await ask('Is there a table where we can talk to people?')).toMatchObject({ reply: null });
  expect(await ask('Can I talk to a person?')).toMatchObject({ reply: { kind: 'human_request' } });
});

it.each(['and for six of us?', 'How long?', 'for students?', 'Is there another one?', '¿Y mañana?'])(
  'leaves "%s" with whoever answered last',
  async (message) => {
    expect(await ask(message, 'There is one at nine.')).toMatchObject({ intents: [{ agent: 'tables' }] });
    expect((await ask(message)).reply).toMatchObject({ kind: 'unclear' });
  },
);

it('does not leave there what is whole, or gibberish', async () => {
  expect(await ask('Who was the first president of Iceland?', 'There is one at nine.')).toMatchObject({
    reply: { kind: 'unclear' },
  });
  expect(await ask('asdf qwer', 'There is one at nine.')).toMatchObject({ reply: { kind: 'unclear' } });
  expect(await ask('And what does the soup cost?', 'There is one at nine.')).toMatchObject({
    intents: [{ agent: 'menu' }],
  });
});
