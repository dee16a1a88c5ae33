import type { ServerFrame, Session } from '../sdk/index.js';
import { Desk, type DeskNews } from './desk.js';
import type { Case } from './desk-state.js';

const ME = 'me';
const realFetch = globalThis.fetch;

function aCase(id: string, of: Partial<Case> = {}): Case {
  return {
    ...{ id, conversation_id: `c-${id}`, status: 'waiting', position: 1, eta_s: null, reason: `Reason ${id}` },
    ...{ cause: 'requested', skill: null, language: null, email: null, supporter: null, ended_at: null },
    user: { id: 'u', name: `User ${id}` },
    summary: { asked: [], tried: [], entities: {}, sources: [] },
    ...{ waiting_since: '2026-01-01', created_at: '2026-01-01', updated_at: '2026-01-01' },
    ...of,
  } as Case;
}
const mine = (id: string) => aCase(id, { status: 'assigned', supporter: { id: ME, name: 'Me' } });

/** A server with these lists, and whatever a step answers. */
function setup() {
  const lists = { waiting: [] as Case[], mine: [] as Case[], recent: [] as Case[] };
  const steps = new Map<string, { status: number; body: object }>();
  const calls: { path: string; body: unknown }[] = [];
  globalThis.fetch = (input, init = {}) => {
    const path = String(input).replace('/api/acme/supporter/', '');
    calls.push({ path, body: typeof init.body === 'string' ? JSON.parse(init.body) : null });
    const step = steps.get(path);
    const data = path.startsWith('queue')
      ? lists.waiting
      : path.includes('status=assigned')
        ? lists.mine
        : lists.recent;
    const answer = step ?? { status: 200, body: path === 'availability' ? { status: 'online' } : { data } };
    return Promise.resolve(new Response(JSON.stringify(answer.body), { status: answer.status }));
  };
  const news: DeskNews[] = [];
  const watched: (readonly string[])[] = [];
  const screen = { open: null as string | null };
  const desk = new Desk({
    session: { token: () => Promise.resolve('t') } as unknown as Session,
    tenant: 'acme',
    me: ME,
    openConversation: () => screen.open,
    watch: (ids) => watched.push(ids),
    onNews: (one) => news.push(one),
  });
  return { desk, lists, steps, calls, news, watched, screen };
}
const frame = (of: object) => of as ServerFrame;

beforeEach(() => {
  jest.useFakeTimers();
  Object.assign(globalThis, { document: { hidden: false } });
});
afterEach(() => {
  jest.useRealTimers();
  globalThis.fetch = realFetch;
  Reflect.deleteProperty(globalThis, 'document');
});

describe('the desk', () => {
  it('reads the lists once for a burst of frames, and tells of who is new since it began', async () => {
    const { calls, desk, lists, news } = setup();
    lists.waiting = [aCase('1')];
    await desk.start();
    expect([desk.snapshot.waiting?.length, news]).toEqual([1, []]);
    lists.waiting = [aCase('1'), aCase('2')];
    const before = calls.length;
    for (let burst = 0; burst < 5; burst++) desk.receive(frame({ type: 'escalation', conversation_id: 'c-2' }));
    await jest.advanceTimersByTimeAsync(300);
    expect(calls.length - before).toBe(3);
    expect(news).toEqual([{ kind: 'waiting', title: 'User 2 waits for a person', text: 'Reason 2', caseId: '2' }]);
    desk.stop();
  });

  it('follows one’s own conversations, and counts what is said in those that are not open', async () => {
    const { desk, lists, news, screen, watched } = setup();
    lists.mine = [mine('1'), mine('2')];
    await desk.start();
    expect(watched.at(-1)).toEqual(['c-1', 'c-2']);
    screen.open = 'c-1';
    const said = (conversation_id: string, role = 'user') =>
      desk.receive(frame({ type: 'message', conversation_id, role, content: 'Hello?', id: 'm' }));
    said('c-1');
    said('c-2', 'supporter');
    said('c-9');
    expect([desk.snapshot.unread.size, news]).toEqual([0, []]);
    said('c-2');
    expect([...desk.snapshot.unread]).toEqual([['c-2', 1]]);
    expect(news).toEqual([{ kind: 'message', title: 'User 2', text: 'Hello?', caseId: '2' }]);
    desk.opened('c-2');
    expect(desk.snapshot.unread.size).toBe(0);
    desk.stop();
  });

  it('shows who writes, until they have said it or say nothing more', async () => {
    const { desk } = setup();
    const typing = (on: boolean, from = 'user') =>
      desk.receive(frame({ type: 'typing', conversation_id: 'c-1', from, on }));
    typing(true, 'supporter');
    expect(desk.snapshot.typing.size).toBe(0);
    typing(true);
    expect(desk.snapshot.typing.has('c-1')).toBe(true);
    desk.receive(frame({ type: 'message', conversation_id: 'c-1', role: 'user', content: 'x', id: 'm' }));
    expect(desk.snapshot.typing.size).toBe(0);
    typing(true);
    await jest.advanceTimersByTimeAsync(6000);
    expect(desk.snapshot.typing.size).toBe(0);
  });

  it('moves a case that a step has changed, and looks again where somebody was quicker', async () => {
    const { calls, desk, lists, steps, watched } = setup();
    lists.waiting = [aCase('1'), aCase('2')];
    await desk.start();
    steps.set('escalations/1/accept', { status: 200, body: mine('1') });
    await desk.accept('1');
    expect([desk.snapshot.waiting?.length, desk.snapshot.mine.length, watched.at(-1)]).toEqual([1, 1, ['c-1']]);
    const refusal = { code: 'CONFLICT', detail: 'Rita has taken this conversation: choose another one' };
    steps.set('escalations/2/accept', { status: 409, body: refusal });
    lists.waiting = [];
    const before = calls.length;
    await expect(desk.accept('2')).rejects.toThrow(/Rita has taken/);
    await jest.advanceTimersByTimeAsync(0);
    expect(calls.length - before).toBe(4);
    expect(desk.snapshot.waiting).toEqual([]);
    desk.stop();
  });

  it('says why the queue could not be read, and keeps what it had', async () => {
    const { desk, lists, steps } = setup();
    lists.waiting = [aCase('1')];
    await desk.start();
    steps.set('queue?limit=100', { status: 503, body: { detail: 'Come back later' } });
    desk.receive(frame({ type: 'ready' }));
    await jest.advanceTimersByTimeAsync(300);
    expect(desk.snapshot).toMatchObject({ error: 'Come back later', waiting: [{ id: '1' }] });
    desk.stop();
  });
});
