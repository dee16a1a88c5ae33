import type { RequestContext } from '#platform/context';
import { newId } from '#platform/database';
import { contextOf, conversationWorld, message, Reader, type Script } from '../../support/conversation-world.js';
import { TestDatabase } from '../../support/test-database.js';

const words: Script = async (_input, emit) => emit({ type: 'token', content: 'Yes.' });
const broken: Script = () => Promise.reject(new Error('broken'));

describe('the list of conversations', () => {
  let db: TestDatabase;
  let ctx: RequestContext;
  let world: ReturnType<typeof conversationWorld>;

  beforeAll(async () => {
    db = await TestDatabase.start();
  });
  beforeEach(async () => {
    const { tenantId } = await db.tenant();
    ctx = contextOf(tenantId, await db.principal(tenantId));
    world = conversationWorld(db.uow, { script: words });
  });
  afterEach(() => world.stop());
  afterAll(() => db.stop());

  const listed = async () => (await world.conversations.list(ctx, { limit: 50, before: null })).map(({ id }) => id);
  const say = async (overrides: Parameters<typeof message>[1] = {}) => {
    const reader = new Reader();
    const { conversationId } = await world.turns.submit(ctx, message('Really?', overrides), reader);
    return { id: conversationId, reader };
  };

  it('leaves out one whose only turns failed, until one of them does not', async () => {
    const quiet = await world.conversations.create(ctx, { channel: 'rest' });
    world.play(broken);
    const clientMessageId = newId();
    const first = await say({ clientMessageId });
    await first.reader.done();
    expect(await listed()).toEqual([quiet.id]);
    await (await say({ conversation: { kind: 'id', id: first.id } })).reader.done();
    expect(await listed()).toEqual([quiet.id]);

    let go: () => void = () => undefined;
    world.play(async (input, emit, signal) => {
      await new Promise<void>((resolve) => (go = resolve));
      return words(input, emit, signal);
    });
    const again = await say({ clientMessageId });
    expect(await listed()).toContain(first.id);
    go();
    await again.reader.done();
    expect(await listed()).toEqual([first.id, quiet.id]);

    world.play(broken);
    await (await say({ conversation: { kind: 'id', id: first.id } })).reader.done();
    expect(await listed()).toEqual([first.id, quiet.id]);
  });

  it('goes from page to page without a gap or a repeat, also within one millisecond', async () => {
    const made = await Promise.all(
      Array.from({ length: 9 }, () => world.conversations.create(ctx, { channel: 'rest' })),
    );
    for (const [n, { id }] of made.entries()) {
      await db.uow.query(
        ctx,
        `UPDATE app.conversation SET last_interaction_at = '2026-11-21T10:00:00Z'::timestamptz + $2 * interval '150 microseconds'
          WHERE tenant_id = $1 AND id = $3`,
        [ctx.tenantId, n, id],
      );
    }
    const seen: string[] = [];
    let before: { at: string; id: string } | null = null;
    do {
      const page = await world.conversations.list(ctx, { limit: 2, before });
      seen.push(...page.map(({ id }) => id));
      const last = page.at(-1);
      before = last === undefined ? null : { at: last.last_interaction_at, id: last.id };
    } while (before !== null);
    expect(seen).toHaveLength(9);
    expect(new Set(seen)).toEqual(new Set(made.map(({ id }) => id)));
  });
});
