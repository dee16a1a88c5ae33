import {
  activeTurn,
  agentsOf,
  applyToken,
  emptyConversation,
  reduce,
  type ConversationState,
  type TurnView,
} from './conversation-state.js';
import type { ServerFrame, StoredMessage, UserMessageFrame } from './protocol.js';

const CONVERSATION = 'c1';

function question(content = 'Where is my order?', id = 'm-client'): UserMessageFrame {
  return { type: 'user_message', content, conversation_id: 'new', client_message_id: id };
}

function send(state: ConversationState, frame = question()): ConversationState {
  return reduce(state, { type: 'send', frame, at: '2026-11-21T08:00:00.000Z' });
}

function receive(state: ConversationState, ...frames: ServerFrame[]): ConversationState {
  return frames.reduce((before, frame) => reduce(before, { type: 'frame', frame }), state);
}

function ack(turnId = 't1'): ServerFrame {
  return {
    type: 'ack',
    client_message_id: 'm-client',
    message_id: 'm1',
    turn_id: turnId,
    conversation_id: CONVERSATION,
  };
}

function begun(start = 1, status = 'running', turnId = 't1', attempt = 1): ServerFrame {
  const place = { conversation_id: CONVERSATION, turn_id: turnId, seq: 10 };
  return { type: 'turn', ...place, status, attempt, start, question_id: 'm1' };
}

function token(content: string, offset: number, seq: number, turnId = 't1'): ServerFrame {
  return { type: 'token', content, offset, seq, turn_id: turnId, conversation_id: CONVERSATION };
}

function answer(content: string, seq = 50): ServerFrame {
  const metadata = { agents: ['tracking'], citations: [{ n: 1, title: 'Returns' }] };
  return { type: 'message', id: 'a1', role: 'assistant', content, metadata, seq, turn_id: 't1', conversation_id: 'c1' };
}

function done(status: 'completed' | 'failed' | 'cancelled', turnId = 't1', seq = 60): ServerFrame {
  return { type: 'done', status, turn_id: turnId, seq, conversation_id: CONVERSATION };
}

function stored(
  id: string,
  role: 'user' | 'assistant',
  turnId: string,
  createdAt = '',
): StoredMessage & { turn_id: string } {
  return { id, role, content: `${role} ${id}`, turn_id: turnId, created_at: createdAt };
}

function restored(fields: Partial<Extract<ServerFrame, { type: 'context_restored' }>>): ServerFrame {
  return { type: 'context_restored', conversation_id: CONVERSATION, messages: [], last_seq: 0, turn: null, ...fields };
}

function turns(state: ConversationState): TurnView[] {
  return state.items.filter((item): item is TurnView => item.kind === 'turn');
}

const running = receive(send(emptyConversation()), ack());

describe('the offset rule', () => {
  const at = (text: string, lastTokenSeq = 5) => ({ text, lastTokenSeq });

  it('appends what continues the text', () => {
    expect(applyToken(at('Hello'), { content: ' there', offset: 5, seq: 6 }).text).toBe('Hello there');
  });

  it('counts in UTF-16 units, so that an emoji takes two', () => {
    expect(applyToken(at('😀'), { content: '!', offset: 2, seq: 6 }).text).toBe('😀!');
  });

  it('starts over at offset 0, as a turn that another server took over does', () => {
    expect(applyToken(at('Half an ans'), { content: 'Fresh', offset: 0, seq: 6 }).text).toBe('Fresh');
  });

  it('replaces the tail when a frame begins inside the text', () => {
    expect(applyToken(at('Hello wurld'), { content: 'world', offset: 6, seq: 6 }).text).toBe('Hello world');
  });

  it('drops a repeat that is older than what was applied last', () => {
    const applied = applyToken(at('Hello there', 8), { content: ' the', offset: 5, seq: 6 });
    expect(applied).toEqual({ text: 'Hello there', lastTokenSeq: 8, gap: false });
  });

  it('gives the same text when the last frame comes twice', () => {
    expect(applyToken(at('Hello there', 6), { content: ' there', offset: 5, seq: 6 }).text).toBe('Hello there');
  });

  it('reports a hole', () => {
    expect(applyToken(at('Hello'), { content: 'world', offset: 9, seq: 6 }).gap).toBe(true);
  });
});

