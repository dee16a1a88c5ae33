/**
 * Knowledge: what a tenant's documents and records say, and how it is found.
 *
 *   upload ─▶ DocumentService ─▶ row + file ─▶ DocumentIngestion (queue) ─▶ parse · chunk · embed · publish
 *   question ─▶ RetrievalService ─▶ words (BM25) + vectors, one statement ─▶ passages with scores and where they stand
 *
 * Owns knowledge bases, documents, chunks, vectors, postings and their statistics, and the files. Documents' rows are the
 * truth about ingestion; the queue is a hint. Agents read passages; nothing flows up but the built-in tool.
 */
export type { Passage, SearchRequest, SearchResult } from './retrieval.types.js';
export type { KnowledgeBase, KnowledgeBaseSettings, NewKnowledgeBase } from './knowledge-bases/knowledge-base.js';
export type { DocumentLabels, DocumentStatus, StoredDocument } from './documents/document.js';
export { KnowledgeBaseService } from './knowledge-bases/knowledge-base.service.js';
export { DocumentService, type FileUpload } from './documents/document.service.js';
export { RetrievalService } from './retrieval/retrieval.service.js';
export { type MatchRequest, MatchingService } from './matching/matching.service.js';
export type { Matches, MatchItem } from './matching/select-matches.js';
export {
  catalogOf,
  valuesLike,
  type CatalogField,
  type CatalogValue,
  type RecordCatalog,
} from './matching/record-catalog.js';
export { labelOf, meets, NO_WISHES, type Wish, type Wishes, type WishTest } from './matching/wishes.js';
export type { MatchCriterion } from './matching/match-criteria.js';
export { SEARCH_KNOWLEDGE } from './knowledge.tool.js';
export { RagModule } from './rag.module.js';
