import { judge, type JudgedAnswer, type JudgedExchange } from './judge.js';
import { DEFAULT_RULES, type EscalationRules } from './rules.schema.js';

const GOOD: JudgedAnswer = { intent: 'qa', scores: [0.8], failedParts: 0, calls: [] };
const NONE: JudgedAnswer = { ...GOOD, scores: [] };
const user = (content: string) => ({ role: 'user', content, metadata: {} });
const none = { role: 'assistant', content: 'I could not find that', metadata: { intent: 'qa' } };
const unclear = { role: 'assistant', content: 'What do you mean?', metadata: { intent: 'unclear' } };
const good = { role: 'assistant', content: 'Thirty days', metadata: { intent: 'qa', citations: [{ score: 0.9 }] } };

const judged = (rules: Partial<EscalationRules>, exchange: Partial<JudgedExchange>) =>
  judge({ ...DEFAULT_RULES, ...rules }, { content: 'How long?', history: [], answer: GOOD, ...exchange });

describe('when a person is called', () => {
  it('is when the user asks for one, unless the tenant does not want that', () => {
    const answer = { ...GOOD, intent: 'human_request' };
    expect(judged({}, { answer })).toMatchObject({ cause: 'requested' });
    expect(judged({ explicit: false }, { answer })).toBeNull();
    expect(judged({ phrases: ['Müsli Hotline'] }, { content: 'give me the müsli hotline!' })).toMatchObject({
      cause: 'requested',
    });
  });

  it('is when a message has a word of the list, as a whole word', () => {
    const keywords = [{ word: 'lawyer', skill: 'complaints' }];
    expect(judged({ keywords }, { content: 'I will call my LAWYER.' })).toEqual({
      cause: 'keyword',
      reason: 'The message names "lawyer"',
      skill: 'complaints',
    });
    expect(judged({ keywords }, { content: 'Do lawyers drink tea?' })).toBeNull();
  });

  it('is after so many answers in a row that were none, said or measured', () => {
    const history = [user('a'), unclear, user('b'), none, user('c')].slice(0, 4);
    expect(judged({}, { history, answer: NONE })).toMatchObject({ cause: 'failure' });
    expect(judged({}, { history: history.slice(2), answer: NONE })).toBeNull();
    expect(judged({}, { history, answer: GOOD })).toBeNull();
    expect(judged({ failures: null }, { history, answer: NONE })).toBeNull();
    // A good answer between ends the row, unless the user said that it was none.
    const between = [user('a'), unclear, user('b'), good];
    expect(judged({}, { history: between, answer: NONE })).toBeNull();
    expect(judged({}, { history: between, content: 'That did not help', answer: NONE })).toMatchObject({
      cause: 'failure',
    });
    // One that called for a person begins the count anew.
    const escalated = { ...none, metadata: { intent: 'qa', escalated: 'failure' } };
    expect(judged({ failures: 2 }, { history: [user('a'), escalated], answer: NONE })).toBeNull();
  });

  it('is when the best source scores too low', () => {
    expect(judged({ min_confidence: 0.5 }, { answer: { ...GOOD, scores: [0.2, 0.4] } })).toMatchObject({
      cause: 'low_confidence',
    });
    expect(judged({ min_confidence: 0.5 }, {})).toBeNull();
    expect(judged({}, { answer: { ...GOOD, scores: [0.1] } })).toBeNull();
  });

  it('is when a tool says so that the tenant listed, and no other', () => {
    const calls = [{ tool: 'refund', reason: 'Above the limit', skill: 'refunds' }];
    const answer = { ...GOOD, calls };
    expect(judged({ tools: ['refund'] }, { answer })).toEqual({
      cause: 'agent',
      reason: 'Above the limit',
      skill: 'refunds',
    });
    expect(judged({}, { answer })).toBeNull();
  });
});
