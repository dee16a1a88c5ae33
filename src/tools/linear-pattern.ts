import { RE2JS } from 're2js';
import type { WorkMeter } from './work-meter.js';

/** A pattern that is not taken; the message says what to change. */
export class PatternError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'PatternError';
  }
}

const LONGEST_SOURCE = 1000;
/** Instructions of the compiled pattern: matching takes at most text × instructions. `.{1,200}` has 400. */
const MOST_INSTRUCTIONS = 500;
/** From here on states of the automaton may explode, and making them costs more than stepping through them. */
const SMALL = 12;
const LARGE_FACTOR = 3;

/**
 * A tenant's regular expression, as ECMA-262 writes it (with the `u` flag), on an engine that takes linear time: the
 * language's own can backtrack for minutes on a short text, and nothing stops it.
 */
export class LinearPattern {
  private constructor(
    private readonly source: string,
    private readonly compiled: RE2JS,
    private readonly costPerCharacter: number,
  ) {}

  /** @throws PatternError for what is no pattern, needs backtracking (look-around, back-references), or is too large */
  static of(source: string): LinearPattern {
    if (source.length > LONGEST_SOURCE) {
      throw new PatternError(`it is longer than ${LONGEST_SOURCE} characters: make it shorter`);
    }
    const compiled = compile(source);
    const instructions = compiled.programSize();
    if (instructions > MOST_INSTRUCTIONS) {
      throw new PatternError(
        `it is too large (${instructions} steps a character, at most ${MOST_INSTRUCTIONS}): repeat less, and limit the length by "minLength" and "maxLength" instead of {n,m}`,
      );
    }
    return new LinearPattern(source, compiled, instructions * (instructions > SMALL ? LARGE_FACTOR : 1));
  }

  /** @throws WorkExceededError when the text is too long for what is left to spend */
  test(text: string, meter: WorkMeter): boolean {
    meter.spend(this.costPerCharacter * (text.length + 1));
    return this.compiled.test(text);
  }

  toString(): string {
    return `/${this.source}/u`;
  }
}

function compile(source: string): RE2JS {
  try {
    // Never matched with: it only judges the syntax, of which the other engine takes more and other things.
    void new RegExp(source, 'u');
  } catch {
    throw new PatternError('it is not a valid regular expression (ECMA-262, with the u flag)');
  }
  const backtracking = backtrackingIn(source);
  if (backtracking !== null) {
    throw new PatternError(
      `${backtracking} cannot be used, since matching would take unbounded time: write it without, or check it in the tool`,
    );
  }
  try {
    return RE2JS.compile(RE2JS.translateRegExp(withShortProperties(source)));
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, '').slice(0, 100) : '';
    throw new PatternError(
      /repeat/.test(reason)
        ? 'it repeats something more than 1000 times: limit the length by "minLength" and "maxLength" instead'
        : `it cannot be used here (${reason}): patterns are those of RE2`,
    );
  }
}

function backtrackingIn(source: string): string | null {
  const bare = source.replace(/\\[^1-9k]/g, '').replace(/\[[^\]]*\]/g, '');
  if (/\(\?<?[=!]/.test(bare)) return 'look-around such as (?=…)';
  if (/\\[1-9k]/.test(bare)) return 'a back-reference such as \\1';
  return null;
}

/** `\p{Script=Greek}` is `\p{Greek}` there. */
function withShortProperties(source: string): string {
  return source.replace(/(\\[pP])\{(?:Script|sc|General_Category|gc)=(\w+)\}/g, '$1{$2}');
}
