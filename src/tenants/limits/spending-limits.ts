import type { TenantScope } from '#platform/context';
import { CommitInDoubtError } from '#platform/database';
import { QuotaExceededError, UnavailableError } from '#platform/errors';
import { Injectable } from '@nestjs/common';
import type { TenantSettings } from '../settings/tenant-settings.js';
import { BudgetRepository, type Period } from './budget.repository.js';
import { periodEnd } from './periods.js';
import { TokenLimiter } from './token-limiter.js';

/** What a turn may come to, before it is known. */
export interface Estimate {
  readonly tokens: number;
  readonly usd: number;
}

/** A reservation that no turn settles, since its process died, is void after this. */
const VOID_AFTER_SECONDS = 900;

type Limited = Pick<TenantSettings, 'ceilings'>;

/**
 * Tokens a minute and budgets of a day and a month: reserved before a turn asks a model, settled after it. A tenant that
 * has neither costs no statement and no call.
 */
@Injectable()
export class SpendingLimits {
  constructor(
    private readonly budgets: BudgetRepository,
    private readonly tokens: TokenLimiter,
  ) {}

  /** Whether an estimate is wanted at all. */
  applyTo({ ceilings }: Limited): boolean {
    return ceilings.tokensPerMinute > 0 || hasBudget(ceilings);
  }

  /**
   * Takes what a turn may come to. Not inside a unit of work: it opens one, and may ask Redis.
   * @param id of the turn
   * @throws RateLimitError (tokens a minute), QuotaExceededError (a budget is spent), UnavailableError
   */
  async reserve(scope: TenantScope, { ceilings }: Limited, id: string, { tokens, usd }: Estimate): Promise<void> {
    await this.tokens.take(scope, ceilings.tokensPerMinute, { id, tokens });
    if (!hasBudget(ceilings)) return;
    try {
      await this.reserveBudget(scope, ceilings, { id, usd });
    } catch (error) {
      await this.tokens.settle(scope, id, 0);
      if (!(error instanceof CommitInDoubtError)) throw error;
      // Nothing was accepted, and a caller must not look for what was: in doubt is only this reservation, which may go.
      await this.budgets.release(scope, id).catch(() => undefined);
      throw new UnavailableError('The budget could not be asked: try again in a moment', { cause: error });
    }
  }

  /** The turn came to nothing: it was a repeat, or refused. */
  async release(scope: TenantScope, { ceilings }: Limited, id: string): Promise<void> {
    await this.tokens.settle(scope, id, 0);
    if (hasBudget(ceilings)) await this.budgets.release(scope, id);
  }

  /** Puts the minute right; the budget was settled with the turn's rows. */
  async settle(scope: TenantScope, id: string, tokens: number): Promise<void> {
    await this.tokens.settle(scope, id, tokens);
  }

  private async reserveBudget(
    scope: TenantScope,
    { budgetDayUsd: day, budgetMonthUsd: month }: TenantSettings['ceilings'],
    { id, usd }: { id: string; usd: number },
  ): Promise<void> {
    const state = await this.budgets.reserve(scope, { id, usd, seconds: VOID_AFTER_SECONDS }, { day, month });
    if (state.admitted) return;
    const isMonth = month !== null && state.spentMonth + state.reserved >= month;
    throw exceeded(isMonth ? 'month' : 'day', (isMonth ? month : day) ?? 0);
  }
}

function hasBudget({ budgetDayUsd, budgetMonthUsd }: TenantSettings['ceilings']): boolean {
  return budgetDayUsd !== null || budgetMonthUsd !== null;
}

function exceeded(period: Period, usd: number): QuotaExceededError {
  const end = periodEnd(period, new Date());
  const named = period === 'day' ? 'today' : 'this month';
  return new QuotaExceededError(
    `The budget of ${usd} US dollars for ${named} is spent or reserved: it begins anew at ${end.toISOString()}; ` +
      'the operator can raise it',
    Math.max(1, end.getTime() - Date.now()),
  );
}
