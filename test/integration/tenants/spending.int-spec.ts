import type { RequestContext } from '#platform/context';
import { CommitInDoubtError, newId } from '#platform/database';
import { Limiters } from '#platform/limits';
import { recordUsage, usageRow } from '#llm';
import { SpendingLimits, type TenantSettingsCache } from '#tenants';
import { BudgetRepository } from '../../../src/tenants/limits/budget.repository.js';
import { TokenLimiter } from '../../../src/tenants/limits/token-limiter.js';
import { SETTINGS } from '../../support/agent-fakes.js';
import { TestDatabase } from '../../support/test-database.js';

describe('what a tenant may spend', () => {
  let database: TestDatabase;
  let scope: Pick<RequestContext, 'tenantId' | 'principal'>;
  let budgets: BudgetRepository;
  let limits: SpendingLimits;
  let tokens: TokenLimiter;
  /** What the tenant's settings say. */
  let held: Partial<typeof SETTINGS.ceilings>;
  beforeAll(async () => {
    database = await TestDatabase.start({ pool: 8 });
  });
  beforeEach(async () => {
    scope = as(await database.tenant());
    budgets = new BudgetRepository(database.uow);
    const settings = { get: () => Promise.resolve(ceilings(held)) } as unknown as TenantSettingsCache;
    tokens = new TokenLimiter(new Limiters(null));
    limits = new SpendingLimits(budgets, tokens, settings);
    held = {};
  });
  afterAll(() => database.stop());

  const as = ({ tenantId }: { tenantId: string }, id = newId()) => ({
    tenantId,
    principal: { id, role: 'end_user' as const, persona: null, sessionId: null },
  });
  const ceilings = (rest: Partial<typeof SETTINGS.ceilings>) => ({ ceilings: { ...SETTINGS.ceilings, ...rest } });
  const spend = (usd: number, turnId: string | null = null) =>
    recordUsage(database.uow, { ...scope, turnId, principalId: null }, [
      usageRow({
        ...{ kind: 'chat', purpose: 'answer', model: 'm', inputTokens: 1, outputTokens: 1, estimated: false },
        costUsd: usd,
      }),
    ]);
  const reserve = (of: Parameters<typeof ceilings>[0], usd = 0.1, id = newId()) =>
    limits.reserve(scope, ceilings(of), id, { tokens: 1, usd }).then(() => id);

  it('is not asked of a tenant without a limit, in no statement at all', async () => {
    const spy = jest.spyOn(database.uow, 'run');
    expect(limits.applyTo(ceilings({}))).toBe(false);
    await reserve({});
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
    expect(
      [{ tokensPerMinute: 1 }, { userTokensPerMinute: 1 }, { budgetDayUsd: 0 }, { budgetMonthUsd: 1 }].map((of) =>
        limits.applyTo(ceilings(of)),
      ),
    ).toEqual([true, true, true, true]);
  });

  it('says that it could not be asked, and leaves nothing, where a reservation’s commit is in doubt', async () => {
    const id = newId();
    const real = budgets.reserve.bind(budgets);
    const landed = jest.spyOn(budgets, 'reserve').mockImplementation(async (...args) => {
      await real(...args);
      throw new CommitInDoubtError(new Error('cut'));
    });
    const refusal: unknown = await reserve({ budgetDayUsd: 1 }, 0.9, id).catch((error: unknown) => error);
    landed.mockRestore();
    expect(refusal).toMatchObject({ code: 'UNAVAILABLE' });
    expect(refusal).not.toBeInstanceOf(CommitInDoubtError);
    expect((await budgets.state(scope)).reserved).toBe(0);
  });

  it('is free again at once when the conversation of a turn is deleted', async () => {
    const principalId = await database.principal(scope.tenantId);
    const [conversation, message] = [newId(), newId()];
    const id = await reserve({ budgetDayUsd: 1 }, 0.9);
    const kept = await reserve({ budgetDayUsd: 1 }, 0.01);
    await database.uow.run(scope, async (tx) => {
      await tx.query('INSERT INTO app.conversation (tenant_id, id, principal_id, title) VALUES ($1, $2, $3, $4)', [
        ...[scope.tenantId, conversation, principalId, 't'],
      ]);
      await tx.query(
        `INSERT INTO app.message (tenant_id, id, conversation_id, turn_id, principal_id, seq, role, content)
         VALUES ($1, $2, $3, $4, $5, 1, 'user', 'x')`,
        [scope.tenantId, message, conversation, id, principalId],
      );
      await tx.query(
        `INSERT INTO app.turn (tenant_id, id, conversation_id, principal_id, message_id, answer_id, status, content, accepted_by, seq)
         VALUES ($1, $2, $3, $4, $5, $6, 'failed', 'x', $2, 1)`,
        [scope.tenantId, id, conversation, principalId, message, newId()],
      );
    });
    await database.uow.query(scope, 'DELETE FROM app.conversation WHERE tenant_id = $1 AND id = $2', [
      ...[scope.tenantId, conversation],
    ]);
    expect((await budgets.state(scope)).reserved).toBe(0.01);
    await budgets.release(scope, kept);
  });

  it.each(['budgetDayUsd', 'budgetMonthUsd'] as const)(
    'ends with the %s, what was spent before it was set included',
    async (name) => {
      await spend(0.6);
      await reserve({ [name]: 1 });
      await spend(0.3);
      await expect(reserve({ [name]: 1 })).rejects.toMatchObject({
        code: 'QUOTA_EXCEEDED',
        kind: 'rate_limited',
        retryAfterMs: expect.any(Number),
        message: expect.stringMatching(/1 US dollars.*operator/),
      });
      // Another tenant's is its own.
      const other = as(await database.tenant());
      await limits.reserve(other, ceilings({ [name]: 1 }), newId(), { tokens: 1, usd: 1 });
      // Raised, it goes on.
      await reserve({ [name]: 2 });
    },
  );

  it('of nothing lets nothing through', async () => {
    await expect(reserve({ budgetDayUsd: 0 })).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
  });

  it('is what was used, once, however often the same rows are written', async () => {
    await reserve({ budgetDayUsd: 5 }, 0);
    const row = usageRow({
      ...{ kind: 'embedding', purpose: 'ingest', model: 'm', inputTokens: 1, outputTokens: 0, estimated: true },
      ...{ costUsd: null, reckonedUsd: 0.25 },
    });
    const account = { ...scope, turnId: null, principalId: null };
    await recordUsage(database.uow, account, [row]);
    await recordUsage(database.uow, account, [row]);
    expect(await budgets.state(scope)).toMatchObject({ spentDay: 0.25, spentMonth: 0.25 });
  });

  it('is passed by a hundred at once by what is in flight, and by no more', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => reserve({ budgetDayUsd: 1 }, 0.3)));
    const admitted = outcomes.filter(({ status }) => status === 'fulfilled').length;
    expect(admitted).toBe(4);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'QUOTA_EXCEEDED' });
    }
  });

  it('comes back when a turn came to nothing, or its process died long ago', async () => {
    const first = await reserve({ budgetDayUsd: 1 }, 2);
    await expect(reserve({ budgetDayUsd: 1 })).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await limits.release(scope, ceilings({ budgetDayUsd: 1 }), first);
    await reserve({ budgetDayUsd: 1 }, 2);
    await database.uow.query(
      scope,
      `UPDATE app.budget_reservation SET expires_at = now() - interval '1 s' WHERE tenant_id = $1`,
      [scope.tenantId],
    );
    await reserve({ budgetDayUsd: 1 });
    expect(await budgets.state(scope)).toMatchObject({ reserved: 0.1 });
  });

  it('is held for a call that belongs to no turn, and free after it, however it ends', async () => {
    held = { budgetDayUsd: 1 };
    const reserved = async () => (await budgets.state(scope)).reserved;
    expect(await limits.within(scope, 0.4, reserved)).toBe(0.4);
    expect(await reserved()).toBe(0);
    await expect(limits.within(scope, 0.4, () => Promise.reject(new Error('cut')))).rejects.toThrow('cut');
    expect(await reserved()).toBe(0);
    // Held again, it is held once.
    const id = newId();
    await limits.hold(scope, id, 0.6);
    await limits.hold(scope, id, 0.7);
    expect(await reserved()).toBe(0.7);
    await limits.free(scope, id);
    expect(await reserved()).toBe(0);
    held = { budgetDayUsd: 0 };
    const call = jest.fn();
    await expect(limits.within(scope, 0.1, call)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED', anewMs: null });
    expect(call).not.toHaveBeenCalled();
    // What costs nothing needs no budget.
    expect(await limits.within(scope, 0, () => Promise.resolve('local'))).toBe('local');
    const spy = jest.spyOn(database.uow, 'run');
    held = {};
    await limits.within(scope, 0.1, () => Promise.resolve());
    expect(spy).not.toHaveBeenCalled();
    spy.mockRestore();
  });

  it('tells what is spent from what is only reserved', async () => {
    const id = await reserve({ budgetDayUsd: 1 }, 2);
    await expect(reserve({ budgetDayUsd: 1 })).rejects.toMatchObject({
      message: expect.stringContaining('reserved by what runs now'),
      retryAfterMs: 2000,
    });
    await limits.release(scope, ceilings({ budgetDayUsd: 1 }), id);
    await spend(1);
    const refusal = await reserve({ budgetDayUsd: 1 }).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ message: expect.stringContaining('for today is spent: it begins anew at') });
    expect((refusal as { anewMs: number }).anewMs).toBeLessThanOrEqual(24 * 3600_000);
  });

  it('in tokens a minute is taken by an estimate and put right by what it came to', async () => {
    const take = (tokens: number, id = newId()) =>
      limits.reserve(scope, ceilings({ tokensPerMinute: 100 }), id, { tokens, usd: 0 }).then(() => id);
    const first = await take(80);
    const second = await take(30);
    await expect(take(1)).rejects.toMatchObject({ code: 'RATE_LIMIT', retryAfterMs: expect.any(Number) });
    await limits.settle(first, 10);
    await limits.release(scope, ceilings({ tokensPerMinute: 100 }), second);
    const third = await take(5000);
    await limits.settle(third, 95);
    await expect(take(1)).rejects.toMatchObject({ code: 'RATE_LIMIT' });
  });

  describe('in tokens a minute of each user', () => {
    const of = ceilings({ userTokensPerMinute: 100, tokensPerMinute: 250 });
    const take = async (who: typeof scope, tokens: number, id = newId()) => {
      await limits.reserve(who, of, id, { tokens, usd: 0 });
      return id;
    };

    it('is each one’s own, beside the tenant’s', async () => {
      const [ann, ben, cleo] = [as(scope), as(scope), as(scope)];
      await take(ann, 100);
      await expect(take(ann, 1)).rejects.toMatchObject({
        code: 'RATE_LIMIT',
        retryAfterMs: expect.any(Number),
        message: expect.stringMatching(/100 a minute.*you/),
      });
      await take(ben, 100);
      // What was refused took nothing from the tenant's.
      await take(cleo, 50);
      await expect(take(as(scope), 1)).rejects.toMatchObject({
        code: 'RATE_LIMIT',
        message: expect.stringMatching(/250 a minute.*tenant/),
      });
      await take(as(await database.tenant()), 100);
    });

    it('is put right by what a turn came to, and comes back with one that came to nothing', async () => {
      const turn = await take(scope, 100);
      await limits.settle(turn, 30);
      const second = await take(scope, 70);
      await limits.release(scope, of, second);
      await take(scope, 70);
      await expect(take(scope, 1)).rejects.toMatchObject({ code: 'RATE_LIMIT' });
    });

    it('takes nothing from a user whom the tenant’s minute refuses', async () => {
      const others = [as(scope), as(scope), as(scope)];
      for (const other of others) await take(other, 100).catch(() => undefined);
      await expect(take(scope, 60)).rejects.toMatchObject({ message: expect.stringContaining('tenant') });
      expect((await tokens.used({ of: 'user', key: `${scope.tenantId}/${scope.principal.id}`, limit: 100 })).used).toBe(
        0,
      );
    });
  });
});
