/** US dollars per million tokens. Embedding models have no output. */
export interface ModelPrice {
  readonly input: number;
  readonly output: number;
}

/** When the prices below were last compared with their sources. */
export const PRICES_AT = '2025-11-20';

/**
 * List prices by the start of a model's name; the longest that fits counts. Sources: https://openai.com/api/pricing and
 * https://groq.com/pricing. An operator with other prices overlays them (`LLM_PRICES_FILE`).
 */
export const PRICE_LIST: Readonly<Record<string, ModelPrice>> = {
  'gpt-4o-mini': { input: 0.15, output: 0.6 },
  'gpt-4o': { input: 2.5, output: 10 },
  'gpt-4.1': { input: 2, output: 8 },
  'gpt-4.1-mini': { input: 0.4, output: 1.6 },
  'gpt-4.1-nano': { input: 0.1, output: 0.4 },
  'gpt-5': { input: 1.25, output: 10 },
  'gpt-5-mini': { input: 0.25, output: 2 },
  'gpt-5-nano': { input: 0.05, output: 0.4 },
  'o3-mini': { input: 1.1, output: 4.4 },
  'o4-mini': { input: 1.1, output: 4.4 },
  'text-embedding-3-small': { input: 0.02, output: 0 },
  'text-embedding-3-large': { input: 0.13, output: 0 },
  'text-embedding-ada-002': { input: 0.1, output: 0 },
  'llama-3.1-8b-instant': { input: 0.05, output: 0.08 },
  'llama-3.3-70b-versatile': { input: 0.59, output: 0.79 },
};

/**
 * What a budget reckons with where nobody knows the price: a budget that cannot be spent is none. Like a middling model
 * of the list.
 */
export const RECKONED: ModelPrice = { input: 1, output: 4 };
