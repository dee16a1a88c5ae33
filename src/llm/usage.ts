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
export async function usageOf(
  kind: LlmUsage['kind'],
  endpoint: { readonly baseUrl: string; readonly model: string },
  counted: CountedTokens,
  texts: { readonly input: () => string; readonly output: string },
): Promise<LlmUsage> {
  const input = tokenCount(counted.input);
  const output = tokenCount(counted.output);
  const inputTokens = input ?? (await estimateTokens(texts.input()));
  const outputTokens = output ?? (await estimateTokens(texts.output));
  const costUsd = costOf(endpoint, inputTokens, outputTokens);
  const estimated = input === null || output === null;
  return { kind, inputTokens, outputTokens, costUsd, model: endpoint.model, estimated };
}

/** So much is counted; of a longer text so much of it, taken evenly, stands for the rest. Some 10 ms at worst. */
const MOST_COUNTED = 3000;
const SAMPLES = 6;
/**
 * The tokenizer cuts a text at spaces and between letters and signs, and is quadratic in each piece: a longer run is
 * counted in parts, which is at most a token too much for each.
 */
const LONGEST_RUN = 128;
const LONG_RUN = new RegExp(`\\S{${LONGEST_RUN + 1},}|\\s{${LONGEST_RUN + 1},}`, 'g');

/** Tokens of a text by the vocabulary of OpenAI's current models. The tables are loaded on first use (3 MB). */
export async function estimateTokens(text: string): Promise<number> {
  if (text === '') return 0;
  const { countTokens } = await import('gpt-tokenizer');
  const parts = sampleOf(text).flatMap(withoutLongRuns);
  const counted = parts.reduce((sum, part) => sum + part.length, 0);
  const tokens = parts.reduce((sum, part) => sum + countTokens(part, { disallowedSpecial: new Set() }), 0);
  return Math.ceil((tokens * text.length) / counted);
}

function sampleOf(text: string): string[] {
  if (text.length <= MOST_COUNTED) return [text];
  const length = MOST_COUNTED / SAMPLES;
  const stride = (text.length - length) / (SAMPLES - 1);
  return Array.from({ length: SAMPLES }, (_, index) => {
    const start = Math.round(index * stride);
    return text.slice(start, start + length);
  });
}

/** @returns parts that together are the text, none with a run that is too long */
export function withoutLongRuns(text: string): string[] {
  const parts: string[] = [];
  let from = 0;
  for (const { 0: run, index } of text.matchAll(LONG_RUN)) {
    if (index > from) parts.push(text.slice(from, index));
    for (let at = 0; at < run.length; at += LONGEST_RUN) parts.push(run.slice(at, at + LONGEST_RUN));
    from = index + run.length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}
