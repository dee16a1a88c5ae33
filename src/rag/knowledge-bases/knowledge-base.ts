import type { EmbeddingSpace } from '#llm';

export type KnowledgeBaseKind = 'documents' | 'records';

/** What a knowledge base keeps in `settings`. */
export interface KnowledgeBaseSettings {
  /** Of `records`: the field that is a record's title. */
  readonly titleField?: string;
  /** Of `records`: the fields whose text, in this order, is searched and embedded. */
  readonly textFields?: readonly string[];
  /** Of `records`: what counts in a match (`MatchCriterion[]`), unless the agent says otherwise. */
  readonly criteria?: unknown;
  /** Share of the vectors in the fused rank, 0–1; the rest is the words'. Unset: by the embedder's strength. */
  readonly vectorWeight?: number;
}

export interface KnowledgeBase {
  readonly id: string;
  readonly kind: KnowledgeBaseKind;
  readonly name: string;
  readonly description: string;
  /** BCP 47; decides how words are stemmed. */
  readonly language: string;
  /** Tokens. */
  readonly chunkSize: number;
  readonly chunkOverlap: number;
  /** Null: the tenant's. */
  readonly topK: number | null;
  readonly spaceId: string;
  readonly embedding: EmbeddingSpace;
  readonly settings: KnowledgeBaseSettings;
  readonly documentCount: number;
  readonly chunkCount: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface NewKnowledgeBase {
  readonly name: string;
  readonly kind?: KnowledgeBaseKind;
  readonly description?: string;
  readonly language?: string;
  readonly chunkSize?: number;
  readonly chunkOverlap?: number;
  readonly topK?: number | null;
  readonly settings?: KnowledgeBaseSettings;
}

export type KnowledgeBaseChange = Partial<Omit<NewKnowledgeBase, 'kind'>>;
