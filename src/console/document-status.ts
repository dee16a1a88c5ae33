/** How a document's way from upload to answer is put in words. */
import type { KnowledgeDocument } from './protocol.js';

const LABELS: Record<string, string> = {
  queued: 'Waiting',
  parsing: 'Reading the file',
  chunking: 'Splitting into passages',
  embedding: 'Indexing',
  ready: 'Searchable',
  failed: 'Failed',
};

export function isDocumentSettled(document: KnowledgeDocument): boolean {
  return document.status === 'ready' || document.status === 'failed';
}

export function documentStatusLabel(document: KnowledgeDocument): string {
  return LABELS[document.status] ?? document.status;
}

/** 0–100. */
export function documentPercent(document: KnowledgeDocument): number {
  if (document.status === 'ready') return 100;
  return Math.round(Math.min(1, Math.max(0, document.progress ?? 0)) * 100);
}

/** Why nothing happens for a while, in a sentence; null: it goes on. */
export function documentWait(document: KnowledgeDocument): string | null {
  const { waiting } = document;
  if (waiting === null || waiting === undefined || isDocumentSettled(document)) return null;
  const until = new Date(waiting.until).toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  return `${waiting.reason}: tried again at ${until}.`;
}
