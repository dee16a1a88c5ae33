import type { RequestContext } from '#platform/context';
import { Limiters } from '#platform/limits';
import { Injectable } from '@nestjs/common';
import { QUOTA_NAMES, Quotas } from '../entitlements/quotas.js';
import { TenantSettingsCache } from '../settings/tenant-settings.cache.js';
import { BudgetRepository } from './budget.repository.js';
import { MessageRateLimiter } from './message-rate-limiter.js';
import { periodEnd } from './periods.js';
import { requestBuckets, requestLimiter } from './request-limits.js';
import { tokenBuckets, TokenLimiter } from './token-limiter.js';

export interface CurrentLimit {
  /** As in the entitlements; `…_of_tenant` where the tenant has a minute of its own beside the caller's. */
  readonly name: string;
  readonly limit: number;
  readonly used: number;
  /** Null for what one may have at a time. */
  readonly resetAt: Date | null;
}

/** How far the limits that hold for a caller are used up now. Limits that are not set are left out. */
@Injectable()
export class CurrentLimits {
  constructor(
    private readonly settings: TenantSettingsCache,
    private readonly messages: MessageRateLimiter,
    private readonly tokens: TokenLimiter,
    private readonly budgets: BudgetRepository,
    private readonly limiters: Limiters,
    private readonly quotas: Quotas,
  ) {}

  async of(ctx: RequestContext): Promise<CurrentLimit[]> {
    const settings = await this.settings.get(ctx);
    const { budgetDayUsd: day, budgetMonthUsd: month } = settings.ceilings;
    const now = new Date();
    const after = (ms: number) => new Date(now.getTime() + Math.max(0, ms));
    const { limits } = settings.entitlements;
    const isRoomLimited = QUOTA_NAMES.some((name) => (limits[name] ?? null) !== null);
    const [messages, tokens, requests, budget, rooms] = await Promise.all([
      this.messages.used(ctx, settings),
      Promise.all(
        tokenBuckets(ctx, settings.ceilings).map(async (bucket) => ({
          name: bucket.of === 'user' ? 'user_tokens_per_minute' : 'tokens_per_minute',
          limit: bucket.limit,
          ...(await this.tokens.used(bucket)),
        })),
      ),
      Promise.all(
        requestBuckets(ctx, settings).map(async (bucket) => {
          const state = await this.limiters.create(requestLimiter(bucket)).get(bucket.key);
          const name = bucket.key.startsWith('tenant/') ? 'requests_per_minute_of_tenant' : 'requests_per_minute';
          return {
            name,
            limit: bucket.limit,
            used: state?.consumedPoints ?? 0,
            resetAt: after(state?.msBeforeNext ?? 0),
          };
        }),
      ),
      day === null && month === null ? null : this.budgets.state(ctx),
      isRoomLimited ? this.quotas.current(ctx) : [],
    ]);
    const spent = (period: 'day' | 'month', limit: number | null) =>
      limit === null || budget === null
        ? []
        : [
            {
              name: `budget_${period}_usd`,
              limit,
              used: period === 'day' ? budget.spentDay : budget.spentMonth,
              resetAt: periodEnd(period, now),
            },
          ];
    const minute = (name: string, limit: number, { resetMs, used }: { used: number; resetMs: number }) =>
      limit === 0 ? [] : [{ name, limit, used, resetAt: after(resetMs) }];
    return [
      ...minute('messages_per_minute', settings.messagesPerMinute, messages),
      ...requests,
      ...tokens.flatMap(({ limit, name, ...state }) => minute(name, limit, state)),
      ...spent('day', day),
      ...spent('month', month),
      ...rooms.map((room) => ({ ...room, resetAt: null })),
    ];
  }
}
