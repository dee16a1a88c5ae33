export type DocumentStatus = 'queued' | 'parsing' | 'chunking' | 'embedding' | 'ready' | 'failed';
export const DOCUMENT_STATUSES = [
  'queued',
  'parsing',
  'chunking',
  'embedding',
  'ready',
  'failed',
] as const satisfies readonly DocumentStatus[];

export type SourceType = 'file' | 'text' | 'url' | 'record';

/** Why a document cannot be searched, for the person who gave it to us. */
export interface DocumentFault {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
}

/** Why nothing happens to a document that is not finished, and how long: trouble that passes by itself. */
export interface DocumentWait {
  readonly reason: string;
  readonly until: Date;
}

export interface StoredDocument {
  readonly id: string;
  readonly knowledgeBaseId: string;
  /** Whose it is; null: everybody's who may ask the knowledge base. */
  readonly ownerId: string | null;
  /** Empty: every persona. */
  readonly personas: readonly string[];
  readonly title: string;
  readonly sourceType: SourceType;
  readonly sourceUrl: string | null;
  readonly mimeType: string;
  /** As the client named it: shown, never used as a path. */
  readonly fileName: string | null;
  readonly size: number;
  readonly status: DocumentStatus;
  readonly progress: number;
  readonly chunkCount: number;
  readonly attempt: number;
  readonly waiting: DocumentWait | null;
  readonly error: DocumentFault | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly record: Readonly<Record<string, unknown>> | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface StoredChunk {
  readonly id: string;
  readonly ordinal: number;
  readonly page: number | null;
  readonly section: string | null;
  readonly content: string;
}

/** What every way of adding a document may say about it. */
export interface DocumentLabels {
  readonly title?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly ownerId?: string | null;
  readonly personas?: readonly string[];
}