describe('a turn', () => {
  it('waits for its ack, then runs under the ids of the server', () => {
    const sending = send(emptyConversation());
    expect(activeTurn(sending)?.status).toBe('sending');
    expect(running.conversationId).toBe(CONVERSATION);
    expect(activeTurn(running)).toMatchObject({ status: 'running', turnId: 't1', question: { id: 'm1' } });
  });

  it('collects steps, agents, text and payloads, and ends with the stored answer', () => {
    const state = receive(
      running,
      { type: 'status', step: 'routing', message: 'Classifying', turn_id: 't1', conversation_id: 'c1', seq: 11 },
      {
        type: 'status',
        step: 'tool',
        message: 'Looking',
        agent: 'tracking',
        turn_id: 't1',
        conversation_id: 'c1',
        seq: 12,
      },
      token('Tom', 0, 13),
      token('orrow', 3, 14),
      { type: 'payload', payload_type: 'orders', items: [{ id: 1 }], turn_id: 't1', conversation_id: 'c1', seq: 15 },
    );
    expect(turns(state)[0]).toMatchObject({
      text: 'Tomorrow',
      status: 'running',
      payloads: [{ payload_type: 'orders' }],
    });
    expect(turns(state)[0]?.steps.map((step) => step.step)).toEqual(['routing', 'tool']);

    const [turn] = turns(receive(state, answer('Tomorrow, by noon.'), done('completed')));
    expect(turn).toMatchObject({ status: 'completed', text: 'Tomorrow, by noon.', answer: { id: 'a1' } });
    expect(turn && agentsOf(turn)).toEqual(['tracking']);
  });

  it('stays as it is when any of its frames comes again', () => {
    const frames = [
      { type: 'status', step: 'routing', message: 'R', turn_id: 't1', conversation_id: 'c1', seq: 11 } as ServerFrame,
      token('Tomorrow', 0, 13),
      {
        type: 'payload',
        payload_type: 'orders',
        items: [1],
        turn_id: 't1',
        conversation_id: 'c1',
        seq: 15,
      } as ServerFrame,
      answer('Tomorrow'),
      done('completed'),
    ];
    const once = receive(running, ...frames);
    expect(receive(once, ...frames, ack()).items).toEqual(once.items);
  });

  it('asks for a resume when a piece of the text is missing, and is whole after it', () => {
    const state = receive(running, token('One ', 0, 11), token('three', 8, 13));
    expect(state.needsResume).toBe(true);
    const again = receive(
      reduce(state, { type: 'resuming' }),
      restored({ last_seq: 13 }),
      token('One two three', 0, 14),
    );
    expect(again.needsResume).toBe(false);
    expect(activeTurn(again)?.text).toBe('One two three');
  });

  it('fails with the reason, and the same message is a new attempt under a new turn', () => {
    const failed = receive(
      running,
      token('Let me', 0, 11),
      {
        type: 'error',
        code: 'LLM_ERROR',
        message: 'Again, please',
        retryable: true,
        turn_id: 't1',
        conversation_id: 'c1',
      },
      done('failed'),
    );
    expect(turns(failed)[0]).toMatchObject({ status: 'failed', error: { code: 'LLM_ERROR', retryable: true } });

    const retried = receive(send(failed), ack('t2'));
    expect(turns(retried)).toHaveLength(1);
    expect(turns(retried)[0]).toMatchObject({ status: 'running', turnId: 't2', text: '', error: null });
    expect(receive(retried, done('failed', 't1')).items).toEqual(retried.items);
  });

  it('is failed by a refusal before the ack', () => {
    const error: ServerFrame = {
      type: 'error',
      code: 'RATE_LIMIT',
      message: 'Wait',
      retryable: true,
      retry_after_ms: 4000,
      client_message_id: 'm-client',
    };
    const state = receive(send(emptyConversation()), error);
    expect(turns(state)[0]).toMatchObject({ status: 'failed', error: { retryAfterMs: 4000 } });
    expect(state.notice).toBeNull();
  });

  it('keeps its partial text when it is stopped, and takes no more', () => {
    const stopping = reduce(receive(running, token('Half', 0, 11)), { type: 'stopping', turnId: 't1' });
    expect(activeTurn(stopping)?.stopping).toBe(true);
    const state = receive(stopping, done('cancelled'), token(' more', 4, 61));
    expect(turns(state)[0]).toMatchObject({ status: 'cancelled', text: 'Half', stopping: false, error: null });
  });

  it('waits for the one before it, and then runs', () => {
    const waiting = receive(running, begun(1, 'queued'));
    expect(activeTurn(waiting)).toMatchObject({ status: 'running', queued: true, start: 1 });
    expect(activeTurn(receive(waiting, begun()))).toMatchObject({ status: 'running', queued: false, start: 1 });
  });

  it('starts again with nothing of what it had said', () => {
    const step: ServerFrame = { type: 'status', step: 'routing', turn_id: 't1', conversation_id: 'c1', seq: 11 };
    const first = receive(running, begun(), step, token('Half an ans', 0, 12));
    const again = receive(first, begun(2));
    expect(activeTurn(again)).toMatchObject({ start: 2, text: '', steps: [], question: { id: 'm1' } });
    // The numbers may begin below what the first one had reached.
    const whole = receive(again, token('Whole', 0, 5), token(' answer', 5, 6));
    expect(activeTurn(whole)).toMatchObject({ text: 'Whole answer' });
    expect(whole.needsResume).toBe(false);
    expect(activeTurn(receive(whole, begun(2)))?.text).toBe('Whole answer');
    const restarted = restored({ last_seq: 60, turn: { turn_id: 't1', status: 'running', start: 3, text: 'An' } });
    expect(activeTurn(receive(whole, restarted))).toMatchObject({ start: 3, text: 'An' });
  });

  it('is not brought back by a late word of its beginning', () => {
    const ended = receive(running, begun(), answer('Yes'), done('completed'));
    expect(receive(ended, begun()).items).toEqual(ended.items);
  });

  it('that was stopped shows what the server kept of it', () => {
    const partial = { ...answer('Half an'), metadata: { partial: true } } as ServerFrame;
    const state = receive(running, token('Half an ans', 0, 11), partial, done('cancelled'));
    expect(turns(state)[0]).toMatchObject({ status: 'cancelled', text: 'Half an', answer: { id: 'a1' } });
  });

  it('says why it failed also when only its end is told', () => {
    const error = { code: 'INTERRUPTED', message: 'The server was restarted', retryable: true };
    const state = receive(running, { ...done('failed'), error } as ServerFrame);
    expect(turns(state)[0]).toMatchObject({ status: 'failed', error });
  });

  it('is none where a person has the conversation, and another message stays as it is', () => {
    const two = send(send(emptyConversation(CONVERSATION)), question('And?', 'm-other'));
    const owned = { ...ack(), turn_id: null } as ServerFrame;
    const state = receive(two, owned);
    expect(turns(state).map((turn) => turn.status)).toEqual(['handed_off', 'sending']);
  });

  it('takes back what it had said when a person takes over', () => {
    const state = receive(running, token('I think', 0, 11), token('', 0, 12), {
      ...done('completed'),
      status: 'handed_off',
    } as ServerFrame);
    expect(turns(state)[0]).toMatchObject({ status: 'handed_off', text: '' });
  });

  it('does not turn a late abort into an error', () => {
    const late: ServerFrame = {
      type: 'error',
      code: 'NOT_FOUND',
      message: 'Nothing',
      ref: 'abort',
      conversation_id: 'c1',
    };
    expect(receive(running, late)).toMatchObject({ notice: null, items: running.items });
  });
});

