import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryHub } from '#platform/bus';
import type { RequestContext } from '#platform/context';
import { newId } from '#platform/database';
import { contextOf, conversationWorld, message, Reader, turnOf } from '../../support/conversation-world.js';
import { MessageRepository } from '../../../src/conversations/store/message.repository.js';
import { gated, words } from '../../support/scripted-turns.js';
import { TestDatabase } from '../../support/test-database.js';

type World = ReturnType<typeof conversationWorld>;

/** Readers that come while something else happens: nothing is lost, nothing is told twice, nobody waits for what is over. */
describe('readers of a conversation', () => {
  let db: TestDatabase;
  let ctx: RequestContext;
  let a: World;
  let b: World;
  const worlds: World[] = [];

  beforeAll(async () => {
    db = await TestDatabase.start({ pool: 16 });
    const { tenantId } = await db.tenant();
    ctx = contextOf(tenantId, await db.principal(tenantId));
  });
  beforeEach(() => {
    const hub = new MemoryHub();
    a = conversationWorld(db.uow, { script: words, hub });
    b = conversationWorld(db.uow, { script: words, hub });
    worlds.push(a, b);
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
  /** The next reading of `world` has its answer only after `meanwhile`, as on a slow network. */
  const readSlowly = (world: World, meanwhile: () => Promise<void>) => {
    let first = true;
    const slow = Object.create(db.uow) as typeof db.uow;
    slow.run = async (scope, work, options) => {
      const isFirst = first;
      first = false;
      const result = await db.uow.run(scope, work, options);
      if (isFirst) await meanwhile();
      return result;
    };
    Object.assign(world.catchUp, { uow: slow });
  };
  const attachDuring = async (world: World, conversationId: string, meanwhile: () => Promise<void>) => {
    const reader = new Reader();
    readSlowly(world, meanwhile);
    // As `resume` does: what is stored up to the position is read, what is younger is told.
    await world.catchUp.attach(ctx, conversationId, reader, async (tx, { last_seq: upTo }) => {
      const events = await new MessageRepository().eventsAfter(tx, conversationId, 0, 100);
      return { result: null, events: events.filter((event) => 'seq' in event && event.seq <= upTo) };
    });
    return reader;
  };

  it.each(['here', 'elsewhere'])('are not told again of a turn that ended %s while one of them came', async (where) => {
    const { open, script } = gated('first ');
    a.play(script);
    const onA = new Reader();
    const { ack, conversationId } = await a.turns.submit(ctx, message('q'), onA);
    const [world, other] = where === 'here' ? [a, onA] : [b, await follow(b, conversationId)];
    const late = await attachDuring(world, conversationId, async () => {
      open();
      await other.done(turnOf({ ack }));
    });
    await late.done(turnOf({ ack }));
    await sleep(200);
    for (const reader of [other, late]) {
      expect(reader.types().filter((type) => type === 'done')).toHaveLength(1);
      expect(reader.types().at(-1)).toBe('done');
    }
    const stream = world.streams.find(ctx, conversationId);
    expect(stream?.open.size).toBe(0);
    expect(stream?.live).toBeNull();
  });

  it('do not see a turn wait that began while one of them came', async () => {
    const { open, script } = gated('first ');
    a.play(script);
    const onA = new Reader();
    const first = await a.turns.submit(ctx, message('one'), onA);
    const second = await a.turns.submit(ctx, message('two', { conversation: within(first.conversationId) }), onA);
    const after = gated('first ');
    const late = await attachDuring(a, first.conversationId, async () => {
      a.play(after.script);
      open();
      await onA.until(
        (event) => event.type === 'turn' && event.turn_id === turnOf(second) && event.status === 'running',
      );
    });
    await sleep(100);
    const states = late.events.flatMap((event) =>
      event.type === 'turn' && event.turn_id === turnOf(second) ? [event.status] : [],
    );
    expect(states.at(-1)).toBe('running');
    after.open();
    await late.done(turnOf(second));
  });

  it('learn that the conversation is gone when it is deleted while one of them comes', async () => {
    const { script } = gated('first ');
    a.play(script);
    const onA = new Reader();
    const { ack, conversationId } = await a.turns.submit(ctx, message('q'), onA);
    await expect(
      attachDuring(a, conversationId, async () => {
        await b.conversations.delete(ctx, conversationId);
        await onA.done(turnOf({ ack }));
      }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await sleep(1500);
    expect(onA.types().filter((type) => type === 'done')).toHaveLength(1);
  });

  it.each(['a message', 'another reader'])('miss nothing that was stored when %s came between', async (what) => {
    const { conversationId } = await a.turns.submit(ctx, message('q'), new Reader());
    const conversation = within(conversationId);
    const { open, script } = gated('first ');
    a.play(script);
    const fresh = conversationWorld(db.uow, { script: words });
    worlds.push(fresh);
    let asked = '';
    const late = await attachDuring(fresh, conversationId, async () => {
      const world = what === 'a message' ? fresh : a;
      asked = (await world.turns.submit(ctx, message('then', { conversation }), new Reader())).ack.message_id;
      if (what === 'another reader') await follow(fresh, conversationId);
    });
    open();
    await late.until((event) => event.type === 'message' && event.id === asked, 1000);
  });

  it('go on listening when they wanted to be caught up again and the reading failed', async () => {
    const { open, script } = gated('first ');
    a.play(script);
    const reader = new Reader();
    const { ack, conversationId } = await a.turns.submit(ctx, message('q'), reader);
    await reader.until((event) => event.type === 'token');
    readSlowly(a, async () => {
      open();
      await a.stopper.settled(ctx, turnOf({ ack }), 2000);
      throw new Error('the database is away');
    });
    await expect(a.conversations.resume(ctx, conversationId, 0, reader)).rejects.toThrow('away');
    expect(await reader.done(turnOf({ ack }))).toMatchObject({ status: 'completed' });
    const told = reader.events.flatMap((event) => (event.type === 'message' ? [event.content] : []));
    expect(told).toEqual(['first second']);
  });

  it('follow a turn elsewhere by rows where the bus carries no text, and leave no row behind', async () => {
    // They would take over as well.
    await a.die();
    await b.die();
    // Others on this database would take the turn over as well.
    for (const other of worlds.splice(0)) await other.stop();
    const hub = new MemoryHub();
    const [owner, follower] = [1, 2].map(() => {
      const made = conversationWorld(db.uow, { script: words, hub, busCarriesText: false, leaseSeconds: 2 });
      worlds.push(made);
      return made;
    }) as [World, World];
    const rows = () => db.uow.query(ctx, 'SELECT 1 FROM app.turn_live WHERE tenant_id = $1', [ctx.tenantId]);
    const { open, script } = gated('first ');
    owner.play(script);
    const { ack, conversationId } = await owner.turns.submit(ctx, message('q'), new Reader());
    const elsewhere = await follow(follower, conversationId);
    await elsewhere.until((event) => event.type === 'token');
    expect(elsewhere.text()).toBe('first ');
    expect(await rows()).toHaveLength(1);
    open();
    await elsewhere.done(turnOf({ ack }));
    expect(elsewhere.text()).toBe('first second');
    await sleep(300);
    expect(await rows()).toEqual([]);

    owner.play(gated('first ').script);
    const next = await owner.turns.submit(ctx, message('then', { conversation: within(conversationId) }), new Reader());
    await elsewhere.until((event) => event.type === 'token' && event.turn_id === turnOf(next));
    await owner.die();
    await elsewhere.done(turnOf(next));
    await sleep(300);
    expect(await rows()).toEqual([]);
  });

  it('leave nothing behind when they never came to listen', async () => {
    const { script } = gated('first ');
    a.play(script);
    const onA = new Reader();
    const { conversationId } = await a.turns.submit(ctx, message('q'), onA);
    const onB = await follow(b, conversationId);
    readSlowly(b, async () => {
      b.conversations.unsubscribe(onB.id);
      throw new Error('the database is away');
    });
    await expect(b.conversations.resume(ctx, conversationId, 0, new Reader())).rejects.toThrow('away');
    expect(b.streams.find(ctx, conversationId)).toBeUndefined();
  });

  it('are not acked by a repeat that could not subscribe them: the next try is acked and told to the end', async () => {
    const clientMessageId = newId();
    const { ack } = await a.turns.submit(ctx, message('q', { clientMessageId }), new Reader());
    const repeater = new Reader();
    readSlowly(b, async () => {
      throw new Error('the database is away');
    });
    await expect(b.turns.submit(ctx, message('q', { clientMessageId }), repeater)).rejects.toThrow('away');
    expect(repeater.types()).toEqual([]);
    expect((await b.turns.submit(ctx, message('q', { clientMessageId }), repeater)).ack).toEqual(ack);
    await repeater.done(turnOf({ ack }));
    expect(repeater.types()[0]).toBe('ack');
  });
});
