import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryHub } from '#platform/bus';
import type { RequestContext } from '#platform/context';
import { CommitInDoubtError, newId } from '#platform/database';
import { EventEncoder } from '../../../src/channels/protocol/event-encoder.js';
import { TurnRepository } from '../../../src/conversations/store/turn.repository.js';
import { contextOf, conversationWorld, message, Reader, turnOf } from '../../support/conversation-world.js';
import { endless, gated, words } from '../../support/scripted-turns.js';
import { TestDatabase } from '../../support/test-database.js';

type World = ReturnType<typeof conversationWorld>;

/** Things that happen at the same moment, or just after what nobody heard of. */
describe('turns', () => {
  let db: TestDatabase;
  let ctx: RequestContext;
  const worlds: World[] = [];
  const start = (options: Parameters<typeof conversationWorld>[1]) => {
    const made = conversationWorld(db.uow, options);
    worlds.push(made);
    return made;
  };

  beforeAll(async () => {
    db = await TestDatabase.start({ pool: 16 });
  });
  beforeEach(async () => {
    const { tenantId } = await db.tenant();
    ctx = contextOf(tenantId, await db.principal(tenantId));
  });
  afterEach(async () => {
    for (const made of worlds.splice(0)) await made.stop();
  });
  afterAll(() => db.stop());

  const within = (id: string) => ({ kind: 'id', id }) as const;
  const turn = (world: World, { conversationId, ack }: Awaited<ReturnType<World['turns']['submit']>>) =>
    world.conversations.getTurn(ctx, conversationId, turnOf({ ack }));

  /** Turns that a process left, which had begun them `times`. */
  async function abandoned(count: number, times: number): Promise<string[]> {
    const dead = start({ script: endless });
    const sent = [];
    for (let n = 0; n < count; n++) sent.push(await dead.turns.submit(ctx, message(`left ${n}`), new Reader()));
    await dead.die();
    const ids = sent.map(turnOf);
    await db.uow.query(
      ctx,
      `UPDATE app.turn SET start = $3, lease_owner = gen_random_uuid(), lease_until = now() - interval '1 minute'
        WHERE tenant_id = $1 AND id = ANY ($2)`,
      [ctx.tenantId, ids, times],
    );
    return ids;
  }

  it('that are begun for the last time run one by one, and fresh ones do not wait for them', async () => {
    const left = await abandoned(4, 2);
    let atOnce = 0;
    let most = 0;
    const world = start({
      script: async (input) => {
        if (!input.content.startsWith('left')) return;
        most = Math.max(most, ++atOnce);
        await sleep(700);
        atOnce--;
      },
    });
    while (world.inputs.length === 0) await sleep(10);
    const reader = new Reader();
    const fresh = await world.turns.submit(ctx, message('fresh'), reader);
    await reader.done(turnOf(fresh));
    const begunMeanwhile = world.inputs.filter(({ content }) => content.startsWith('left'));
    expect(begunMeanwhile.length).toBeLessThan(left.length);
    for (const id of left) await world.stopper.settled(ctx, id, 10_000);
    expect(most).toBe(1);
    expect(world.inputs.map(({ turnId }) => turnId).sort()).toEqual([...left, turnOf(fresh)].sort());
  });

  it('are taken over several at once', async () => {
    const left = await abandoned(4, 1);
    const { open, script } = gated();
    const world = start({ script });
    for (let waited = 0; world.inputs.length < left.length && waited < 5000; waited += 20) await sleep(20);
    expect(world.inputs).toHaveLength(left.length);
    open();
    for (const id of left) await world.stopper.settled(ctx, id, 5000);
  });

  it('of a tenant that fills one conversation do not keep the place from another tenant', async () => {
    const { open, script } = gated();
    const order: string[] = [];
    const small = start({
      mostRunning: 1,
      script: async (input, emit, signal) => {
        order.push(input.content);
        if (input.content === 'x0') await script(input, emit, signal);
      },
    });
    const { tenantId } = await db.tenant();
    const stranger = contextOf(tenantId, await db.principal(tenantId));
    const reader = new Reader();
    const first = await small.turns.submit(ctx, message('x0'), reader);
    const conversation = within(first.conversationId);
    const sent = [first];
    for (const name of ['x1', 'x2', 'x3'])
      sent.push(await small.turns.submit(ctx, message(name, { conversation }), reader));
    sent.push(await small.turns.submit(stranger, message('y1'), reader));
    open();
    for (const one of sent) await reader.done(turnOf(one));
    expect(order).toEqual(['x0', 'y1', 'x1', 'x2', 'x3']);
  });

  it.each(['here', 'elsewhere'])('that run %s are told whole to somebody who sends the next message', async (where) => {
    const hub = new MemoryHub();
    const { open, script } = gated();
    const a = start({ script, hub });
    const b = start({ script, hub });
    const early = new Reader();
    const first = await a.turns.submit(ctx, message('one'), early);
    const world = where === 'here' ? a : b;
    if (world === b) {
      const onB = new Reader();
      await b.conversations.resume(ctx, first.conversationId, 'now', onB);
      await onB.until(({ type }) => type === 'token');
    }
    const late = new Reader();
    const appended: string[] = [];
    const encoder = new EventEncoder({ stream: true, final: false, format: 'markdown' }, (type, _seq, json) => {
      if (type === 'token') appended.push(String((JSON.parse(json) as { content: string }).content));
    });
    const told = late.deliver.bind(late);
    late.deliver = (event) => {
      if (!('turn_id' in event) || event.turn_id === turnOf(first)) encoder.tell(event);
      told(event);
    };
    const second = await world.turns.submit(ctx, message('two', { conversation: within(first.conversationId) }), late);
    open();
    await late.done(turnOf(first));
    expect(late.types()[0]).toBe('ack');
    expect(late.events.find(({ type }) => type === 'turn')).toMatchObject({
      turn_id: turnOf(first),
      status: 'running',
    });
    expect(late.text(turnOf(first))).toBe('one: first second');
    expect(appended.join('')).toBe('one: first second');
    await late.done(turnOf(second));
  });

  it('that were taken over elsewhere are stopped there, by whoever is asked', async () => {
    const hub = new MemoryHub();
    const a = start({ script: endless, hub, leaseSeconds: 30 });
    const b = start({ script: endless, hub, leaseSeconds: 30 });
    const onA = new Reader();
    const sent = await a.turns.submit(ctx, message('q'), onA);
    await db.uow.query(
      ctx,
      `UPDATE app.turn SET fence = fence + 1, start = 2, lease_owner = $3, lease_until = now() + interval '1 hour'
        WHERE tenant_id = $1 AND id = $2`,
      [ctx.tenantId, turnOf(sent), b.instance],
    );
    await a.turns.abort(ctx, { turnId: turnOf(sent) });
    const [row] = await db.uow.query(ctx, 'SELECT cancel_requested FROM app.turn WHERE tenant_id = $1 AND id = $2', [
      ctx.tenantId,
      turnOf(sent),
    ]);
    expect(row).toEqual({ cancel_requested: true });
  });

  it('that are left for another instance keep the wish to stop', async () => {
    const a = start({ script: endless });
    const sent = await a.turns.submit(ctx, message('q'), new Reader());
    const drained = a.turns.drain(0);
    await a.turns.abort(ctx, { turnId: turnOf(sent) });
    await drained;
    await a.die();
    const b = start({ script: endless });
    await b.stopper.settled(ctx, turnOf(sent), 5000);
    expect(await turn(b, sent)).toMatchObject({ status: 'cancelled' });
    expect(b.inputs).toEqual([]);
  });

  it('that were given back are not renewed by a look that was under way', async () => {
    const a = start({ script: endless });
    const sent = await a.turns.submit(ctx, message('q'), new Reader());
    await a.die();
    const rows = new TurnRepository(db.uow);
    const held = { tenant: ctx.tenantId, turn: turnOf(sent), fence: 1, renew: true };
    await rows.release(ctx, { turnId: turnOf(sent), instance: a.instance, fence: 1 });
    const look = { watched: [], listened: [], leaseSeconds: 60, everything: false, room: 0, served: [] };
    await rows.lookAfter({ ...look, instance: a.instance, held: [held] });
    const [row] = await db.uow.query(
      ctx,
      'SELECT lease_until < clock_timestamp() AS over FROM app.turn WHERE tenant_id = $1 AND id = $2',
      [ctx.tenantId, turnOf(sent)],
    );
    expect(row).toEqual({ over: true });
  });

  it('whose claim was committed and the reply lost begin at once, and only once', async () => {
    const [left] = await abandoned(1, 1);
    const world = start({ script: words, leaseSeconds: 60 });
    const rows = new TurnRepository(db.uow);
    let lost = 0;
    jest.spyOn(TurnRepository.prototype, 'claim').mockImplementation(async function (tx, claim) {
      jest.restoreAllMocks();
      await rows.claim(tx, claim);
      lost++;
      throw new CommitInDoubtError(new Error('reply lost'));
    });
    await world.stopper.settled(ctx, left ?? '', 10_000);
    const [row] = await db.uow.query(ctx, 'SELECT status, start FROM app.turn WHERE tenant_id = $1 AND id = $2', [
      ctx.tenantId,
      left,
    ]);
    const begun = world.inputs.filter(({ turnId }) => turnId === left);
    expect([row, lost, begun.length]).toEqual([{ status: 'completed', start: 2 }, 1, 1]);
  });

  it('are told while no news come, also in a conversation where nothing ran', async () => {
    const hub = new MemoryHub();
    const a = start({ script: words, hub });
    const b = start({ script: words, hub });
    const onA = new Reader();
    const first = await a.turns.submit(ctx, message('one'), onA);
    await onA.done(turnOf(first));
    const onB = new Reader();
    await b.conversations.resume(ctx, first.conversationId, 'now', onB);
    const join = hub.cut(b.instance);
    const second = await a.turns.submit(ctx, message('two', { conversation: within(first.conversationId) }), onA);
    expect(await onB.until((event) => event.type === 'done' && event.turn_id === turnOf(second), 4000)).toBeDefined();
    join();
  });

  it('that are to end with their last reader go on while it is not known whether there is one elsewhere', async () => {
    const hub = new MemoryHub();
    const a = start({ script: endless, hub });
    const b = start({ script: endless, hub });
    const onA = new Reader();
    const sent = await a.turns.submit(ctx, message('q', { onDisconnect: 'cancel' }), onA);
    const onB = new Reader();
    await b.conversations.resume(ctx, sent.conversationId, 'now', onB);
    await onB.until(({ type }) => type === 'token');
    const join = hub.cut(a.instance);
    await sleep(1200);
    a.conversations.unsubscribe(onA.id);
    await sleep(300);
    expect(a.runner.has(turnOf(sent))).toBe(true);
    join();
    await onB.until((event) => event.type === 'token', 1000);
    await b.turns.abort(ctx, { turnId: turnOf(sent) });
    await b.stopper.settled(ctx, turnOf(sent), 3000);
  });

  it('are not preceded by an empty conversation that a repeat under a new key made', async () => {
    const world = start({ script: words });
    const reader = new Reader();
    const clientMessageId = newId();
    const first = await world.turns.submit(ctx, message('q', { clientMessageId }), reader);
    await reader.done();
    const conversation = { kind: 'key', key: 'a-new-one' } as const;
    const again = await world.turns.submit(
      ctx,
      message('q', { clientMessageId, conversation, conversationAsSent: { kind: 'new' } }),
      new Reader(),
    );
    expect(again).toMatchObject({ repeated: true, conversationId: first.conversationId });
    const { tenantId } = ctx;
    expect(await db.uow.query(ctx, 'SELECT id FROM app.conversation WHERE tenant_id = $1', [tenantId])).toEqual([
      { id: first.conversationId },
    ]);
  });

  it('that fail where a person took over are handed off without an error, also for whoever comes later', async () => {
    const { open, script } = gated();
    const world = start({
      script: async (...run) => {
        await script(...run);
        throw new Error('too late');
      },
    });
    const reader = new Reader();
    const sent = await world.turns.submit(ctx, message('q'), reader);
    await reader.until(({ type }) => type === 'token');
    await db.uow.query(
      ctx,
      `UPDATE app.conversation SET owner = 'human', owner_epoch = owner_epoch + 1 WHERE tenant_id = $1 AND id = $2`,
      [ctx.tenantId, sent.conversationId],
    );
    open();
    expect(await reader.done()).not.toHaveProperty('error');
    expect(reader.types()).not.toContain('error');
    expect(await turn(world, sent)).toMatchObject({ status: 'handed_off', error: null });
    const late = new Reader();
    await world.conversations.resume(ctx, sent.conversationId, 1, late);
    expect(late.events.slice(-2)).toMatchObject([
      { type: 'token', content: '', offset: 0 },
      { type: 'done', status: 'handed_off' },
    ]);
  });

  it('are read again a few at a time after news were lost', async () => {
    const hub = new MemoryHub();
    const a = start({ script: words, hub });
    start({ script: words, hub });
    for (let n = 0; n < 40; n++) {
      const reader = new Reader();
      const sent = await a.turns.submit(ctx, message(`q${n}`), reader);
      await reader.done(turnOf(sent));
    }
    const run = db.uow.run.bind(db.uow);
    let open = 0;
    let most = 0;
    const spy = jest.spyOn(db.uow, 'run').mockImplementation(async (...call) => {
      most = Math.max(most, ++open);
      try {
        return (await run(...call)) as never;
      } finally {
        open--;
      }
    });
    hub.cut(a.instance)();
    for (let waited = 0; spy.mock.calls.length < 40 && waited < 5000; waited += 20) await sleep(20);
    spy.mockRestore();
    expect(most).toBeLessThanOrEqual(6);
  });

  it('that ended elsewhere, unheard, are not told as running to whoever comes', async () => {
    const hub = new MemoryHub();
    const { open, script } = gated();
    const a = start({ script, hub });
    const b = start({ script: words, hub });
    const onA = new Reader();
    const first = await a.turns.submit(ctx, message('one'), onA);
    const onB = new Reader();
    await b.conversations.resume(ctx, first.conversationId, 'now', onB);
    await onB.until(({ type }) => type === 'token');
    const join = hub.cut(b.instance);
    // Not found by the tick either.
    jest.spyOn(b.catchUp, 'run').mockResolvedValue();
    open();
    await onA.done(turnOf(first));
    const resumed = new Reader();
    await b.conversations.resume(ctx, first.conversationId, 0, resumed);
    expect(resumed.events.filter((event) => event.type === 'turn')).toEqual([]);
    expect(resumed.types().filter((type) => type === 'done')).toHaveLength(1);
    jest.restoreAllMocks();
    const sender = new Reader();
    const second = await b.turns.submit(ctx, message('two', { conversation: within(first.conversationId) }), sender);
    await sender.done(turnOf(second));
    expect(sender.events.filter((event) => event.type === 'turn').map(({ turn_id }) => turn_id)).toEqual([
      turnOf(second),
    ]);
    join();
  });

  it('whose opening was lost are begun although the server has filled up since', async () => {
    const { open, script } = gated();
    const world = start({ script, mostRunning: 1 });
    const run = db.uow.run.bind(db.uow);
    const reader = new Reader();
    let lost = false;
    const doubtful = Object.create(db.uow) as typeof db.uow;
    doubtful.run = async (...call) => {
      const result = await run(...call);
      if (lost) return result;
      lost = true;
      await world.turns.submit(ctx, message('fills it'), new Reader());
      throw new CommitInDoubtError(new Error('reply lost'));
    };
    Object.assign(world.acceptance, { uow: doubtful });
    const sent = await world.turns.submit(ctx, message('q'), reader);
    open();
    await reader.done(turnOf(sent));
    expect(await turn(world, sent)).toMatchObject({ status: 'completed', start: 1 });
  });

  it('that wait for their last reader are not ended while it is not known whether there is one elsewhere', async () => {
    const hub = new MemoryHub();
    const { open, script } = gated();
    const a = start({ script, hub });
    start({ script, hub });
    const [early, reader] = [new Reader(), new Reader()];
    const first = await a.turns.submit(ctx, message('one'), early);
    const conversation = within(first.conversationId);
    const second = await a.turns.submit(ctx, message('two', { conversation, onDisconnect: 'cancel' }), reader);
    const join = hub.cut(a.instance);
    jest.spyOn(a.bus, 'peers').mockReturnValue(new Set());
    await sleep(1200);
    for (const { id } of [early, reader]) a.conversations.unsubscribe(id);
    await sleep(300);
    expect(await turn(a, second)).toMatchObject({ status: 'queued' });
    jest.restoreAllMocks();
    join();
    open();
    await a.stopper.settled(ctx, turnOf(second), 9000);
  });

  it('of many that end at the limit do not put off the look that renews the leases', async () => {
    const LOOK_MS = 1500;
    const world = start({ script: words, mostRunning: 1 });
    const looks: number[] = [];
    const look = world.repository.lookAfter.bind(world.repository);
    jest.spyOn(world.repository, 'lookAfter').mockImplementation(async (asked) => {
      looks.push(performance.now());
      await sleep(LOOK_MS);
      return look(asked);
    });
    for (const until = performance.now() + 9000; performance.now() < until; await sleep(50)) world.scheduler.wake();
    const apart = looks.slice(1).map((at, n) => at - (looks[n] ?? 0));
    // A rest of a tick: twice the look would be three seconds.
    expect(Math.max(...apart)).toBeLessThan(LOOK_MS + 2500);
    expect(Math.min(...apart)).toBeGreaterThan(LOOK_MS + 900);
  }, 20_000);
});
