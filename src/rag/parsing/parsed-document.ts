/**
 * What a parser hands to the chunker: the document as a flat run of blocks in reading order. Text is Markdown, cleaned
 * by `cleanText`; pages count from 1 and exist only where the format has pages.
 */
export interface HeadingBlock {
  readonly kind: 'heading';
  /** 1 (outermost) to 6. */
  readonly level: number;
  /** Plain text without markup. */
  readonly text: string;
  readonly page?: number;
}

export interface BodyBlock {
  /** `row` is one record of a CSV file: never mixed with prose, and split only when it alone is longer than a chunk. */
  readonly kind: 'paragraph' | 'list' | 'table' | 'code' | 'row';
  readonly text: string;
  readonly page?: number;
}

export type Block = HeadingBlock | BodyBlock;

export interface ParsedDocument {
  /** From the document itself; null when it names none (callers fall back to the file's name). */
  readonly title: string | null;
  readonly blocks: readonly Block[];
  /** Number of pages, for formats that have pages. */
  readonly pageCount?: number;
}

/** The formats that can be read. */
export type DocumentKind = 'pdf' | 'docx' | 'html' | 'markdown' | 'csv' | 'text';

export const MIME_BY_KIND: Readonly<Record<DocumentKind, string>> = {
  pdf: 'application/pdf',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  html: 'text/html',
  markdown: 'text/markdown',
  csv: 'text/csv',
  text: 'text/plain',
};

/** The kind that a stored media type stands for; null for one that no parser reads. */
export function kindOfMime(mime: string): DocumentKind | null {
  const bare = mime.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  for (const [kind, known] of Object.entries(MIME_BY_KIND)) {
    if (known === bare && isDocumentKind(kind)) return kind;
  }
  return null;
}

function isDocumentKind(value: string): value is DocumentKind {
  return Object.hasOwn(MIME_BY_KIND, value);
}
