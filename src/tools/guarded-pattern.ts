import { createContext, Script } from 'node:vm';

/** Milliseconds that all the guarded patterns of one validation may take together. */
const BUDGET_MS = 40;
/** Up to here a plain pattern is at most cubic in the text, which is milliseconds. */
const MAX_PLAIN_TEXT = 256;
const MAX_PLAIN_REPEATS = 3;
/** So often may a pattern run out of time before it is left alone for a while: one message is matched many times. */
const MAX_TIMEOUTS = 3;
const REST_MS = 60_000;

let budgetMs = BUDGET_MS;

/** Called before each validation, which runs in one piece. */
export function resetPatternBudget(): void {
  budgetMs = BUDGET_MS;
}

const sandbox = createContext(Object.create(null) as Record<string, unknown>);
const script = new Script('pattern.test(text)');

interface Matcher {
  test(text: string): boolean;
  toString(): string;
}

/**
 * A tenant's regular expression. JavaScript's engine can backtrack for minutes on a short text and cannot be asked to
 * stop; code in a `vm` context can, by the clock. Past the budget nothing matches, so the argument is refused. Patterns
 * that cannot explode are matched directly: a busy machine must not refuse a good order number.
 * @throws SyntaxError for a pattern that is not valid
 */
export function guardedPattern(source: string, flags: string): Matcher {
  const pattern = new RegExp(source, flags);
  const plain = isPlain(source);
  let timeouts = 0;
  let restsUntil = 0;
  return {
    test(text) {
      if (plain && text.length <= MAX_PLAIN_TEXT) return pattern.test(text);
      if (performance.now() < restsUntil) return false;
      const result = testWithinBudget(pattern, text);
      if (result !== 'timeout') return result;
      timeouts += 1;
      if (timeouts % MAX_TIMEOUTS === 0) restsUntil = performance.now() + REST_MS;
      return false;
    },
    // ajv tells patterns apart by this: without it, all schemas would share the first one.
    toString: () => pattern.toString(),
  };
}

/** The name under which ajv's generated code would import it; the code is never written out. */
guardedPattern.code = 'guardedPattern';

function testWithinBudget(pattern: RegExp, text: string): boolean | 'timeout' {
  if (budgetMs < 1) return 'timeout';
  const startedAt = performance.now();
  Object.assign(sandbox, { pattern, text });
  try {
    return script.runInContext(sandbox, { timeout: Math.ceil(budgetMs) }) === true;
  } catch {
    return 'timeout';
  } finally {
    Object.assign(sandbox, { pattern: null, text: null });
    budgetMs -= performance.now() - startedAt;
  }
}

/** True when no group repeats, nothing looks around or back, and few single characters repeat. */
function isPlain(source: string): boolean {
  if (/\\[1-9k]|\(\?[=!<]/.test(source)) return false;
  const skeleton = source.replace(/\\./g, 'x').replace(/\[[^\]]*\]/g, 'x');
  const repeats = skeleton.match(/[*+]|\{\d*,\d*\}/g) ?? [];
  return !/\)[*+{]/.test(skeleton) && repeats.length <= MAX_PLAIN_REPEATS;
}
