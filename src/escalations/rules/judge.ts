import { fold } from '#platform/text';
import type { EscalationCause } from '../model/escalation.js';
import { saysItDidNotHelp } from './complaints.js';
import type { EscalationRules } from './rules.schema.js';

/** What is known of an answer, as it is about to be stored or was. */
export interface JudgedAnswer {
  readonly intent: string | null;
  /** Scores of its sources. */
  readonly scores: readonly number[];
  /** Parts of the message that an agent could not answer. */
  readonly failedParts: number;
  /** Tools of this turn whose results call for a person. */
  readonly calls: readonly { readonly tool: string; readonly reason: string; readonly skill: string | null }[];
}

export interface JudgedExchange {
  readonly content: string;
  /** Before the message, oldest first. */
  readonly history: readonly {
    readonly role: string;
    readonly content: string;
    readonly metadata: Readonly<Record<string, unknown>>;
  }[];
  readonly answer: JudgedAnswer;
}

export interface Judgement {
  readonly cause: EscalationCause;
  /** For people. */
  readonly reason: string;
  readonly skill: string | null;
}

/** Whether a person is to be called for this exchange; the first rule that says so decides. */
export function judge(rules: EscalationRules, exchange: JudgedExchange): Judgement | null {
  return (
    asked(rules, exchange) ??
    keyword(rules, exchange) ??
    called(rules, exchange) ??
    failing(rules, exchange) ??
    unsure(rules, exchange)
  );
}

function asked(rules: EscalationRules, { answer, content }: JudgedExchange): Judgement | null {
  if (!rules.explicit) return null;
  if (answer.intent === 'human_request') return judged('requested', 'The user asked for a person');
  const words = fold(content);
  const said = rules.phrases.find((phrase) => contains(words, phrase));
  return said === undefined ? null : judged('requested', `The user said "${said}"`);
}

function keyword({ keywords }: EscalationRules, { content }: JudgedExchange): Judgement | null {
  const words = fold(content);
  const found = keywords.find(({ word }) => contains(words, word));
  return found === undefined ? null : judged('keyword', `The message names "${found.word}"`, found.skill);
}

function called({ tools }: EscalationRules, { answer }: JudgedExchange): Judgement | null {
  const call = answer.calls.find(({ tool }) => tools.includes(tool));
  return call === undefined ? null : judged('agent', call.reason, call.skill);
}

/** Counted back from this answer, up to the last one that was good or that called for a person. */
function failing({ failures }: EscalationRules, { answer, content, history }: JudgedExchange): Judgement | null {
  if (failures === null || !isNone(answer)) return null;
  let count = 1;
  let complaint = saysItDidNotHelp(content);
  for (const { content: said, metadata, role } of history.toReversed()) {
    if (role === 'user') complaint = complaint || saysItDidNotHelp(said);
    else if (role === 'assistant') {
      if (metadata['escalated'] !== undefined) break;
      // An answer that looks good, and of which the user said right after that it was none.
      if (!isNone(storedAnswer(metadata)) && !complaint) break;
      count++;
      complaint = false;
    } else break;
  }
  return count < failures ? null : judged('failure', `${count} answers in a row were none`);
}

function unsure({ min_confidence: least }: EscalationRules, { answer }: JudgedExchange): Judgement | null {
  if (least === null || answer.intent !== 'qa' || answer.scores.length === 0) return null;
  const best = Math.max(...answer.scores);
  return best >= least ? null : judged('low_confidence', `The best source scores ${best.toFixed(2)}`);
}

/** Not understood, not in the documents, or not all of it done. */
function isNone({ failedParts, intent, scores }: JudgedAnswer): boolean {
  return intent === 'unclear' || failedParts > 0 || (intent === 'qa' && scores.length === 0);
}

/** Of an answer that is stored: its metadata, or as much of it as a turn is shown. */
export function storedAnswer(metadata: Readonly<Record<string, unknown>>): JudgedAnswer {
  const { citations, failed_parts: failed, intent } = metadata;
  const scores = (Array.isArray(citations) ? citations : []).map((citation: unknown) => {
    const score = (citation as { score?: unknown } | null)?.score;
    return typeof score === 'number' ? score : 1;
  });
  return {
    intent: typeof intent === 'string' ? intent : null,
    scores,
    failedParts: typeof failed === 'number' ? failed : 0,
    calls: [],
  };
}

/** As whole words, in any case and with or without accents. @param message folded, once for all that is looked for in it */
function contains(message: string, words: string): boolean {
  const wanted = fold(words);
  for (let at = message.indexOf(wanted); at >= 0; at = message.indexOf(wanted, at + 1)) {
    const before = message.slice(Math.max(0, at - 2), at);
    const after = message.slice(at + wanted.length, at + wanted.length + 2);
    if (!/[\p{L}\p{N}]$/u.test(before) && !/^[\p{L}\p{N}]/u.test(after)) return true;
  }
  return false;
}

function judged(cause: EscalationCause, reason: string, skill: string | null = null): Judgement {
  return { cause, reason, skill };
}
