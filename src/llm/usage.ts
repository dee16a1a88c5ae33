import { estimateTokens } from '#platform/text';
import { type LlmUsage } from './llm-usage.js';
import { dollars, type PricedEndpoint, priceOf, reckonedPriceOf } from './prices/prices.js';

/** @returns dollars, or null where the price is not known */
export function costOf(endpoint: PricedEndpoint, inputTokens: number, outputTokens: number): number | null {
  const price = priceOf(endpoint);
  return price === null ? null : dollars(price, inputTokens, outputTokens);
}

/** As a provider says it: whatever it likes. */
export interface CountedTokens {
  readonly input: unknown;
  readonly output: unknown;
}

const MOST_TOKENS = 2 ** 31 - 1;

/** A provider's figure, or null where it is none that could be stored: it is not ours, and must not fail a turn. */
export function tokenCount(said: unknown): number | null {
  return typeof said === 'number' && said >= 0 && said <= MOST_TOKENS ? Math.round(said) : null;
}

/**
 * The usage of one call: as the provider counted it, estimated where it did not.
 * @param texts what was sent and what came back, for the estimate
 */
export function usageOf(
  kind: LlmUsage['kind'],
  endpoint: PricedEndpoint & { readonly provider?: string },
  counted: CountedTokens,
  texts: { readonly input: () => string; readonly output: string },
): LlmUsage {
  const input = tokenCount(counted.input);
  const output = tokenCount(counted.output);
  const inputTokens = input ?? estimateTokens(texts.input());
  const outputTokens = output ?? estimateTokens(texts.output);
  const costUsd = costOf(endpoint, inputTokens, outputTokens);
  const estimated = input === null || output === null;
  const reckonedUsd = costUsd ?? dollars(reckonedPriceOf(endpoint), inputTokens, outputTokens);
  const { model, provider } = endpoint;
  return { kind, inputTokens, outputTokens, costUsd, reckonedUsd, provider, model, estimated };
}
