import { LlmError, type UsageEntry } from '#llm';
import { createLogger } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { CTX, ScriptedModel } from '../../../test/support/agent-fakes.js';
import { TitleWriter, titleFromQuestion } from './title-writer.js';

const never = new AbortController().signal;
const untold = (): void => undefined;
const titles = (model: ScriptedModel | null) =>
  new TitleWriter({ chatModel: () => Promise.resolve(model), reckon: () => 0 }, createLogger({ level: 'silent' }));

it.each([
  ['Hi, where is my order 1042?', 'Where is my order 1042'],
  ['What is your returns policy for shoes bought online?', 'What is your returns policy for shoes bought online'],
  ['How many days do I have to return something?', 'How many days do I have to return something'],
  [
    'Can you tell me whether the blue tent that I saw in your shop last week is still there?',
    'Can you tell me whether the blue tent that I saw in your…',
  ],
  ['¿Cuánto cuesta el envío a España?', 'Cuánto cuesta el envío a España'],
  ['👋', 'Conversation'],
  ['**bold** [link](https://a.test) text', 'Bold link text'],
])('names "%s" by its own words', (question, title) => {
  expect(titleFromQuestion(question)).toBe(title);
});

it('tidies what the model says', async () => {
  const model = new ScriptedModel({ stream: { title: ['Title: "Returns of', ' shoes".\nBecause'] } });
  expect(await titles(model).title(CTX, { question: 'q', answer: 'a' }, never, untold)).toBe('Returns of shoes');
});

it('uses the question when the model fails', async () => {
  const model = new ScriptedModel({ stream: { title: new LlmError({ detail: 'no' }) } });
  expect(await titles(model).title(CTX, { question: 'Where is order 1042?', answer: '' }, never, untold)).toBe(
    'Where is order 1042',
  );
});

it('uses the question, and counts it, when the tenant’s provider is not there any more', async () => {
  const metrics = new Metrics();
  const missing = new LlmError({ detail: 'not configured', retryable: false });
  const gone = { chatModel: () => Promise.reject(missing), reckon: () => 1 };
  const writer = new TitleWriter(gone, createLogger({ level: 'silent' }), metrics);
  expect(await writer.reckon(CTX, { question: 'Gift cards', answer: '' })).toBe(0);
  expect(await writer.title(CTX, { question: 'Gift cards', answer: '' }, never, untold)).toBe('Gift cards');
  expect(await metrics.text()).toContain('switchboard_model_fallbacks_total{step="title",reason="failed"} 1');
});

it('asks no model where there is none, and echoes no title', async () => {
  expect(await titles(null).title(CTX, { question: 'Gift cards', answer: '' }, never, untold)).toBe('Gift cards');
  const echo = new ScriptedModel({ provider: 'echo' });
  expect(await titles(echo).title(CTX, { question: 'Gift cards', answer: '' }, never, untold)).toBe('Gift cards');
});

it('tells what the model cost, also when it failed or was stopped in the middle', async () => {
  const told: UsageEntry[] = [];
  const tell = (entry: UsageEntry): void => void told.push(entry);
  const turn = { question: 'q', answer: 'a' };
  await titles(new ScriptedModel({ stream: { title: 'Shoes' } })).title(CTX, turn, never, tell);
  await titles(new ScriptedModel({ stream: { title: new LlmError({ detail: 'no' }) } })).title(CTX, turn, never, tell);
  const abort = new AbortController();
  const model = new ScriptedModel({
    stream: {
      title: () => {
        abort.abort(new Error('stopped'));
        return ['Shoes'];
      },
    },
  });
  await expect(titles(model).title(CTX, turn, abort.signal, tell)).rejects.toThrow('stopped');
  await titles(null).title(CTX, turn, never, tell);
  expect(told.map(({ estimated, purpose }) => [purpose, estimated])).toEqual([
    ['title', false],
    ['title', true],
    ['title', true],
  ]);
});
