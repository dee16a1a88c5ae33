import { announcementsBetween } from './announcements.js';
import { emptyConversation, reduce, type Action, type ConversationState } from '../sdk/index.js';
import type { ServerFrame } from '../sdk/index.js';

const sent: Action = {
  type: 'send',
  frame: { type: 'user_message', content: 'Q', conversation_id: 'new', client_message_id: 'm' },
  at: '',
};
const base = { turn_id: 't', conversation_id: 'c' };

/** All that is said while the frames come one after the other. */
function said(start: ConversationState, frames: ServerFrame[]): string[] {
  let state = start;
  return frames.flatMap((frame) => {
    const before = state;
    state = reduce(state, { type: 'frame', frame });
    return announcementsBetween(before, state);
  });
}

describe('announcementsBetween', () => {
  it('says each step and the whole answer, never a token', () => {
    const frames: ServerFrame[] = [
      { type: 'ack', client_message_id: 'm', message_id: 'm1', ...base },
      { type: 'status', step: 'routing', message: 'Classifying', ...base, seq: 1 },
      { type: 'token', content: 'To', offset: 0, ...base, seq: 2 },
      { type: 'token', content: 'morrow', offset: 2, ...base, seq: 3 },
      { type: 'message', id: 'a', role: 'assistant', content: '**Tomorrow** [1].', ...base, seq: 4 },
      { type: 'done', status: 'completed', ...base, seq: 5 },
    ];
    expect(said(reduce(emptyConversation(), sent), frames)).toEqual(['Classifying', 'Answer: Tomorrow.']);
  });

  it('says why a message failed', () => {
    const refused: ServerFrame = {
      type: 'error',
      code: 'RATE_LIMIT',
      message: 'Wait a moment',
      client_message_id: 'm',
    };
    expect(said(reduce(emptyConversation(), sent), [refused])).toEqual(['Wait a moment']);
  });

  it('does not read out a conversation that is opened', () => {
    const restored: ServerFrame = {
      type: 'context_restored',
      conversation_id: 'c',
      messages: [{ id: 'a', turn_id: 't', role: 'assistant', content: 'Old' }],
    };
    expect(said(emptyConversation('c'), [restored])).toEqual([]);
  });
});
