import { z } from 'zod';
import { DocumentParseError } from './document-parser.port.js';
import { PARSE_FAILURE_CODES, type ParseFailureCode } from './parse-failure.js';

/** What a child left behind: an answer, or signs of what ended it. */
export interface ParseResult {
  readonly answer: Buffer;
  /** Why the parent ended the child; null: it did not. */
  readonly verdict: Verdict | null;
  /** The end of what it said on stderr. */
  readonly complaints: string;
  /** How it ended. */
  readonly exit: string;
}

export type Verdict = 'time' | 'memory' | 'output' | 'aborted';

export const failureSchema = z.object({
  ok: z.literal(false),
  code: z.enum(PARSE_FAILURE_CODES),
  message: z.string(),
  detail: z.string().optional(),
});

/** What the child answered, or the error that says why it did not. */
export function conclude<T extends { readonly ok: true }>(
  result: ParseResult,
  schema: z.ZodType<T | z.infer<typeof failureSchema>>,
  timeMs: number,
): T {
  const verdict = result.verdict ?? verdictOfGuard(result.complaints);
  if (verdict) throw errorFor(verdict, timeMs);
  const outcome = schema.safeParse(parseJson(result.answer));
  if (!outcome.success) {
    throw new DocumentParseError(
      'CORRUPT',
      'The file made the reader stop. Save it again with another program and upload the new copy.',
      { cause: new Error(`parser child ended with ${result.exit}: ${result.complaints.trim().slice(-500)}`) },
    );
  }
  if (outcome.data.ok) return outcome.data;
  const { code, message, detail } = outcome.data;
  throw new DocumentParseError(code, message, {
    retryable: isRetryable(code),
    cause: detail ? new Error(detail) : undefined,
  });
}

/** What the child's own guard, or V8 when its heap was full, left on stderr. */
function verdictOfGuard(complaints: string): Verdict | null {
  if (/guard: memory|heap out of memory|Array buffer allocation failed/.test(complaints)) return 'memory';
  if (complaints.includes('guard: time')) return 'time';
  return null;
}

function errorFor(verdict: Verdict, timeMs: number): DocumentParseError {
  if (verdict === 'time') {
    const seconds = Math.round(timeMs / 1000);
    return new DocumentParseError(
      'TIMEOUT',
      `Reading the file took longer than ${seconds} seconds. Try again later, or split it into smaller files.`,
      { retryable: true },
    );
  }
  const what =
    verdict === 'output'
      ? 'The document holds more text than can be read at once.'
      : 'Reading the file needs more memory than is allowed.';
  return new DocumentParseError('TOO_LARGE', `${what} Split it into smaller files and upload those.`);
}

function isRetryable(code: ParseFailureCode): boolean {
  return code === 'TIMEOUT';
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return null;
  }
}
