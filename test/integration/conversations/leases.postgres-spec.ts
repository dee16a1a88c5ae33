import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryHub } from '#platform/bus';
import type { RequestContext } from '#platform/context';
import { newId } from '#platform/database';
import { contextOf, conversationWorld, message, Reader, turnOf } from '../../support/conversation-world.js';
import { endless, words } from '../../support/scripted-turns.js';
import { TestDatabase } from '../../support/test-database.js';

type World = ReturnType<typeof conversationWorld>;

/** Locks that others hold meanwhile: only where transactions run side by side. */
describe('leases', () => {
  let db: TestDatabase;
  let ctx: RequestContext;
  let a: World;
  let b: World;

  beforeAll(async () => {
    db = await TestDatabase.start({ pool: 16 });
    const { tenantId } = await db.tenant();
    ctx = contextOf(tenantId, await db.principal(tenantId));
  });
  beforeEach(() => {
    const hub = new MemoryHub();
    a = conversationWorld(db.uow, { script: words, leaseSeconds: 2, hub });
    b = conversationWorld(db.uow, { script: words, leaseSeconds: 2, hub });
  });
  afterEach(async () => {
    await a.stop();
    await b.stop();
  });
  afterAll(() => db.stop());

  it('are renewed also while a conversation cannot be come by whose turn is to be ended', async () => {
    a.play(endless);
    const onA = new Reader();
    const long = await a.turns.submit(ctx, message('long'), onA);
    const poison = await b.turns.submit(ctx, message('poison'), new Reader());
    await b.stopper.settled(ctx, turnOf(poison), 2000);
    await db.uow.query(
      ctx,
      `UPDATE app.turn SET status = 'running', start = 3, lease_owner = $3, lease_until = now(), end_seq = NULL
        WHERE tenant_id = $1 AND id = $2`,
      [ctx.tenantId, turnOf(poison), newId()],
    );
    await db.uow.run(ctx, async (tx) => {
      await tx.query('SELECT 1 FROM app.conversation WHERE tenant_id = $1 AND id = $2 FOR UPDATE', [
        ctx.tenantId,
        poison.conversationId,
      ]);
      await sleep(5000);
      const [lease] = await tx.query<{ held: boolean }>(
        'SELECT lease_until > clock_timestamp() AS held FROM app.turn WHERE tenant_id = $1 AND id = $2',
        [ctx.tenantId, turnOf(long)],
      );
      expect(lease).toEqual({ held: true });
    });
    await sleep(300);
    expect(await b.conversations.getTurn(ctx, poison.conversationId, turnOf(poison))).toMatchObject({
      status: 'failed',
      error: { code: 'INTERRUPTED' },
    });
    await a.turns.abort(ctx, { turnId: turnOf(long) });
    await onA.done(turnOf(long));
  });

  it('are renewed also while rows are written that refer to the turn', async () => {
    a.play(endless);
    const onA = new Reader();
    const { ack } = await a.turns.submit(ctx, message('q'), onA);
    const held = await db.uow.run(ctx, async (tx) => {
      // As the foreign key of a tool call does that takes long to be written.
      await tx.query('SELECT 1 FROM app.turn WHERE tenant_id = $1 AND id = $2 FOR KEY SHARE', [
        ctx.tenantId,
        turnOf({ ack }),
      ]);
      await sleep(3500);
      return tx.one<{ held: boolean }>(
        'SELECT lease_until > clock_timestamp() AS held FROM app.turn WHERE tenant_id = $1 AND id = $2',
        [ctx.tenantId, turnOf({ ack })],
      );
    });
    expect(held).toEqual({ held: true });
    await a.turns.abort(ctx, { turnId: turnOf({ ack }) });
    await onA.done();
  });

  it('are given to one of several who try the same failed message again at once', async () => {
    a.play(async () => {
      throw new Error('no');
    });
    const clientMessageId = newId();
    const failed = new Reader();
    await a.turns.submit(ctx, message('q', { clientMessageId }), failed);
    await failed.done();
    a.play(words);
    const tries = await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        (n % 2 === 0 ? a : b).turns.submit(ctx, message('q', { clientMessageId }), new Reader()),
      ),
    );
    expect(new Set(tries.map(({ ack }) => JSON.stringify(ack))).size).toBe(1);
    const turns = await db.uow.query(ctx, 'SELECT attempt FROM app.turn WHERE tenant_id = $1 AND message_id = $2', [
      ctx.tenantId,
      tries[0]?.ack.message_id,
    ]);
    expect(turns).toHaveLength(2);
  });
});
