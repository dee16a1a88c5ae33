import type { RequestContext, TenantScope } from '#platform/context';
import { CommitInDoubtError, newId } from '#platform/database';
import { QuotaExceededError, UnavailableError } from '#platform/errors';
import { Injectable } from '@nestjs/common';
import { TenantSettingsCache } from '../settings/tenant-settings.cache.js';
import type { TenantSettings } from '../settings/tenant-settings.js';
import { BudgetRepository, type BudgetState, type Period } from './budget.repository.js';
import { periodEnd } from './periods.js';
import { tokenBuckets, TokenLimiter } from './token-limiter.js';

/** What a turn may come to, before it is known. */
export interface Estimate {
  readonly tokens: number;
  readonly usd: number;
}

/** A reservation that nobody settles, since its process died, is void after this. */
const VOID_AFTER_SECONDS = 900;
/** When those who reserved what is left may have settled. */
const RESERVED_MS = 2000;

type Limited = Pick<TenantSettings, 'ceilings'>;

/** Nothing is left of a budget: it was spent, or what runs now has reserved it. */
export class BudgetExceededError extends QuotaExceededError {
  /** @param anewMs when there may be something again; null for a budget of nothing, which waiting does not change */
  constructor(
    message: string,
    retryAfterMs: number,
    readonly anewMs: number | null,
  ) {
    super(message, retryAfterMs);
  }
}

/**
 * Tokens a minute, of a user and of the tenant, and budgets of a day and a month: reserved before a model is asked, settled
 * after it. A tenant that has neither costs no statement and no call.
 *
 *   a turn ────────── reserve ─▶ its calls ─▶ settle (its rows end the reservation)
 *   any other call ── hold ────▶ the call ──▶ its usage is written down ─▶ free
 */
@Injectable()
export class SpendingLimits {
  constructor(
    private readonly budgets: BudgetRepository,
    private readonly tokens: TokenLimiter,
    private readonly settings: TenantSettingsCache,
  ) {}

  /** Whether an estimate is wanted at all. */
  applyTo({ ceilings }: Limited): boolean {
    return ceilings.tokensPerMinute > 0 || ceilings.userTokensPerMinute > 0 || hasBudget(ceilings);
  }

  /**
   * Takes what a turn may come to. Not inside a unit of work: it opens one, and may ask Redis.
   * @param id of the turn
   * @throws RateLimitError (tokens a minute), BudgetExceededError, UnavailableError
   */
  async reserve(
    ctx: Pick<RequestContext, 'principal' | 'tenantId'>,
    { ceilings }: Limited,
    id: string,
    { tokens, usd }: Estimate,
  ): Promise<void> {
    await this.tokens.take(tokenBuckets(ctx, ceilings), { id, tokens });
    if (!hasBudget(ceilings)) return;
    try {
      await this.reserveBudget(ctx, ceilings, { id, usd });
    } catch (error) {
      await this.tokens.settle(id, 0);
      throw error;
    }
  }

  /** The turn came to nothing: it was a repeat, or refused. */
  async release(scope: TenantScope, { ceilings }: Limited, id: string): Promise<void> {
    await this.tokens.settle(id, 0);
    if (hasBudget(ceilings)) await this.budgets.release(scope, id);
  }

  /** Puts the minutes right; the budget was settled with the turn's rows. */
  async settle(id: string, tokens: number): Promise<void> {
    await this.tokens.settle(id, tokens);
  }

  /**
   * Takes what a call that belongs to no turn may come to; of the same id once, however often. Free it when what it did come
   * to is written down. Nothing is asked for a call that costs nothing. Not inside a unit of work.
   * @throws BudgetExceededError, UnavailableError
   */
  async hold(scope: TenantScope, id: string, usd: number): Promise<void> {
    if (usd <= 0) return;
    const { ceilings } = await this.settings.get(scope);
    if (hasBudget(ceilings)) await this.reserveBudget(scope, ceilings, { id, usd });
  }

  /** Ends what was held. Never rejects: what is left of it is void after a while. */
  async free(scope: TenantScope, id: string): Promise<void> {
    try {
      if (hasBudget((await this.settings.get(scope)).ceilings)) await this.budgets.release(scope, id);
    } catch {
      // The database is away, or the tenant is gone.
    }
  }

  /**
   * Holds while a call is made.
   * @param call writes its usage down itself, also when it fails or is aborted
   * @throws BudgetExceededError, UnavailableError before it is made
   */
  async within<T>(scope: TenantScope, usd: number, call: () => Promise<T>): Promise<T> {
    if (usd <= 0) return call();
    const id = newId();
    await this.hold(scope, id, usd);
    try {
      return await call();
    } finally {
      await this.free(scope, id);
    }
  }

  private async reserveBudget(
    scope: TenantScope,
    { budgetDayUsd: day, budgetMonthUsd: month }: TenantSettings['ceilings'],
    { id, usd }: { id: string; usd: number },
  ): Promise<void> {
    let state: BudgetState;
    try {
      state = await this.budgets.reserve(scope, { id, usd, seconds: VOID_AFTER_SECONDS }, { day, month });
    } catch (error) {
      if (!(error instanceof CommitInDoubtError)) throw error;
      // Nothing was accepted, and a caller must not look for what was: in doubt is only this reservation, which may go.
      await this.budgets.release(scope, id).catch(() => undefined);
      throw new UnavailableError('The budget could not be asked: try again in a moment', { cause: error });
    }
    if (!state.admitted) throw refusalOf(state, { day, month });
  }
}

function hasBudget({ budgetDayUsd, budgetMonthUsd }: TenantSettings['ceilings']): boolean {
  return budgetDayUsd !== null || budgetMonthUsd !== null;
}

/** The later one where both are spent. */
function refusalOf(
  { spentDay, spentMonth }: BudgetState,
  { day, month }: Readonly<Record<Period, number | null>>,
): BudgetExceededError {
  if (month !== null && spentMonth >= month) return spent('month', month);
  if (day !== null && spentDay >= day) return spent('day', day);
  return new BudgetExceededError(
    `What is left of the budget of ${Math.min(day ?? Infinity, month ?? Infinity)} US dollars is reserved by what runs ` +
      'now: try again in a moment; the operator can raise it',
    RESERVED_MS,
    RESERVED_MS,
  );
}

function spent(period: Period, usd: number): BudgetExceededError {
  const end = periodEnd(period, new Date());
  const ms = Math.max(1, end.getTime() - Date.now());
  const named = period === 'day' ? 'today' : 'this month';
  return usd === 0
    ? new BudgetExceededError(
        'The operator has set a budget of 0 US dollars for this tenant, and can raise it',
        ms,
        null,
      )
    : new BudgetExceededError(
        `The budget of ${usd} US dollars for ${named} is spent: it begins anew at ${end.toISOString()}; the operator can raise it`,
        ms,
        ms,
      );
}
