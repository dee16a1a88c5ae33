import type { AppConfig } from '#platform/config';
import { InvalidInputError } from '#platform/errors';
import { type Entitlements, isEntitled } from './entitlements.js';

/** What a tenant's settings can only lower: the operator's environment, or what a platform admin set for this tenant. */
export interface Ceilings {
  /** Of the limits a minute, 0 is none. */
  readonly messagesPerMinute: number;
  readonly requestsPerMinute: number;
  /** Of all of the tenant together, and of each user. */
  readonly tokensPerMinute: number;
  readonly userTokensPerMinute: number;
  /** Of one answer. */
  readonly maxTokens: number | null;
  readonly historyMessages: number | null;
  readonly budgetDayUsd: number | null;
  readonly budgetMonthUsd: number | null;
  /** Names, or `provider/name`; null: every model of a provider that is configured. */
  readonly models: readonly string[] | null;
}

export function ceilingsOf({ env }: Pick<AppConfig, 'env'>, { limits, models }: Entitlements): Ceilings {
  return {
    messagesPerMinute: limits.messages_per_minute ?? env.MESSAGES_PER_MINUTE,
    requestsPerMinute: limits.requests_per_minute ?? env.REQUESTS_PER_MINUTE,
    tokensPerMinute: limits.tokens_per_minute ?? env.TOKENS_PER_MINUTE,
    userTokensPerMinute: limits.user_tokens_per_minute ?? env.USER_TOKENS_PER_MINUTE,
    maxTokens: limits.max_tokens ?? env.LLM_MAX_TOKENS ?? null,
    historyMessages: limits.history_messages ?? null,
    budgetDayUsd: limits.budget_day_usd ?? null,
    budgetMonthUsd: limits.budget_month_usd ?? null,
    models: models ?? (env.LLM_MODELS.length > 0 ? env.LLM_MODELS : null),
  };
}

/** The lower of two limits of which 0 is none. */
export function lowerLimit(wanted: number | undefined, ceiling: number): number {
  if (wanted === undefined || wanted === 0) return ceiling;
  return ceiling === 0 ? wanted : Math.min(wanted, ceiling);
}

/** A number under a ceiling that may not be there. */
export function atMost(wanted: number, ceiling: number | null): number {
  return ceiling === null ? wanted : Math.min(wanted, ceiling);
}

export function allowsModel({ models }: Pick<Ceilings, 'models'>, provider: string, model: string): boolean {
  return isEntitled(models, [model, `${provider}/${model}`]);
}

/** What of a tenant's settings has a ceiling. */
export interface Ceiled {
  readonly messages_per_minute?: number;
  readonly history_messages?: number;
  readonly llm?: { readonly provider?: string; readonly model?: string; readonly max_tokens?: number };
}

/**
 * Refuses settings above a ceiling.
 * @param serving the provider and model that these settings would be served by
 * @throws InvalidInputError naming the member and its ceiling
 */
export function assertBelow(
  ceilings: Ceilings,
  wanted: Ceiled,
  serving: { readonly provider: string; readonly model: string },
): void {
  const { messages_per_minute: messages, history_messages: history, llm } = wanted;
  const most = ceilings.messagesPerMinute;
  if (messages !== undefined && most !== 0 && (messages === 0 || messages > most)) {
    throw above('messages_per_minute', most);
  }
  if (history !== undefined && ceilings.historyMessages !== null && history > ceilings.historyMessages) {
    throw above('history_messages', ceilings.historyMessages);
  }
  if (llm === undefined) return;
  if (llm.max_tokens !== undefined && ceilings.maxTokens !== null && llm.max_tokens > ceilings.maxTokens) {
    throw above('llm.max_tokens', ceilings.maxTokens);
  }
  const names = llm.model !== undefined || llm.provider !== undefined;
  const hasModels = serving.provider !== 'offline' && serving.provider !== 'echo';
  if (names && hasModels && !allowsModel(ceilings, serving.provider, serving.model)) {
    const allowed = ceilings.models?.join(', ') ?? '';
    throw new InvalidInputError(
      `llm.model: ${serving.model} is not one of the models that this tenant may use: ${allowed === '' ? 'none' : allowed}`,
      { field: 'llm.model' },
    );
  }
}

function above(field: string, ceiling: number): InvalidInputError {
  return new InvalidInputError(
    `${field}: the operator's ceiling is ${ceiling}; choose at most that, or ask the operator for more`,
    { field },
  );
}
