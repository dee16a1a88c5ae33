import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryHub } from '#platform/bus';
import type { RequestContext } from '#platform/context';
import { newId } from '#platform/database';
import { contextOf, conversationWorld, message, Reader, turnOf } from '../../support/conversation-world.js';
import { endless, gated, words } from '../../support/scripted-turns.js';
import { TestDatabase } from '../../support/test-database.js';

type World = ReturnType<typeof conversationWorld>;

/** Two instances on one database; with a bus between them, or with none, as when it is away. */
describe.each([
  ['that hear of each other', () => new MemoryHub()],
  ['that hear nothing of each other', () => undefined],
])('two instances %s', (_name, makeHub) => {
  let db: TestDatabase;
  let ctx: RequestContext;
  let a: World;
  let b: World;
  const worlds: World[] = [];
  const start = (options: Omit<Parameters<typeof conversationWorld>[1], 'hub'>, hub?: MemoryHub) => {
    const made = conversationWorld(db.uow, { ...options, hub });
    worlds.push(made);
    return made;
  };

  beforeAll(async () => {
    db = await TestDatabase.start({ pool: 16 });
    const { tenantId } = await db.tenant();
    ctx = contextOf(tenantId, await db.principal(tenantId));
  });
  beforeEach(() => {
    const hub = makeHub();
    a = start({ script: words, leaseSeconds: 2 }, hub);
    b = start({ script: words, leaseSeconds: 2 }, hub);
  });
  afterEach(async () => {
    for (const made of worlds.splice(0)) await made.stop();
  });
  afterAll(() => db.stop());

  const follow = async (world: World, conversationId: string) => {
    const reader = new Reader();
    await world.conversations.resume(ctx, conversationId, 'now', reader);
    return reader;
  };
  const within = (conversationId: string) => ({ kind: 'id', id: conversationId }) as const;

  it('run a message that one took behind a turn of the other, and show both turns to both sides', async () => {
    const { open, script } = gated();
    a.play(script);
    b.play(script);
    const onA = new Reader();
    const first = await a.turns.submit(ctx, message('one'), onA);
    const onB = await follow(b, first.conversationId);
    const second = await b.turns.submit(ctx, message('two', { conversation: within(first.conversationId) }), onB);
    expect(second.turnStatus).toBe('queued');
    open();
    for (const reader of [onA, onB]) {
      expect(await reader.done(turnOf(first))).toMatchObject({ status: 'completed' });
      expect(await reader.done(turnOf(second))).toMatchObject({ status: 'completed' });
      const told = reader.events.filter((event) => event.type === 'done').map((event) => event.turn_id);
      expect(told).toEqual([turnOf(first), turnOf(second)]);
    }
    // The question that the other one took is shown here too, once.
    expect(onA.events.filter((event) => event.type === 'message' && event.content === 'two')).toHaveLength(1);
  });

  it('show somebody who only sends the turn that the message waits for', async () => {
    const { open, script } = gated();
    a.play(script);
    b.play(script);
    const onA = new Reader();
    const first = await a.turns.submit(ctx, message('one'), onA);
    await onA.until((event) => event.type === 'token');
    const onB = new Reader();
    await b.turns.submit(ctx, message('two', { conversation: within(first.conversationId) }), onB);
    await onB.until((event) => event.type === 'turn' && event.turn_id === turnOf(first), 2000);
    open();
    expect(await onB.done(turnOf(first))).toMatchObject({ status: 'completed' });
    expect(onB.text(turnOf(first))).toBe('one: first second');
  });

  it('tell a repeat on one of a turn of the other the same ack, and its end', async () => {
    const { open, script } = gated();
    a.play(script);
    const clientMessageId = newId();
    const first = await a.turns.submit(ctx, message('q', { clientMessageId }), new Reader());
    const onB = new Reader();
    const again = await b.turns.submit(ctx, message('q', { clientMessageId }), onB);
    expect(again).toMatchObject({ ack: first.ack, repeated: true });
    open();
    expect(await onB.done(turnOf(first))).toMatchObject({ status: 'completed' });
    expect(onB.text(turnOf(first))).toBe('q: first second');
  });

  it('stop a turn of the other', async () => {
    a.play(endless);
    const onA = new Reader();
    const { ack, conversationId } = await a.turns.submit(ctx, message('q'), onA);
    await onA.until((event) => event.type === 'token');
    const onB = await follow(b, conversationId);
    expect(await b.turns.abort(ctx, { conversation: within(conversationId) })).toEqual([ack.turn_id]);
    for (const reader of [onA, onB]) {
      expect(await reader.done()).toMatchObject({ status: 'cancelled' });
      expect(await reader.until((event) => event.type === 'message' && event.role === 'assistant')).toMatchObject({
        metadata: { partial: true },
      });
    }
  });

  it('end the turns of a conversation that is deleted on the other one', async () => {
    a.play(endless);
    const onA = new Reader();
    const first = await a.turns.submit(ctx, message('q'), onA);
    const second = await a.turns.submit(ctx, message('then', { conversation: within(first.conversationId) }), onA);
    const onB = await follow(b, first.conversationId);
    await b.conversations.delete(ctx, first.conversationId);
    for (const reader of [onA, onB]) {
      expect(await reader.done(turnOf(first))).toMatchObject({ status: 'cancelled' });
      expect(await reader.done(turnOf(second))).toMatchObject({ status: 'cancelled' });
    }
    await a.stopper.settled(ctx, turnOf(first), 2000);
    expect(a.runner.size).toBe(0);
  });

  it('begin a turn again whose process died, from offset 0, with the same ids', async () => {
    a.play(async (_input, emit, signal) => {
      emit({ type: 'token', content: 'Half of ' });
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    });
    const onA = new Reader();
    const { ack, conversationId } = await a.turns.submit(ctx, message('q'), onA);
    await onA.until((event) => event.type === 'token');
    const onB = await follow(b, conversationId);
    await a.die();
    expect(await onB.done(turnOf({ ack }))).toMatchObject({ status: 'completed' });
    expect(onB.text()).toBe('The answer is 42.');
    const begun = onB.events.flatMap((event) => (event.type === 'turn' ? [[event.start, event.answer_id]] : []));
    expect(begun.map(([count]) => count)).toEqual([1, 2]);
    expect(new Set(begun.map(([, id]) => id)).size).toBe(1);
    expect(onB.events.find((event) => event.type === 'message' && event.role === 'assistant')).toMatchObject({
      id: begun[0]?.[1],
    });
    expect(await b.conversations.getTurn(ctx, conversationId, turnOf({ ack }))).toMatchObject({ start: 2, attempt: 1 });
  });

  it('do not begin a turn a fourth time, and stop what somebody asked to stop meanwhile', async () => {
    a.play(() => new Promise(() => undefined));
    const onA = new Reader();
    const poison = await a.turns.submit(ctx, message('poison'), onA);
    const unwanted = await a.turns.submit(ctx, message('unwanted'), onA);
    await db.uow.query(ctx, 'UPDATE app.turn SET start = 3 WHERE tenant_id = $1 AND id = $2', [
      ctx.tenantId,
      turnOf(poison),
    ]);
    await a.die();
    await b.turns.abort(ctx, { turnId: turnOf(unwanted) });
    const readers = [await follow(b, poison.conversationId), await follow(b, unwanted.conversationId)];
    expect(await readers[0]?.done(turnOf(poison))).toMatchObject({
      status: 'failed',
      error: { code: 'INTERRUPTED', retryable: true },
    });
    expect(await readers[1]?.done(turnOf(unwanted))).toMatchObject({ status: 'cancelled' });
  });

  it('refuse what a stalled owner writes after it was overtaken, and tell its readers the end all the same', async () => {
    const { open, script } = gated();
    a.play(script);
    const onA = new Reader();
    const { ack, conversationId } = await a.turns.submit(ctx, message('q'), onA);
    await onA.until((event) => event.type === 'token');
    // As after SIGSTOP: another one has taken the turn over and ended it before this one notices anything.
    await db.uow.query(
      ctx,
      `UPDATE app.turn SET lease_until = clock_timestamp() - interval '1 minute', fence = fence + 1, lease_owner = $3
        WHERE tenant_id = $1 AND id = $2`,
      [ctx.tenantId, turnOf({ ack }), newId()],
    );
    const onB = await follow(b, conversationId);
    for (const reader of [onA, onB]) {
      expect(await reader.done(turnOf({ ack }))).toMatchObject({ status: 'completed' });
      expect(reader.text()).toBe('The answer is 42.');
    }
    open();
    await sleep(100);
    expect(onA.types().filter((type) => type === 'done')).toHaveLength(1);
    const kept = await b.conversations.listMessages(ctx, conversationId, { limit: 10, after: null, descending: false });
    expect(kept.map(({ content }) => content)).toEqual(['q', 'The answer is 42.']);
  });

  it('keep a lease for as long as a turn runs, also when it ran out while nobody looked', async () => {
    const lease = async (turnId: string) => {
      const [row] = await db.uow.query<{ start: number; fence: number; held: boolean }>(
        ctx,
        `SELECT start, fence, lease_until > clock_timestamp() AS held FROM app.turn WHERE tenant_id = $1 AND id = $2`,
        [ctx.tenantId, turnId],
      );
      return row;
    };
    a.play(endless);
    const onA = new Reader();
    const { ack } = await a.turns.submit(ctx, message('long'), onA);
    // Longer than the lease, beside one that would take it.
    for (let looks = 0; looks < 3; looks++) {
      await b.looked(1);
      expect(await lease(turnOf({ ack }))).toEqual({ held: true, start: 1, fence: 1 });
    }
    // Nobody looks: the other one is gone, and its owner comes late.
    await b.die();
    await db.uow.query(
      ctx,
      `UPDATE app.turn SET lease_until = clock_timestamp() - interval '1 minute' WHERE tenant_id = $1 AND id = $2`,
      [ctx.tenantId, turnOf({ ack })],
    );
    await a.looked(1);
    expect(await lease(turnOf({ ack }))).toEqual({ held: true, start: 1, fence: 1 });
    const late = start({ script: words, leaseSeconds: 2 });
    await late.looked(2);
    expect(await lease(turnOf({ ack }))).toEqual({ held: true, start: 1, fence: 1 });
    await a.turns.abort(ctx, { turnId: turnOf({ ack }) });
    expect(await onA.done()).toMatchObject({ status: 'cancelled' });
    expect(late.inputs).toEqual([]);
  });

  it('let a message wait when one is full, and begin it on the other', async () => {
    const { open, script } = gated();
    const small = start({ script, mostRunning: 1 }, makeHub());
    const reader = new Reader();
    const first = await small.turns.submit(ctx, message('one'), reader);
    const second = await small.turns.submit(ctx, message('two'), reader);
    expect(second.turnStatus).toBe('queued');
    expect(await reader.done(turnOf(second))).toMatchObject({ status: 'completed' });
    expect(reader.text(turnOf(second))).toBe('The answer is 42.');
    // On one of the other two: this one is full until now (who may when: turn-leases.int-spec).
    expect(small.inputs.map(({ content }) => content)).toEqual(['one']);
    open();
    await reader.done(turnOf(first));
  });

  it('end a turn with its last reader, wherever that one is', async () => {
    a.play(endless);
    const onA = new Reader();
    const { ack, conversationId } = await a.turns.submit(ctx, message('q', { onDisconnect: 'cancel' }), onA);
    const onB = await follow(b, conversationId);
    if (makeHub() !== undefined) {
      await onB.until((event) => event.type === 'token');
      a.conversations.unsubscribe(onA.id);
      await sleep(300);
      expect(a.runner.has(turnOf({ ack }))).toBe(true);
      b.conversations.unsubscribe(onB.id);
    } else a.conversations.unsubscribe(onA.id);
    await a.stopper.settled(ctx, turnOf({ ack }), 3000);
    expect(await b.conversations.getTurn(ctx, conversationId, turnOf({ ack }))).toMatchObject({ status: 'cancelled' });
  });

  it('ask no model for a turn that waited until its last reader had gone', async () => {
    const { open, script } = gated();
    a.play(script);
    const onA = new Reader();
    const first = await a.turns.submit(ctx, message('one'), onA);
    const conversation = within(first.conversationId);
    const onB = new Reader();
    const second = await b.turns.submit(ctx, message('two', { conversation, onDisconnect: 'cancel' }), onB);
    a.conversations.unsubscribe(onA.id);
    b.conversations.unsubscribe(onB.id);
    open();
    await b.stopper.settled(ctx, turnOf(second), 8000);
    expect(await b.conversations.getTurn(ctx, first.conversationId, turnOf(second))).toMatchObject({
      status: 'cancelled',
    });
    expect([...a.inputs, ...b.inputs].map(({ content }) => content)).toEqual(['one']);
  });
});
