import type { OnEmbedderFailure } from './retrieval/question-vector.js';

/** A word of the question as the passage's knowledge base knows it. Words of no meaning are none. */
export interface AskedWord {
  /** As it was asked, in lower case. */
  readonly word: string;
  /** Share of the base’s chunks that have it, 0–1, a little less in a small base; 0: the base does not know it. */
  readonly share: number;
  readonly held: boolean;
}

/** A passage that a search found, with where it came from and why it was found. */
export interface Passage {
  readonly chunkId: string;
  readonly documentId: string;
  readonly knowledgeBaseId: string;
  readonly title: string;
  readonly page: number | null;
  /** Heading path, `Returns > Deadlines`. */
  readonly section: string | null;
  readonly url: string | null;
  /** Markdown. */
  readonly content: string;
  /** Fused score, 0–1, comparable within one search. */
  readonly score: number;
  /** Cosine similarity, or null when the vector half did not see it. */
  readonly vectorScore: number | null;
  /** BM25, or null when no term matched. */
  readonly textScore: number | null;
  /** Share of the query's term weight (IDF) that the passage contains, 0–1: an absolute measure for grading. */
  readonly coverage: number;
  readonly words: readonly AskedWord[];
}

export interface SearchRequest {
  readonly query: string;
  /** `all`: every one of the tenant's that holds documents; those of records are matched, not read. */
  readonly knowledgeBaseIds: readonly string[] | 'all';
  /** 1–50; absent: the knowledge base's, else the tenant's. */
  readonly topK?: number;
  /** Equality on the document's metadata. */
  readonly filter?: Readonly<Record<string, string | number | boolean>>;
  /** What to do when the question cannot be embedded: as the tenant chose unless told. */
  readonly onEmbedderFailure?: OnEmbedderFailure;
}

export interface SearchResult {
  readonly passages: readonly Passage[];
  /** Documents of the bases that are still being read: what is not found today may stand in one of them. */
  readonly unread?: number;
  /** True when the vectors come from the local embedder, or only one half of the search answered. */
  readonly degraded: boolean;
  /** True when a provider that should have embedded the question did not, so that words alone answered. */
  readonly embedderFailed?: boolean;
}
