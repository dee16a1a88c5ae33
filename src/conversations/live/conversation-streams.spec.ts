import { ConversationStreams } from './conversation-streams.js';

const CONVERSATION = 'c';
const reader = (id: string) => ({ id, deliver: () => undefined });

describe('ConversationStreams', () => {
  const mine = { tenantId: 'mine' };
  const foreign = { tenantId: 'foreign' };
  let streams: ConversationStreams;
  beforeEach(() => {
    streams = new ConversationStreams();
  });

  it("does not put a tenant's readers together with another one's who names the same conversation", () => {
    const probing = streams.hold(foreign, CONVERSATION, reader('prober'));
    const own = streams.subscribe(mine, CONVERSATION, reader('owner'), 1);
    expect(own.scope).toEqual(mine);
    expect(own).not.toBe(probing);
    expect(streams.find(mine, CONVERSATION)).toBe(own);
    expect(streams.leave(CONVERSATION, 'prober')).toBe(probing);
    expect(streams.find(foreign, CONVERSATION)).toBeUndefined();
    expect(own.subscriberCount).toBe(1);
  });

  it('forgets a stream with its last reader', () => {
    streams.subscribe(mine, CONVERSATION, reader('a'), 1);
    expect(streams.leave(CONVERSATION, 'b')).toBeNull();
    expect(streams.unsubscribe('a')).toHaveLength(1);
    expect(streams.find(mine, CONVERSATION)).toBeUndefined();
    expect(streams.leave(CONVERSATION, 'a')).toBeNull();
  });
});
