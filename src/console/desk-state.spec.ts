import {
  asRead,
  type Case,
  type DeskState,
  EMPTY_DESK,
  found,
  neighbour,
  statusOf,
  withCase,
  withTyping,
  withUnread,
} from './desk-state.js';

const ME = 'me';
const SAM = { id: 'sam', name: 'Sam' };

function aCase(id: string, of: Partial<Case> = {}): Case {
  return {
    id,
    conversation_id: `c-${id}`,
    status: 'waiting',
    position: 1,
    eta_s: null,
    reason: '',
    cause: 'requested',
    skill: null,
    language: null,
    email: null,
    supporter: null,
    user: { id: 'u', name: `User ${id}` },
    summary: { asked: [], tried: [], entities: {}, sources: [] },
    waiting_since: '2026-01-01T00:00:00.000Z',
    created_at: '2026-01-01T00:00:00.000Z',
    updated_at: '2026-01-01T00:00:00.000Z',
    ended_at: null,
    ...of,
  };
}
const mine = { status: 'assigned', supporter: { id: ME, name: 'Me' } } as const;
const ids = (list: readonly Case[] | null) => list?.map(({ id }) => id);
const lists = ({ mine: own, recent, waiting }: DeskState) => [ids(waiting), ids(own), ids(recent)];

describe('a changed case', () => {
  const before: DeskState = { ...EMPTY_DESK, waiting: [aCase('1'), aCase('2')], recent: [aCase('2'), aCase('1')] };

  it('moves to where it belongs by now, and keeps its place where it stays', () => {
    const taken = withCase(before, aCase('1', mine), ME);
    expect(lists(taken)).toEqual([['2'], ['1'], ['2', '1']]);
    const over = withCase(taken, aCase('1', { status: 'resolved' }), ME);
    expect(lists(over)).toEqual([['2'], [], ['2', '1']]);
    expect(over.recent[1]?.status).toBe('resolved');
  });

  it('is a colleague’s when it is not mine', () => {
    const taken = withCase(before, aCase('1', { status: 'assigned', supporter: SAM }), ME);
    expect(lists(taken)).toEqual([['2'], [], ['2', '1']]);
    expect([statusOf(taken.recent[1]!, ME), statusOf(aCase('3', mine), ME)]).toEqual(['With Sam', 'With you']);
  });

  it('that nobody knew yet comes first among the recent', () => {
    expect(lists(withCase(before, aCase('3'), ME))).toEqual([['1', '2', '3'], [], ['3', '2', '1']]);
    // Lists that were not read yet are not made up.
    expect(withCase(EMPTY_DESK, aCase('3'), ME).waiting).toBeNull();
  });
});

describe('the desk', () => {
  it('finds by every word, in names, reasons, tags and what was asked', () => {
    const asked = { asked: ['Where is my parcel?'], tried: [], entities: {}, sources: [] };
    const list = [
      aCase('1', { reason: 'Parcel damaged', skill: 'returns' }),
      aCase('2', { summary: asked, supporter: SAM }),
    ];
    expect(ids(found(list, ' parcel'))).toEqual(['1', '2']);
    expect(ids(found(list, 'PARCEL sam'))).toEqual(['2']);
    expect(ids(found(list, 'returns user'))).toEqual(['1']);
    expect(ids(found(list, 'nothing'))).toEqual([]);
    expect(found(list, '  ')).toBe(list);
  });

  it('goes on from the open one and stops at the ends', () => {
    const list = [aCase('1'), aCase('2')];
    expect([neighbour(list, '1', 1)?.id, neighbour(list, '2', 1)?.id, neighbour(list, '1', -1)?.id]).toEqual([
      '2',
      '2',
      '1',
    ]);
    expect([neighbour(list, null, 1)?.id, neighbour(list, 'gone', -1)?.id, neighbour([], null, 1)]).toEqual([
      '1',
      '2',
      null,
    ]);
  });

  it('counts what is unread until it is read, and changes nothing when nothing changes', () => {
    const twice = withUnread(withUnread(EMPTY_DESK, 'c-1'), 'c-1');
    expect(twice.unread.get('c-1')).toBe(2);
    expect(asRead(twice, 'c-1').unread.size).toBe(0);
    expect(asRead(EMPTY_DESK, 'c-1')).toBe(EMPTY_DESK);
    expect(withTyping(EMPTY_DESK, 'c-1', false)).toBe(EMPTY_DESK);
    expect(withTyping(withTyping(EMPTY_DESK, 'c-1', true), 'c-1', false).typing.size).toBe(0);
  });
});
