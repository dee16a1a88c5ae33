import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestContext } from '#platform/context';
import { newId } from '#platform/database';
import { DomainError } from '#platform/errors';
import {
  contextOf,
  conversationWorld,
  message,
  Reader,
  type Script,
  turnOf,
} from '../../support/conversation-world.js';
import { TestDatabase } from '../../support/test-database.js';

const spend = (inputTokens: number) =>
  ({
    type: 'usage',
    entry: { kind: 'chat', model: 'm', purpose: 'answer', estimated: false, inputTokens, outputTokens: 1, costUsd: 0 },
  }) as const;

/** Spends, says a word, and spends again while it is being stopped. */
const stopped: Script = async (_input, emit, signal) => {
  emit(spend(100));
  emit({ type: 'token', content: 'Half of ' });
  await new Promise((_, reject) => {
    signal.addEventListener(
      'abort',
      () => {
        emit(spend(11));
        reject(signal.reason);
      },
      { once: true },
    );
  });
};

/** What was spent counts, however a turn ends and whoever ends it. */
describe('what a turn spent is written down', () => {
  let db: TestDatabase;
  let ctx: RequestContext;
  let world: ReturnType<typeof conversationWorld>;
  let reader: Reader;

  beforeAll(async () => {
    db = await TestDatabase.start();
    const { tenantId } = await db.tenant();
    ctx = contextOf(tenantId, await db.principal(tenantId));
  });
  beforeEach(() => {
    world = conversationWorld(db.uow, { script: stopped, leaseSeconds: 2 });
    reader = new Reader();
  });
  afterEach(() => world.stop());
  afterAll(() => db.stop());

  const send = async () => {
    const submitted = await world.turns.submit(ctx, message('q'), reader);
    return { turnId: turnOf(submitted), conversationId: submitted.conversationId };
  };
  const sendAndListen = async () => {
    const sent = await send();
    await reader.until((event) => event.type === 'token');
    return sent;
  };
  /** The input tokens of each call that the books have for a turn. */
  const booked = async (turnId: string): Promise<number[]> => {
    const rows = await db.uow.query<{ input_tokens: number; principal_id: string }>(
      ctx,
      'SELECT input_tokens, principal_id FROM app.usage_record WHERE tenant_id = $1 AND turn_id = $2 ORDER BY 1',
      [ctx.tenantId, turnId],
    );
    expect(rows.every((row) => row.principal_id === ctx.principal.id)).toBe(true);
    return rows.map((row) => row.input_tokens);
  };
  const expectBooked = async (turnId: string, tokens: readonly number[]) => {
    for (let waited = 0; waited < 4000 && (await booked(turnId)).length < tokens.length; waited += 20) await sleep(20);
    expect(await booked(turnId)).toEqual(tokens);
  };
  /** Another instance holds it now, for an hour. */
  const overtake = (turnId: string) =>
    db.uow.query(
      ctx,
      `UPDATE app.turn SET fence = fence + 1, lease_owner = $3, lease_until = clock_timestamp() + interval '1 hour'
        WHERE tenant_id = $1 AND id = $2`,
      [ctx.tenantId, turnId, newId()],
    );

  it('when somebody stops it', async () => {
    const { turnId } = await sendAndListen();
    await world.turns.abort(ctx, { turnId });
    expect(await reader.done()).toMatchObject({ status: 'cancelled', usage: { input_tokens: 111 } });
    await expectBooked(turnId, [11, 100]);
  });

  it('when it fails', async () => {
    world.play(async (_input, emit) => {
      emit(spend(100));
      throw new DomainError({ code: 'LLM_ERROR', kind: 'upstream', message: 'no', retryable: true });
    });
    const { turnId } = await send();
    expect(await reader.done()).toMatchObject({ status: 'failed', usage: { input_tokens: 100 } });
    await expectBooked(turnId, [100]);
  });

  it('when the database refuses what it found', async () => {
    world.play(async (_input, emit) => {
      emit(spend(100));
      return { content: undefined as unknown as string };
    });
    const { turnId } = await send();
    expect(await reader.done()).toMatchObject({ status: 'failed' });
    await expectBooked(turnId, [100]);
  });

  it('when the database refuses even what describes its failure', async () => {
    world.play(async (_input, emit) => {
      emit(spend(100));
      // NUL is no character to Postgres.
      emit({ type: 'status', step: 'generating', message: 'x', agent: 'a\0' });
      throw new DomainError({ code: 'LLM_ERROR', kind: 'upstream', message: 'no', retryable: true });
    });
    const { turnId } = await send();
    expect(await reader.done()).toMatchObject({ status: 'failed', error: { code: 'INTERNAL' } });
    await expectBooked(turnId, [100]);
  });

  it('when its conversation is deleted', async () => {
    const { conversationId, turnId } = await sendAndListen();
    await world.conversations.delete(ctx, conversationId);
    expect(await reader.done()).toMatchObject({ status: 'cancelled' });
    await expectBooked(turnId, [11, 100]);
  });

  it('when another instance overtook it, and the next look says so', async () => {
    const { turnId } = await sendAndListen();
    await overtake(turnId);
    await expectBooked(turnId, [11, 100]);
    expect(world.runner.size).toBe(0);
  });

  it('when another instance overtook it, and only its own end finds out', async () => {
    let release: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    world.play(async (_input, emit) => {
      emit(spend(100));
      emit({ type: 'token', content: 'Half of ' });
      await gate;
    });
    const { turnId } = await sendAndListen();
    // No look in between: it would be told that it lost the turn.
    await world.looked(0);
    await overtake(turnId);
    release();
    await world.stopper.settled(ctx, turnId, 4000);
    await expectBooked(turnId, [100]);
    expect(
      await db.uow.query(ctx, 'SELECT status FROM app.turn WHERE tenant_id = $1 AND id = $2', [ctx.tenantId, turnId]),
    ).toEqual([{ status: 'running' }]);
  });

  it('when its process stops and leaves it to another', async () => {
    const { turnId } = await sendAndListen();
    await world.turns.drain(0);
    await expectBooked(turnId, [11, 100]);
  });
});
