import type { UsageSink } from './llm-usage.js';

/** Names a vector space: vectors of two spaces must never be compared. */
export interface EmbeddingSpace {
  readonly provider: string;
  readonly model: string;
  readonly dimensions: number;
}

/**
 * Turns text into unit-length vectors. Every adapter passes `test/support/embedder.conformance.ts`: order kept, one
 * vector a text, unit length, deterministic for the same text, batches split to the provider's limits. What a provider
 * was asked for is told to `onUsage` as `ChatModel` does it; an embedder that nobody pays for tells nothing.
 */
export abstract class Embedder {
  abstract readonly space: EmbeddingSpace;

  /** @param kind some models embed questions and passages differently. */
  abstract embed(
    texts: readonly string[],
    kind: 'query' | 'passage',
    signal: AbortSignal,
    onUsage: UsageSink,
  ): Promise<readonly Float32Array[]>;
}
