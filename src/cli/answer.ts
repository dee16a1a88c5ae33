import { DomainError } from '#platform/errors';
import { failureOf } from './failure.js';
import { UsageError } from './usage-error.js';

/**
 * Runs a command whose answer goes to standard output and whose failure, in words, to standard error.
 * @returns the exit code: 0 done, 1 failed, 2 usage, 3 not found, 4 refused, 5 unavailable
 */
export async function answered(
  usage: string,
  run: () => Promise<{ readonly answer: unknown; readonly json: boolean }>,
): Promise<number> {
  try {
    const { answer, json } = await run();
    process.stdout.write(json ? `${JSON.stringify(answer)}\n` : inWords(answer));
    return 0;
  } catch (error) {
    if (error instanceof UsageError || isParseFault(error)) {
      process.stderr.write(`${error.message}\nusage: switchboard <command>\n${usage}`);
      return 2;
    }
    const { code, words } = error instanceof DomainError ? refusalOf(error) : failureOf(error);
    process.stderr.write(`${words}\n`);
    return code;
  }
}

function inWords(answer: unknown): string {
  const rows = Array.isArray(answer) ? (answer as object[]) : [answer as object];
  const line = (row: object) =>
    Object.entries(row)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => `${name}: ${shown(value)}`);
  return Array.isArray(answer)
    ? rows.map((row) => `${line(row).join('  ')}\n`).join('')
    : `${rows.flatMap(line).join('\n')}\n`;
}

function shown(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  return typeof value === 'object' && !Array.isArray(value) ? JSON.stringify(value) : String(value);
}

function isParseFault(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

function refusalOf(error: DomainError): { code: number; words: string } {
  const words = error.message;
  if (error.kind === 'not_found') return { code: 3, words };
  if (error.kind === 'unavailable') return { code: 5, words };
  return { code: ['forbidden', 'conflict', 'invalid', 'bad_request'].includes(error.kind) ? 4 : 1, words };
}
