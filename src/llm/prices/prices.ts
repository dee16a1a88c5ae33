import { readFileSync } from 'node:fs';
import { ConfigError } from '#platform/config';
import { asError } from '#platform/errors';
import { z } from 'zod';
import { type ModelPrice, PRICE_LIST, RECKONED } from './price-list.js';

/** Who sells at the list's prices: a model of the same name on somebody's own server costs what they pay. */
const PRICED_HOSTS = new Set(['api.openai.com', 'api.groq.com']);
const MODEL_SUFFIX = /^(-\d{4}-\d{2}-\d{2}|-\d{4}|-latest)?$/;

const usd = z.number().min(0).max(1_000_000);
const overlaySchema = z.record(z.string(), z.strictObject({ input_usd: usd, output_usd: usd.default(0) }));

/** An operator's own prices by exact model name; of whatever server. */
export type PriceOverlay = ReadonlyMap<string, ModelPrice>;

export const NO_OVERLAY: PriceOverlay = new Map();

export interface PricedEndpoint {
  readonly baseUrl: string;
  readonly model: string;
  readonly overlay?: PriceOverlay;
}

/**
 * Reads `LLM_PRICES_FILE`: `{"model": {"input_usd": 0.5, "output_usd": 1.5}}`, US dollars per million tokens.
 * @throws ConfigError when it cannot be read or says something else
 */
export function readOverlay(file: string | undefined): PriceOverlay {
  if (file === undefined) return NO_OVERLAY;
  try {
    const read = overlaySchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return new Map(
      Object.entries(read).map(([model, { input_usd: input, output_usd: output }]) => [model, { input, output }]),
    );
  } catch (error) {
    throw new ConfigError([`LLM_PRICES_FILE: ${file} holds no prices: ${asError(error).message}`]);
  }
}

/** @returns null where the price is not known */
export function priceOf({ baseUrl, model, overlay = NO_OVERLAY }: PricedEndpoint): ModelPrice | null {
  const own = overlay.get(model);
  if (own !== undefined) return own;
  return PRICED_HOSTS.has(new URL(baseUrl).hostname) ? listed(model) : null;
}

/** What a budget reckons with: the price, else that of a model of the same name elsewhere, else a middling one. */
export function reckonedPriceOf(endpoint: PricedEndpoint): ModelPrice {
  return priceOf(endpoint) ?? listed(endpoint.model) ?? RECKONED;
}

export function dollars({ input, output }: ModelPrice, inputTokens: number, outputTokens: number): number {
  return (inputTokens * input + outputTokens * output) / 1_000_000;
}

function listed(model: string): ModelPrice | null {
  const fitting = Object.keys(PRICE_LIST)
    .filter((name) => model.startsWith(name) && MODEL_SUFFIX.test(model.slice(name.length)))
    .sort((a, b) => b.length - a.length);
  return PRICE_LIST[fitting[0] ?? ''] ?? null;
}
