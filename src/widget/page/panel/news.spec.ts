import { emptyConversation, reduce, type ServerFrame } from '../../../sdk/index.js';
import { newsIn } from './news.js';

describe('what is news', () => {
  const frames: ServerFrame[] = [
    { type: 'message', id: 'q', role: 'user', content: 'Hello', turn_id: 't', seq: 1, conversation_id: 'c' },
    { type: 'message', id: 'a', role: 'assistant', content: 'Hi', turn_id: 't', seq: 2, conversation_id: 'c' },
    { type: 'message', id: 's', role: 'supporter', content: 'Dara here', seq: 3, conversation_id: 'c' },
    { type: 'escalation', status: 'resolved', seq: 4, conversation_id: 'c' },
  ];
  const state = frames.reduce((before, frame) => reduce(before, { type: 'frame', frame }), emptyConversation('c'));

  it('is what others wrote after the last message that was seen', () => {
    expect(newsIn(state, 0).map(({ id }) => id)).toEqual(['a', 's']);
    expect(newsIn(state, 2).map(({ id }) => id)).toEqual(['s']);
    expect(newsIn(state, 3)).toEqual([]);
  });
});
