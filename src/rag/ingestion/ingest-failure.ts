import { LlmError } from '#llm';
import { BlobMissingError } from '#platform/blobs';
import { DomainError } from '#platform/errors';
import { BudgetExceededError } from '#tenants';
import type { DocumentFault } from '../documents/document.js';
import { DocumentParseError } from '../parsing/document-parser.port.js';

/** A document waits for a budget that begins anew within a day. Whoever brought it should hear of a longer wait. */
const LONGEST_BUDGET_WAIT_MS = 24 * 3600_000;

export function isWaitedOut({ anewMs }: Pick<BudgetExceededError, 'anewMs'>): boolean {
  return anewMs !== null && anewMs <= LONGEST_BUDGET_WAIT_MS;
}

/** Trouble that should have passed did not. */
export class TroubleLastsError extends Error {
  constructor(reason: string) {
    super(`${reason}, and that for half an hour`);
    this.name = 'TroubleLastsError';
  }
}

/** Whoever worked on the document stopped, again and again, before anything of it was stored. */
export class RepeatedStopError extends Error {
  constructor() {
    super(
      'The server stopped several times while it read this document: split it into smaller files, or tell the operator',
    );
    this.name = 'RepeatedStopError';
  }
}

/** What a person reads about a document that could not be taken in. Only words of ours: a cause stays in the log. */
export function faultOf(error: unknown): DocumentFault {
  if (error instanceof DocumentParseError) {
    return { code: error.reason, message: error.message, retryable: error.retryable };
  }
  if (error instanceof TroubleLastsError) {
    return { code: 'LLM_ERROR', message: `${error.message}: read the document again later`, retryable: true };
  }
  if (error instanceof RepeatedStopError) return { code: 'GAVE_UP', message: error.message, retryable: true };
  if (error instanceof LlmError) {
    const what = error.status === null ? 'gave no usable answer' : `refused the text (HTTP ${error.status})`;
    return {
      code: error.code,
      message: `The embedding provider ${what}: tell the operator, and read the document again when that is mended`,
      retryable: false,
    };
  }
  if (error instanceof BudgetExceededError) {
    return { code: error.code, message: `${error.message}. Read the document again then`, retryable: true };
  }
  if (error instanceof DomainError) return { code: error.code, message: error.message, retryable: error.retryable };
  if (error instanceof BlobMissingError || (error instanceof Error && 'code' in error && error.code === 'ENOENT')) {
    return { code: 'FILE_MISSING', message: 'The file is no longer there: upload it again', retryable: false };
  }
  return {
    code: 'INTERNAL',
    message: 'Something went wrong while the document was taken in: try it again, and tell the operator if it stays so',
    retryable: true,
  };
}