describe('several conversations on one socket', () => {
  it('ignores frames of another one', () => {
    const other = { ...token('Elsewhere', 0, 99), conversation_id: 'c2' };
    expect(receive(running, other)).toBe(running);
  });

  it('does not adopt a foreign conversation before the first ack', () => {
    const sending = send(emptyConversation());
    const foreign: ServerFrame = { type: 'ack', client_message_id: 'x', turn_id: 't9', conversation_id: 'c9' };
    expect(receive(sending, foreign, token('x', 0, 5)).conversationId).toBeNull();
  });

  it('shows that a question which failed is tried again in another tab', () => {
    const failed = receive(running, begun(), done('failed'));
    const again = receive(failed, begun(1, 'running', 't2', 2));
    expect(turns(again)).toHaveLength(1);
    expect(turns(again)[0]).toMatchObject({ turnId: 't2', status: 'running', error: null });
  });

  it('shows a turn that begins, though its number is lower than that of what was restored', () => {
    const open = receive(emptyConversation(CONVERSATION), restored({ last_seq: 90 }));
    const state = receive(open, begun(), token('Live', 0, 11));
    expect(activeTurn(state)).toMatchObject({ turnId: 't1', text: 'Live' });
  });

  it('shows what was asked in another tab, and its answer', () => {
    const asked: ServerFrame = { type: 'message', conversation_id: 'c1', seq: 70, ...stored('m2', 'user', 't2') };
    const state = receive(running, asked, token('Yes', 0, 71, 't2'));
    expect(turns(state)[1]).toMatchObject({ question: { id: 'm2' }, text: 'Yes', status: 'running' });
  });
});

