import { DomainError } from '#platform/errors';
import type { DocumentFault } from '../documents/document.js';
import { DocumentParseError } from '../parsing/document-parser.port.js';

/** What a person reads about a document that could not be taken in. Only words of ours: a cause stays in the log. */
export function faultOf(error: unknown): DocumentFault {
  if (error instanceof DocumentParseError) {
    return { code: error.reason, message: error.message, retryable: error.retryable };
  }
  if (error instanceof DomainError) return { code: error.code, message: error.message, retryable: error.retryable };
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
    return { code: 'FILE_MISSING', message: 'The file is no longer there: upload it again', retryable: false };
  }
  return {
    code: 'INTERNAL',
    message: 'Something went wrong while the document was taken in: try it again, and tell the operator if it stays so',
    retryable: true,
  };
}
