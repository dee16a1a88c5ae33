import type { ConversationEvent, DoneEvent, MessageEvent, Subscriber } from '../model/conversation-event.js';
import { ConversationStream } from './conversation-stream.js';
import { LiveTurn, type TurnBeginning } from './live-turn.js';

const CONVERSATION = 'c';
const TURN = 't';

class Listener implements Subscriber {
  readonly events: ConversationEvent[] = [];
  constructor(readonly id: string) {}
  deliver(event: ConversationEvent): void {
    this.events.push(event);
  }
  get types(): string[] {
    return this.events.map((event) => event.type);
  }
  get text(): string {
    let text = '';
    for (const event of this.events) {
      if (event.type === 'token') text = text.slice(0, event.offset) + event.content;
    }
    return text;
  }
}

function stored(seq: number, role: 'user' | 'assistant', content: string, id = `m${seq}`): MessageEvent {
  return {
    type: 'message',
    id,
    message_id: id,
    conversation_id: CONVERSATION,
    turn_id: TURN,
    seq,
    role,
    content,
    content_html: content,
    payload_type: null,
    payloads: [],
    tokens_used: null,
    metadata: {},
    created_at: '2026-11-21T00:00:00.000Z',
  };
}

function done(seq: number): DoneEvent {
  return { type: 'done', conversation_id: CONVERSATION, turn_id: TURN, seq, status: 'completed', usage: null };
}

function begin(stream: ConversationStream, run: { fence: number; mine: boolean }): LiveTurn {
  const beginning: TurnBeginning = {
    turnId: TURN,
    attempt: 1,
    start: run.fence,
    fence: run.fence,
    questionId: 'q',
    answerId: 'a',
    agent: null,
    owner: run.mine ? 'us' : 'them',
  };
  return stream.begin((seq) => new LiveTurn(CONVERSATION, beginning, run.mine, seq), beginning);
}

describe('ConversationStream', () => {
  let stream: ConversationStream;
  beforeEach(() => {
    stream = new ConversationStream({ tenantId: 'tenant' }, CONVERSATION, () => undefined);
  });

  describe('a run that another instance overtook', () => {
    it('is silent once the other one is followed', () => {
      const reader = new Listener('r');
      stream.subscribe(reader, 10);
      const ours = begin(stream, { fence: 1, mine: true });
      stream.token(ours, 'old ');
      const theirs = begin(stream, { fence: 2, mine: false });
      stream.follow(theirs, 'new ', 0, 100);
      stream.token(ours, 'words');
      stream.status(ours, { type: 'status', step: 'generating', message: 'late' });
      stream.payload(ours, { payload_type: 'jobs', items: [], offset: 0 });
      expect(reader.text).toBe('new ');
      expect(reader.types).toEqual(['turn', 'token', 'turn', 'token']);
    });

    it('gives way to the answer that was stored in its place, and says nothing after its end', () => {
      const reader = new Listener('r');
      stream.subscribe(reader, 10);
      const ours = begin(stream, { fence: 1, mine: true });
      stream.token(ours, 'half of ours');
      stream.tellStored([stored(50, 'assistant', 'theirs'), done(51)], 51);
      stream.token(ours, ' and more');
      expect(reader.text).toBe('theirs');
      expect(reader.types.at(-1)).toBe('done');
      expect(stream.live).toBeNull();
    });
  });

  it('shows a question to all but its asker, who is not remembered longer than that', () => {
    const asker = new Listener('asker');
    const other = new Listener('other');
    stream.subscribe(other, 10);
    stream.subscribe(asker, 20);
    stream.asked('question', asker.id);
    expect(stream.tellCommitted([stored(30, 'user', 'q', 'question')], 10, 30)).toBe(true);
    expect([asker.types, other.types]).toEqual([[], ['message']]);
    expect(stream).toMatchObject({ askers: new Map() });
  });

  it('tells what was held for a reader once, also when the one that it was told to has left meanwhile', () => {
    const first = new Listener('first');
    const second = new Listener('second');
    stream.subscribe(first, 10);
    stream.hold(second);
    stream.tellStored([stored(20, 'assistant', 'a'), done(21)], 21);
    stream.unsubscribe(first.id);
    // Its reading is older than that.
    stream.release(second.id, 15, [], null);
    stream.tellStored([stored(20, 'assistant', 'a'), done(21), stored(30, 'assistant', 'b')], 30);
    expect(second.types).toEqual(['message', 'done', 'message']);
  });

  it('loses nothing that is held for a reader who asks to be caught up twice at once', () => {
    const other = new Listener('other');
    const reader = new Listener('reader');
    stream.subscribe(other, 10);
    stream.hold(reader);
    stream.tellStored([stored(20, 'assistant', 'a')], 20);
    stream.hold(reader);
    stream.release(reader.id, 15, [], null);
    stream.release(reader.id, 25, [], null);
    expect(reader.types).toEqual(['message']);
  });

  it('completes the text of those alone who have not read its end in the rows', () => {
    const follower = new Listener('follower');
    const late = new Listener('late');
    stream.subscribe(follower, 10);
    const theirs = begin(stream, { fence: 1, mine: false });
    stream.follow(theirs, 'half', 0, 40);
    const rows = [stored(50, 'assistant', 'half and half'), done(51)];
    stream.hold(late);
    stream.release(late.id, 51, rows, new Set());
    stream.tellStored(rows, 51);
    expect(follower.text).toBe('half and half');
    expect(late.types).toEqual(['message', 'done']);
  });
});