describe('restoring', () => {
  const history = [
    stored('m1', 'user', 't1', '2026-11-21T08:00:00Z'),
    stored('m2', 'user', 't2', '2026-11-21T08:00:01Z'),
    stored('a1', 'assistant', 't1', '2026-11-21T08:00:02Z'),
    stored('a2', 'assistant', 't2', '2026-11-21T08:00:03Z'),
  ];

  it('pairs questions and answers by turn, also when they were queued', () => {
    const state = receive(emptyConversation(CONVERSATION), restored({ messages: history, last_seq: 30 }));
    expect(turns(state).map((turn) => [turn.question?.id, turn.answer?.id, turn.status])).toEqual([
      ['m1', 'a1', 'completed'],
      ['m2', 'a2', 'completed'],
    ]);
    expect(state).toMatchObject({ restoring: false, lastSeq: 30, hasEarlier: false });
  });

  it('continues a turn that runs', () => {
    const state = receive(
      emptyConversation(CONVERSATION),
      restored({
        messages: [stored('m1', 'user', 't1')],
        last_seq: 30,
        turn: { turn_id: 't1', status: 'running', text: 'So far' },
      }),
      token('So far', 0, 31),
      token(', so good', 6, 32),
    );
    expect(activeTurn(state)).toMatchObject({ turnId: 't1', text: 'So far, so good' });
  });

  it('merges into what is on the screen without doubling it', () => {
    const before = receive(running, token('Half', 0, 11));
    const state = receive(
      before,
      restored({ messages: [stored('m1', 'user', 't1'), stored('a1', 'assistant', 't1')], last_seq: 60 }),
      done('completed'),
    );
    expect(turns(state)).toHaveLength(1);
    expect(turns(state)[0]).toMatchObject({ key: 'm-client', status: 'completed', text: 'assistant a1' });
  });

  it('keeps what was not acknowledged at the end', () => {
    const sending = send(receive(emptyConversation(CONVERSATION), restored({ messages: history, last_seq: 30 })));
    const state = receive(sending, restored({ messages: history, last_seq: 30 }));
    expect(turns(state).map((turn) => turn.status)).toEqual(['completed', 'completed', 'sending']);
  });

  it('joins the message that was stored, though its ack was lost, with the one on the screen', () => {
    const sending = send(emptyConversation(CONVERSATION));
    const seen = receive(
      sending,
      restored({ messages: [stored('m1', 'user', 't1')], last_seq: 12, turn: { turn_id: 't1', status: 'running' } }),
      token('Already', 0, 13),
      ack(),
      token(' here', 7, 14),
    );
    expect(turns(seen)).toHaveLength(1);
    expect(turns(seen)[0]).toMatchObject({ clientMessageId: 'm-client', text: 'Already here', status: 'running' });
  });

  it('does not bring back failed attempts from the replay', () => {
    const state = receive(
      emptyConversation(CONVERSATION),
      restored({ messages: history, last_seq: 30 }),
      { type: 'status', step: 'routing', turn_id: 't0', conversation_id: 'c1', seq: 3 },
      { type: 'error', code: 'LLM_ERROR', message: 'x', turn_id: 't0', conversation_id: 'c1', seq: 4 },
      done('failed', 't0', 5),
    );
    expect(turns(state).map((turn) => turn.turnId)).toEqual(['t1', 't2']);
    expect(state.notice).toBeNull();
  });

  it('shows the steps of a finished turn again', () => {
    const step: ServerFrame = {
      type: 'status',
      step: 'tool',
      message: 'L',
      turn_id: 't1',
      conversation_id: 'c1',
      seq: 3,
    };
    const state = receive(emptyConversation(CONVERSATION), restored({ messages: history, last_seq: 30 }), step);
    expect(turns(state)[0]).toMatchObject({ status: 'completed', steps: [{ step: 'tool' }] });
  });

  it('marks a stopped answer as such', () => {
    const partial = { ...stored('a1', 'assistant', 't1'), metadata: { partial: true } };
    const state = receive(emptyConversation(CONVERSATION), restored({ messages: [partial] }));
    expect(turns(state)[0]?.status).toBe('cancelled');
  });

  it('says so when a running turn is beyond what the server keeps', () => {
    const state = receive(running, restored({ snapshot: true, last_seq: 900 }));
    expect(turns(state)[0]).toMatchObject({ status: 'failed', error: { retryable: true } });
  });

  it('puts earlier messages before the ones that are there', () => {
    const full = Array.from({ length: 20 }, (_, index) => {
      const at = `2026-11-21T09:00:${String(index + 10)}Z`;
      return stored(`f${index}`, index % 2 ? 'assistant' : 'user', `turn${index >> 1}`, at);
    });
    const open = receive(emptyConversation(CONVERSATION), restored({ messages: full }));
    expect(open.hasEarlier).toBe(true);
    const earlier = [...history, ...full.slice(0, 2)];
    const state = reduce(open, { type: 'earlier', messages: earlier, hasEarlier: false });
    expect(turns(state).map((turn) => turn.turnId)).toEqual([
      't1',
      't2',
      ...full.filter((_, i) => i % 2).map((m) => m.turn_id),
    ]);
    expect(state.hasEarlier).toBe(false);
  });

  it('reports a conversation that is gone', () => {
    const gone: ServerFrame = {
      type: 'error',
      code: 'NOT_FOUND',
      message: 'Conversation not found or access denied',
      ref: 'resume:c1',
    };
    const state = receive(emptyConversation(CONVERSATION), gone);
    expect(state).toMatchObject({ restoring: false, notice: { code: 'NOT_FOUND' } });
  });
});

