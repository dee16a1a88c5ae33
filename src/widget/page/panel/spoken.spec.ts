import type { TurnView } from '../../../sdk/index.js';
import { words as en } from '../languages/en.js';
import { sentencesOf, Spoken } from './spoken.js';

function turn(fields: Partial<TurnView>): TurnView {
  return {
    ...{ kind: 'turn', key: 't', clientMessageId: 'm', turnId: 't', status: 'running', queued: false, start: 1 },
    ...{ question: { id: null, content: 'When?' }, createdAt: '', steps: [], text: '', lastTokenSeq: 0, payloads: [] },
    ...{ answer: null, prompt: null, error: null, degraded: false, stopping: false },
    ...fields,
  } as TurnView;
}

describe('what a screen reader is told', () => {
  it('is sentences, each once, and never half of one', () => {
    const spoken = new Spoken(en, 'en');
    const hear = (text: string, status: TurnView['status'] = 'running') => spoken.next([turn({ text, status })], false);
    expect(hear('You have **30')).toEqual([]);
    expect(hear('You have **30 days**. Then')).toEqual(['You have 30 days.']);
    expect(hear('You have **30 days**. Then it is yours')).toEqual([]);
    expect(hear('You have **30 days**. Then it is yours', 'completed')).toEqual(['Then it is yours']);
    expect(hear('You have **30 days**. Then it is yours', 'completed')).toEqual([]);
  });

  it('is nothing of a conversation that was there before', () => {
    const spoken = new Spoken(en, 'en');
    expect(spoken.next([turn({ text: 'An old answer.', status: 'completed' })], true)).toEqual([]);
    expect(spoken.next([turn({ text: 'An old answer.', status: 'completed' })], false)).toEqual([]);
  });

  it('says how it ended, for people', () => {
    const error = { code: 'LLM_ERROR', message: 'LLM_ERROR', retryable: true, retryAfterMs: null };
    expect(new Spoken(en, 'en').next([turn({ status: 'failed', error })], false)).toEqual([en.failed]);
    expect(new Spoken(en, 'en').next([turn({ status: 'cancelled', text: 'Half' })], false)).toEqual([
      'Half',
      en.stopped,
    ]);
  });

  it('knows sentences of other languages', () => {
    expect(sentencesOf('¿Cuándo llega? El martes. Luego', 'es', false)).toEqual(['¿Cuándo llega?', 'El martes.']);
    expect(sentencesOf('متى يصل؟ يوم الثلاثاء.', 'ar', true)).toEqual(['متى يصل؟', 'يوم الثلاثاء.']);
  });
});
