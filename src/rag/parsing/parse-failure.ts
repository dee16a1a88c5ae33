import type { DocumentKind } from './parsed-document.js';

/** Why a document could not be read. */
export const PARSE_FAILURE_CODES = ['ENCRYPTED', 'CORRUPT', 'TOO_LARGE', 'NO_TEXT', 'TIMEOUT', 'UNSUPPORTED'] as const;
export type ParseFailureCode = (typeof PARSE_FAILURE_CODES)[number];

/**
 * A parser's refusal, inside the child. It does not extend `DomainError`, so that the child starts without the rest of
 * the program; the parent turns it into a `DocumentParseError`.
 */
export class ParseFailure extends Error {
  constructor(
    readonly code: ParseFailureCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
    this.name = 'ParseFailure';
  }
}

const FORMAT_NAMES: Readonly<Record<DocumentKind, string>> = {
  pdf: 'PDF',
  docx: 'Word document',
  html: 'HTML page',
  markdown: 'Markdown file',
  csv: 'CSV file',
  text: 'text file',
};

export function formatName(kind: DocumentKind): string {
  return FORMAT_NAMES[kind];
}

export function corrupt(kind: DocumentKind, cause?: unknown): ParseFailure {
  return new ParseFailure(
    'CORRUPT',
    `The file is damaged or cut off and cannot be read as a ${formatName(kind)}. Open it in the program that made it, save it again and upload the new copy.`,
    { cause },
  );
}

export function encrypted(kind: DocumentKind): ParseFailure {
  return new ParseFailure(
    'ENCRYPTED',
    `The ${formatName(kind)} is protected with a password. Remove the protection and upload it again.`,
  );
}

export function noText(kind: DocumentKind): ParseFailure {
  return new ParseFailure(
    'NO_TEXT',
    kind === 'pdf'
      ? 'No readable text was found in the PDF. If it is a scan, run text recognition (OCR) on it first and upload the result.'
      : `The ${formatName(kind)} holds no text. Check that it is the right file and upload one with text.`,
  );
}

export function tooLarge(what: string): ParseFailure {
  return new ParseFailure('TOO_LARGE', `${what} Split it into smaller files and upload those.`);
}