describe('a question that is asked again', () => {
  const stored = (id: string, turnId: string, more: object = {}): StoredMessage => ({
    id,
    role: 'assistant',
    content: `Answer ${id}`,
    turn_id: turnId,
    ...more,
  });
  const told = (message: StoredMessage): ServerFrame => ({
    type: 'message',
    conversation_id: CONVERSATION,
    seq: 20,
    ...message,
    turn_id: message.turn_id ?? null,
  });
  const done = (turnId: string, status: 'completed' | 'failed' | 'cancelled'): ServerFrame => ({
    type: 'done',
    conversation_id: CONVERSATION,
    turn_id: turnId,
    seq: 21,
    status,
  });
  const answered = () =>
    receive(send(emptyConversation()), ack(), begun(), told(stored('a1', 't1')), done('t1', 'completed'));
  const only = (state: ConversationState): TurnView => {
    expect(state.items).toHaveLength(1);
    return state.items[0] as TurnView;
  };

  it('shows the new answer as it is written, and in the place of the earlier one', () => {
    const begins = receive(answered(), ack('t2'), begun(1, 'running', 't2', 2));
    expect(only(begins)).toMatchObject({
      turnId: 't2',
      status: 'running',
      text: '',
      answer: null,
      earlier: { id: 'a1' },
    });
    const over = receive(begins, told(stored('a2', 't2', { metadata: { replaces: ['a1'] } })), done('t2', 'completed'));
    expect(only(over)).toMatchObject({ status: 'completed', text: 'Answer a2', earlier: null, question: { id: 'm1' } });
  });

  it.each(['failed', 'cancelled'] as const)('has its earlier answer back when the new attempt is %s', (status) => {
    const state = receive(answered(), begun(1, 'running', 't2', 2), done('t2', status));
    expect(only(state)).toMatchObject({ turnId: 't1', status: 'completed', text: 'Answer a1', error: null });
    expect(state.notice === null).toBe(status === 'cancelled');
  });

  it('is one also for a reader who was away meanwhile', () => {
    const state = receive(answered(), told(stored('a2', 't2', { metadata: { replaces: ['a1'] } })));
    expect(only(state)).toMatchObject({ turnId: 't2', text: 'Answer a2', question: { id: 'm1' } });
  });

  it('stays answered when asking again is refused', () => {
    const refused: ServerFrame = {
      type: 'error',
      code: 'CONFLICT',
      message: 'Not now',
      ref: 'regenerate:t1',
      turn_id: 't1',
    };
    const state = receive(answered(), refused);
    expect(only(state)).toMatchObject({ status: 'completed', text: 'Answer a1' });
    expect(state.notice).toMatchObject({ message: 'Not now' });
  });
});

