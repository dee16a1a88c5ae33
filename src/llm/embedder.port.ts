import type { EndpointPace } from './endpoint-pace.js';

/** Names a vector space: vectors of two spaces must never be compared. */
export interface EmbeddingSpace {
  readonly provider: string;
  readonly model: string;
  readonly dimensions: number;
}

/**
 * Turns text into unit-length vectors. Every adapter passes `test/support/embedder.conformance.ts`: order kept, one
 * vector a text, unit length, deterministic for the same text, batches split to the provider's limits.
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

  /** @param kind some models embed questions and passages differently. */
  abstract embed(
    texts: readonly string[],
    kind: 'query' | 'passage',
    signal: AbortSignal,
  ): Promise<readonly Float32Array[]>;
}
