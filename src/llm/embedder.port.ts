import type { EndpointPace } from './endpoint-pace.js';
import type { UsageSink } from './llm-usage.js';

/** Names a vector space: vectors of two spaces must never be compared. */
export interface EmbeddingSpace {
  readonly provider: string;
  readonly model: string;
  readonly dimensions: number;
}

/**
 * What a text is: some models embed questions and passages differently. A `profile` is a text of the passages' kind that
 * somebody waits for, like a question: it is compared with records, and keeps to no pace.
 */
export type EmbeddingKind = 'query' | 'passage' | 'profile';

/**
 * Turns text into unit-length vectors. Every adapter passes `test/support/embedder.conformance.ts`: order kept, one
 * vector a text, unit length, deterministic for the same text, batches split to the provider's limits. What a provider
 * was asked for is told to `onUsage` as `ChatModel` does it; an embedder that nobody pays for tells nothing.
 */
export abstract class Embedder {
  abstract readonly space: EmbeddingSpace;

  /**
   * Where passages have to keep to a pace; null: nobody else is asked. Such an embedder does not try passages again: whoever
   * sends them looks at the pace before each batch, and waits.
   */
  get pace(): EndpointPace | null {
    return null;
  }

  /** What a budget reckons that embedding these costs, in US dollars; 0 where nobody is paid for it. */
  reckon(_texts: readonly string[], _kind: EmbeddingKind): number {
    return 0;
  }

  abstract embed(
    texts: readonly string[],
    kind: EmbeddingKind,
    signal: AbortSignal,
    onUsage: UsageSink,
  ): Promise<readonly Float32Array[]>;
}