describe('the news that somebody took over', () => {
  const said = (id: string, role: 'supporter' | 'user', seq: number): StoredMessage => ({
    ...{ id, role, content: id, seq },
    created_at: `2026-01-01T00:00:${seq}.000Z`,
  });
  const restored: ServerFrame = {
    type: 'context_restored',
    conversation_id: CONVERSATION,
    messages: [said('before', 'supporter', 10), said('after', 'user', 30)],
    last_seq: 30,
  };
  const taken: ServerFrame = {
    type: 'escalation',
    conversation_id: CONVERSATION,
    escalation_id: 'e1',
    seq: 20,
    status: 'assigned',
    supporter: { name: 'Sam' },
  };

  it('stands where it happened, also when it is told again later', () => {
    const state = receive(emptyConversation(CONVERSATION), restored, taken, taken);
    expect(state.items.map(({ key }) => key)).toEqual(['before', 'escalation-e1-assigned', 'after']);
  });

  it('stands there also when it comes before the messages', () => {
    const live = { type: 'message', conversation_id: CONVERSATION, ...said('live', 'supporter', 40) } as ServerFrame;
    const state = receive(emptyConversation(CONVERSATION), taken, restored, live);
    expect(state.items.map(({ key }) => key)).toEqual(['before', 'escalation-e1-assigned', 'after', 'live']);
  });
});
