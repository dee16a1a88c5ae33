import { LRUCache } from 'lru-cache';
import { Embedder, type EmbeddingKind, type EmbeddingSpace } from './embedder.port.js';
import type { EndpointPace } from './endpoint-pace.js';
import { type UsageSink } from './llm-usage.js';
import { LlmError } from './llm.errors.js';

const CAPACITY = 500;
/** Longer texts are not asked twice. */
const LONGEST_TEXT = 2000;

/**
 * Remembers the vectors of the last queries of one space, so that a question that is routed and then searched for, or
 * asked by many, is embedded (and paid for) once. Passages and profiles go straight through.
 */
export class CachedEmbedder extends Embedder {
  private readonly vectors = new LRUCache<string, Float32Array>({ max: CAPACITY });

  constructor(private readonly inner: Embedder) {
    super();
  }

  override get space(): EmbeddingSpace {
    return this.inner.space;
  }

  override get pace(): EndpointPace | null {
    return this.inner.pace;
  }

  /** What is remembered is not paid again. */
  override reckon(texts: readonly string[], kind: EmbeddingKind): number {
    const paid = kind === 'query' ? texts.filter((text) => !this.vectors.has(text)) : texts;
    return paid.length === 0 ? 0 : this.inner.reckon(paid, kind);
  }

  override async embed(
    texts: readonly string[],
    kind: EmbeddingKind,
    signal: AbortSignal,
    onUsage: UsageSink,
  ): Promise<readonly Float32Array[]> {
    if (kind !== 'query') return this.inner.embed(texts, kind, signal, onUsage);
    const missing = [...new Set(texts.filter((text) => !this.vectors.has(text)))];
    const found = new Map(texts.flatMap((text) => this.recall(text)));
    if (missing.length > 0) {
      const vectors = await this.inner.embed(missing, kind, signal, onUsage);
      if (vectors.length !== missing.length) {
        throw new LlmError({ detail: `the embedder gave ${vectors.length} vectors for ${missing.length} texts` });
      }
      missing.forEach((text, index) => {
        const vector = vectors[index];
        if (vector === undefined) return;
        found.set(text, vector);
        if (text.length <= LONGEST_TEXT) this.vectors.set(text, vector);
      });
    }
    return texts.map((text) => found.get(text) ?? new Float32Array(this.space.dimensions));
  }

  private recall(text: string): [string, Float32Array][] {
    const vector = this.vectors.get(text);
    return vector === undefined ? [] : [[text, vector]];
  }
}
