import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryHub } from '#platform/bus';
import type { RequestContext } from '#platform/context';
import { newId, openDatabase, UnitOfWork } from '#platform/database';
import {
  contextOf,
  conversationWorld,
  message,
  Reader,
  type Script,
  turnOf,
} from '../../support/conversation-world.js';
import { gated, stopped, words } from '../../support/scripted-turns.js';
import { TestDatabase } from '../../support/test-database.js';
import { CutOffProxy } from '../platform/cut-off.proxy.js';

/** Says one word, and nothing more until it is stopped. */
const stuck: Script = async (_input, emit, signal) => {
  emit({ type: 'token', content: 'Half of ' });
  await stopped(signal);
};

type World = ReturnType<typeof conversationWorld>;

/** Who holds a turn, for how long, and who takes it. Each test has the database's turns to itself. */
describe('the lease of a turn', () => {
  let db: TestDatabase;
  let ctx: RequestContext;
  const worlds: World[] = [];
  const start = (options: Partial<Parameters<typeof conversationWorld>[1]> = {}, uow = db.uow) => {
    const made = conversationWorld(uow, { script: words, leaseSeconds: 2, ...options });
    worlds.push(made);
    return made;
  };

  beforeAll(async () => {
    db = await TestDatabase.start({ pool: 16 });
    const { tenantId } = await db.tenant();
    ctx = contextOf(tenantId, await db.principal(tenantId));
  });
  afterEach(async () => {
    for (const made of worlds.splice(0)) await made.stop();
    // What a failed test left must not be taken over by the next one's worlds.
    await db.uow.query(ctx, 'DELETE FROM app.conversation WHERE tenant_id = $1', [ctx.tenantId]);
  });
  afterAll(() => db.stop());

  const within = (conversationId: string) => ({ conversation: { kind: 'id', id: conversationId } as const });
  const follow = async (world: World, conversationId: string) => {
    const reader = new Reader();
    await world.conversations.resume(ctx, conversationId, 'now', reader);
    return reader;
  };
  const change = (turnId: string, to: string, ...values: unknown[]) =>
    db.uow.query(ctx, `UPDATE app.turn SET ${to} WHERE tenant_id = $1 AND id = $2`, [ctx.tenantId, turnId, ...values]);
  const row = async (turnId: string) => {
    const [turn] = await db.uow.query<{ status: string; start: number; fence: number; held: boolean; until: number }>(
      ctx,
      `SELECT status, start, fence, lease_until > clock_timestamp() AS held,
              extract(epoch FROM lease_until)::float8 AS until FROM app.turn WHERE tenant_id = $1 AND id = $2`,
      [ctx.tenantId, turnId],
    );
    return turn;
  };
  const EXPIRED = `lease_until = clock_timestamp() - interval '1 minute'`;

  /** A turn that the rows say this instance runs, and that it knows nothing of: its process lost it after the commit. */
  const lose = async (world: World, conversationId: string, clientMessageId: string) => {
    const forgetful = Object.create(db.uow) as typeof db.uow;
    forgetful.run = async (scope, work, options) => {
      await db.uow.run(scope, work, options);
      throw new Error('a fault of ours, after the commit');
    };
    Object.assign(world.acceptance, { uow: forgetful });
    const sent = world.turns.submit(ctx, message('lost', { ...within(conversationId), clientMessageId }), new Reader());
    await expect(sent).rejects.toThrow('after the commit');
    Object.assign(world.acceptance, { uow: db.uow });
    const [lost] = await db.uow.query<{ id: string; lease_owner: string }>(
      ctx,
      `SELECT id, lease_owner FROM app.turn WHERE tenant_id = $1 AND conversation_id = $2 AND status = 'running'`,
      [ctx.tenantId, conversationId],
    );
    expect(lost?.lease_owner).toBe(world.instance);
    expect(world.runner.has(String(lost?.id))).toBe(false);
    return String(lost?.id);
  };

  it('that its own instance forgot runs out: the turn is begun again there, and what waits behind it runs', async () => {
    const world = start();
    const reader = new Reader();
    const { conversationId } = await world.turns.submit(ctx, message('q'), reader);
    await reader.done();
    const clientMessageId = newId();
    const lost = await lose(world, conversationId, clientMessageId);
    const repeater = new Reader();
    const again = await world.turns.submit(
      ctx,
      message('lost', { ...within(conversationId), clientMessageId }),
      repeater,
    );
    expect(again).toMatchObject({ repeated: true, ack: { turn_id: lost } });
    const next = await world.turns.submit(ctx, message('next', within(conversationId)), reader);
    expect(next.turnStatus).toBe('queued');
    for (const one of [reader, repeater]) {
      expect(await one.done(lost)).toMatchObject({ status: 'completed' });
      expect(await one.done(turnOf(next))).toMatchObject({ status: 'completed' });
      expect(one.text(lost)).toBe('The answer is 42.');
    }
    expect(await row(lost)).toMatchObject({ start: 2, status: 'completed' });
  });

  it('that its own instance forgot can be stopped all the same', async () => {
    const world = start();
    const reader = new Reader();
    const { conversationId } = await world.turns.submit(ctx, message('q'), reader);
    await reader.done();
    const lost = await lose(world, conversationId, newId());
    const next = await world.turns.submit(ctx, message('next', within(conversationId)), reader);
    expect(await world.turns.abort(ctx, { turnId: lost })).toEqual([lost]);
    expect(await reader.done(lost)).toMatchObject({ status: 'cancelled' });
    expect(await reader.done(turnOf(next))).toMatchObject({ status: 'completed' });
    expect(world.inputs.map(({ content }) => content)).toEqual(['q', 'next']);
  });

  it('that ran out under a process that starved is no reason to take its turn from itself', async () => {
    const { open, script } = gated('first ');
    // Not due for renewal by the next look: that one alone could not mend it.
    const world = start({ script, leaseSeconds: 6 });
    const reader = new Reader();
    const { ack } = await world.turns.submit(ctx, message('q'), reader);
    await reader.until((event) => event.type === 'token');
    const turnId = turnOf({ ack });
    // For good, as if no renewal came to anything: whoever looks at the lease alone would take the turn.
    const asked = {
      instance: world.instance,
      watched: [],
      listened: [],
      leaseSeconds: 6,
      everything: false,
      room: 10,
      served: [],
    };
    const held = [{ tenant: ctx.tenantId, turn: turnId, fence: 1, renew: false }];
    await change(turnId, EXPIRED);
    expect(await world.repository.lookAfter({ ...asked, held })).toEqual([]);
    await change(turnId, `${EXPIRED}, start = 3`);
    expect(await world.repository.lookAfter({ ...asked, held })).toEqual([]);
    await change(turnId, `${EXPIRED}, start = 1`);
    await world.looked(2);
    expect(await row(turnId)).toMatchObject({ status: 'running', start: 1, fence: 1 });
    open();
    expect(await reader.done()).toMatchObject({ status: 'completed' });
    expect(reader.text()).toBe('first second');
    expect(await row(turnId)).toMatchObject({ status: 'completed', start: 1, fence: 1 });
    expect(world.inputs).toHaveLength(1);
  });

  it('that nobody may renew any more ends the turn, also beside one that cannot be ended', async () => {
    const dead = start({ script: stuck });
    const readers = [new Reader(), new Reader()];
    const poisons = [];
    for (const reader of readers) poisons.push(await dead.turns.submit(ctx, message('poison'), reader));
    await dead.die();
    const world = start();
    // Whichever comes first is the one whose end the database refuses, each time.
    let refused: string | null = null;
    const settle = world.repository.settle.bind(world.repository);
    let refusals = 0;
    world.repository.settle = (tx, settlement) => {
      refused ??= settlement.turnId;
      if (settlement.turnId !== refused) return settle(tx, settlement);
      refusals++;
      return Promise.reject(new Error('this one cannot be ended'));
    };
    // In one look, so that they stand in one line.
    await db.uow.query(ctx, `UPDATE app.turn SET start = 3, ${EXPIRED} WHERE tenant_id = $1 AND status = 'running'`, [
      ctx.tenantId,
    ]);
    const followers = [];
    for (const { conversationId } of poisons) followers.push(await follow(world, conversationId));
    await Promise.race(followers.map((reader) => reader.done()));
    const ended = poisons.findIndex((poison) => turnOf(poison) !== refused);
    expect(await followers[ended]?.done()).toMatchObject({ status: 'failed', error: { code: 'INTERRUPTED' } });
    // It is tried again by the next looks, for as long as it takes.
    await world.looked(2);
    expect(refusals).toBeGreaterThan(1);
    world.repository.settle = settle;
    expect(await followers[1 - ended]?.done()).toMatchObject({ status: 'failed', error: { code: 'INTERRUPTED' } });
  });

  it('is one of whoever runs the turn, and so is the time that it may take: a take-over has all of it', async () => {
    const dead = start({ script: stuck });
    const { ack, conversationId } = await dead.turns.submit(ctx, message('q'), new Reader());
    await dead.die();
    const { open, script } = gated('first ');
    const world = start({ script });
    const reader = await follow(world, conversationId);
    // Far longer ago than a turn may take.
    await change(turnOf({ ack }), `created_at = now() - interval '1 hour', ${EXPIRED}`);
    await reader.until((event) => event.type === 'token');
    await world.looked(0);
    open();
    expect(await reader.done()).toMatchObject({ status: 'completed' });
    expect(reader.text()).toBe('first second');

    const hanging = start({ script: stuck, turnSeconds: 1 });
    await world.die();
    const other = await hanging.turns.submit(ctx, message('hangs', within(conversationId)), new Reader());
    await hanging.die();
    const last = start({ script: stuck, turnSeconds: 1 });
    const waiting = await follow(last, conversationId);
    await change(turnOf(other), EXPIRED);
    expect(await waiting.done(turnOf(other))).toMatchObject({ status: 'failed', error: { code: 'TURN_TIMEOUT' } });
  });

  it('is renewed past a connection that died without a word', async () => {
    const proxy = await CutOffProxy.before(db.url);
    const dataSource = await openDatabase({ url: proxy.url, login: db.login, pool: 4 });
    try {
      const hub = new MemoryHub();
      const { open, script } = gated('first ');
      const owner = start({ script, leaseSeconds: 6, hub }, new UnitOfWork(dataSource));
      const reader = new Reader();
      const { ack } = await owner.turns.submit(ctx, message('q'), reader);
      const other = start({ leaseSeconds: 6, hub });
      await owner.looked(1);
      // Every connection of the pool is dead, and only those: a new one gets through.
      proxy.swallow();
      proxy.heal();
      await change(turnOf({ ack }), `lease_until = clock_timestamp() + interval '5500 milliseconds'`);
      const until = async () => (await row(turnOf({ ack })))?.until ?? 0;
      // Up to a second until it looks, a deadline, a second until it looks again.
      for (const old = await until(); (await until()) === old; await sleep(50)) {
        expect(await row(turnOf({ ack }))).toMatchObject({ held: true, start: 1, fence: 1 });
      }
      await other.looked(1);
      expect(await row(turnOf({ ack }))).toMatchObject({ held: true, start: 1, fence: 1 });
      open();
      expect(await reader.done()).toMatchObject({ status: 'completed' });
      expect(other.inputs).toEqual([]);
    } finally {
      for (const made of worlds.splice(0)) await made.stop();
      await dataSource.destroy();
      await proxy.close();
    }
  });

  describe('begins', () => {
    /** Two instances; `a` is full until `open`, and took a message that waits. */
    const waitingOnA = async () => {
      const hub = new MemoryHub();
      const { open, script } = gated('first ');
      const a = start({ script, mostRunning: 1, hub });
      const reader = new Reader();
      const first = await a.turns.submit(ctx, message('first'), reader);
      const second = await a.turns.submit(ctx, message('second'), reader);
      expect(second.turnStatus).toBe('queued');
      return { a, hub, open, reader, first: turnOf(first), second: turnOf(second) };
    };

    it('with the instance that took the message, for as long as nobody can say that it has no room', async () => {
      const { a, first, hub, open, reader, second } = await waitingOnA();
      // As if it were accepted this very moment, for the whole test.
      await change(second, `created_at = now() + interval '1 hour'`);
      const b = start({ hub });
      await b.looked(2);
      expect(await row(second)).toMatchObject({ status: 'queued', start: 0 });
      open();
      await reader.done(first);
      expect(await reader.done(second)).toMatchObject({ status: 'completed' });
      expect(a.inputs.map(({ content }) => content)).toEqual(['first', 'second']);
      expect(b.inputs).toEqual([]);
    });

    it('with another one after a second', async () => {
      const { a, hub, open, reader, second } = await waitingOnA();
      const b = start({ hub });
      const since = Date.now();
      expect(await reader.done(second)).toMatchObject({ status: 'completed' });
      expect(Date.now() - since).toBeLessThan(4000);
      expect(b.inputs.map(({ content }) => content)).toEqual(['second']);
      expect(a.inputs.map(({ content }) => content)).toEqual(['first']);
      open();
    });
  });

  describe('of a last start', () => {
    it('is taken when no other that lost a process runs, and those wait for its end; fresh ones wait for nobody', async () => {
      const dead = start({ script: stuck });
      const left: { turnId: string; conversationId: string }[] = [];
      for (const content of ['again', 'poison', 'later']) {
        const sent = await dead.turns.submit(ctx, message(content), new Reader());
        left.push({ turnId: turnOf(sent), conversationId: sent.conversationId });
      }
      await dead.die();
      const [again, poison, later] = left as [(typeof left)[0], (typeof left)[0], (typeof left)[0]];
      // None of them is anybody's to take yet.
      for (const { turnId } of left) await change(turnId, `lease_until = now() + interval '1 hour'`);

      const order: string[] = [];
      const gates = new Map<string, () => void>();
      const world = start({
        script: async (input, emit) => {
          order.push(`${input.content} begins`);
          emit({ type: 'token', content: 'ok' });
          await new Promise<void>((resolve) => gates.set(input.content, resolve));
          order.push(`${input.content} ends`);
        },
      });
      const readers = new Map<string, Reader>();
      for (const { conversationId, turnId } of left) readers.set(turnId, await follow(world, conversationId));
      const end = async (name: string, done: Promise<unknown>) => {
        for (let waited = 0; !gates.has(name) && waited < 8000; waited += 5) await sleep(5);
        gates.get(name)?.();
        expect(await done).toMatchObject({ status: 'completed' });
      };
      const done = ({ turnId }: { turnId: string }) => readers.get(turnId)!.done(turnId);

      // One that lost a process runs here: the last start of another waits.
      await change(again.turnId, EXPIRED);
      while (order.length === 0) await world.looked(0);
      await change(poison.turnId, `start = 2, ${EXPIRED}`);
      await world.looked(2);
      expect(order).toEqual(['again begins']);
      await end('again', done(again));
      while (order.length < 3) await world.looked(0);
      expect(await row(poison.turnId)).toMatchObject({ start: 3 });
      // While it runs one that lost a process waits, and a fresh one does not.
      await change(later.turnId, EXPIRED);
      const reader = new Reader();
      const fresh = await world.turns.submit(ctx, message('fresh'), reader);
      expect(fresh.turnStatus).toBe('running');
      await end('fresh', reader.done(turnOf(fresh)));
      await world.looked(2);
      await end('poison', done(poison));
      await end('later', done(later));
      expect(order).toEqual([
        ...['again begins', 'again ends'],
        ...['poison begins', 'fresh begins', 'fresh ends', 'poison ends'],
        ...['later begins', 'later ends'],
      ]);
    });
  });
});
