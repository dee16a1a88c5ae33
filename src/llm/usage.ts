import { estimateTokens } from '#platform/text';
import { type LlmUsage } from './llm-usage.js';

/** US dollars per million tokens, in and out, by the start of the model's name; the longest match counts. */
const PRICES: Readonly<Record<string, readonly [number, number]>> = {
  'gpt-4o-mini': [0.15, 0.6],
  'gpt-4o': [2.5, 10],
  'gpt-4.1': [2, 8],
  'gpt-4.1-mini': [0.4, 1.6],
  'gpt-4.1-nano': [0.1, 0.4],
  'gpt-5': [1.25, 10],
  'gpt-5-mini': [0.25, 2],
  'gpt-5-nano': [0.05, 0.4],
  'o3-mini': [1.1, 4.4],
  'o4-mini': [1.1, 4.4],
  'llama-3.1-8b-instant': [0.05, 0.08],
  'llama-3.3-70b-versatile': [0.59, 0.79],
};

/** Who sells at the table's prices: a model of the same name on somebody's own server costs what they pay. */
const PRICED_HOSTS = new Set(['api.openai.com', 'api.groq.com']);
const MODEL_SUFFIX = /^(-\d{4}-\d{2}-\d{2}|-\d{4}|-latest)?$/;

/** @returns dollars, or null where the price is not known */
export function costOf(
  endpoint: { baseUrl: string; model: string },
  inputTokens: number,
  outputTokens: number,
): number | null {
  if (!PRICED_HOSTS.has(new URL(endpoint.baseUrl).hostname)) return null;
  for (const [name, [input, output]] of Object.entries(PRICES)) {
    if (endpoint.model.startsWith(name) && MODEL_SUFFIX.test(endpoint.model.slice(name.length))) {
      return (inputTokens * input + outputTokens * output) / 1_000_000;
    }
  }
  return null;
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
  endpoint: { readonly baseUrl: string; readonly model: string },
  counted: CountedTokens,
  texts: { readonly input: () => string; readonly output: string },
): LlmUsage {
  const input = tokenCount(counted.input);
  const output = tokenCount(counted.output);
  const inputTokens = input ?? estimateTokens(texts.input());
  const outputTokens = output ?? estimateTokens(texts.output);
  const costUsd = costOf(endpoint, inputTokens, outputTokens);
  const estimated = input === null || output === null;
  return { kind, inputTokens, outputTokens, costUsd, model: endpoint.model, estimated };
}
