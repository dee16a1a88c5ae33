import type { MatchCriterion } from './match-criteria.js';
import { type Facts, scoreMatch } from './match-score.js';
import { fieldsOf, fitOf, isMeant, wishReasons, type Wish, type WishFit, type Wishes } from './wishes.js';

export interface Candidate {
  readonly documentId: string;
  readonly title: string;
  readonly record: Facts;
  /** Cosine; null when nothing was compared. */
  readonly similarity: number | null;
}

/** The record's own fields, under them what the match says. */
export interface MatchItem {
  /** The record's own id, else the document's. */
  readonly id: string;
  readonly document_id: string;
  readonly title: string;
  /** 0–1: the share of what was asked that is there, three quarters of it; the rest is the profile's. */
  readonly score: number;
  readonly reasons: readonly string[];
  /** False: it lacks something that was asked for, and is shown because nothing has it all, or too few have. */
  readonly fits: boolean;
  readonly [field: string]: unknown;
}

export interface Matches {
  /** Best first. */
  readonly items: readonly MatchItem[];
  /** What no record has together with the rest, in the caller's words; empty: all was met. */
  readonly unmet: readonly string[];
}

interface Judged {
  readonly candidate: Candidate;
  readonly fit: WishFit;
  readonly score: number;
  /** Of the profile's criteria. */
  readonly reasons: readonly string[];
}

/** What meets every wish is told apart by the profile alone, so it has the lesser part of a score. */
const ASKED = 0.75;
/** Of what does not, the one that lacks less comes first, whoever asks. */
const ASKED_OF_NEAREST = 0.96;

/** What was only heard in passing, of a score that is otherwise the profile's. */
const HEARD = 0.1;
/** What was said in words of no field, by its meaning: as much as what was asked in theirs. */
const MEANT = ASKED;

/**
 * Those that meet every wish; when none does, those that come nearest, of which each has what is sought; when none has
 * that, nothing. The profile orders what the wishes leave.
 */
export function selectMatches(
  candidates: readonly Candidate[],
  {
    criteria,
    except = [],
    limit,
    profile,
    wishes,
  }: {
    readonly criteria: readonly MatchCriterion[];
    /** Documents that were shown already. */
    readonly except?: readonly string[];
    readonly limit: number;
    readonly profile: Facts;
    readonly wishes: Wishes;
  },
): Matches {
  const stated = wishes.wishes.filter(({ role }) => role !== 'hint');
  const open = unspoken(criteria, fieldsOf(stated));
  const nearness = wishes.wishes.some(isMeant) ? nearnessAmong(candidates) : null;
  const judged = candidates.map((candidate): Judged => {
    const fit = fitOf(candidate.record, wishes.wishes);
    const own = scoreMatch(profile, candidate.record, candidate.similarity, open);
    const asked = fit.unmet.length === 0 ? ASKED : ASKED_OF_NEAREST;
    const near = nearness?.(candidate) ?? null;
    const suits = near === null ? own.score : (1 - MEANT) * own.score + MEANT * near;
    const score =
      stated.length === 0 ? suits * (1 - HEARD + HEARD * fit.share) : fit.share * (asked + (1 - asked) * suits);
    return { candidate, fit, score, reasons: own.reasons };
  });
  const fitting = judged.filter(({ fit }) => fit.unmet.length === 0);
  const fits = fitting.length > 0;
  const seen = new Set(except);
  const sorted = inOrder(
    byScore(fits ? fitting : nearest(judged, wishes)).filter(({ candidate }) => !seen.has(candidate.documentId)),
    wishes.order,
  );
  const count = Math.min(limit, wishes.count ?? limit);
  const shown = wishes.pick === null ? sorted.slice(0, count) : picked(sorted.slice(0, limit), wishes.pick);
  // Whoever asks for three is told that one is all, and sees what comes next.
  const lacking = fits && seen.size === 0 && wishes.pick === null && wishes.count !== null ? count - shown.length : 0;
  const rest = lacking <= 0 ? [] : byScore(nearest(judged, wishes).filter(({ fit }) => fit.unmet.length > 0));
  const [best] = sorted;
  const unmet = fits || (best === undefined && seen.size > 0) ? [] : (best?.fit.unmet ?? metByNone(judged, stated));
  // What lacks something is no better than what fits.
  const least = Math.min(...shown.map(({ score }) => score));
  const filling = rest.slice(0, Math.max(0, lacking)).map((one) => ({ ...one, score: Math.min(one.score, least) }));
  const items = [...shown, ...filling];
  return {
    items: items.map((one) => toItem(one, wishes.wishes)),
    unmet: [...new Set(unmet.map(({ said }) => said))],
  };
}

/** From 0 for the farthest to 1 for the nearest of them, by the texts' meaning; null where nothing was compared. */
function nearnessAmong(candidates: readonly Candidate[]): ((candidate: Candidate) => number) | null {
  const known = candidates.flatMap(({ similarity }) => similarity ?? []);
  const [least, most] = known.reduce(
    ([low, high], one) => [Math.min(low, one), Math.max(high, one)],
    [Infinity, -Infinity],
  );
  return most > least ? ({ similarity }) => ((similarity ?? least) - least) / (most - least) : null;
}

function byScore(pool: readonly Judged[]): Judged[] {
  return pool.toSorted((a, b) => b.score - a.score || (idOf(a.candidate) < idOf(b.candidate) ? -1 : 1));
}

/** Of records that lack something, those that have nothing that was refused and come near the rest. */
function nearest(judged: readonly Judged[], { wishes }: Wishes): Judged[] {
  const allowed = judged.filter(({ fit }) => !fit.unmet.some(({ not }) => not));
  const sought = wishes.filter(({ not, role }) => role === 'topic' && !not);
  if (sought.length > 0) {
    const whole = allowed.filter(({ fit }) => fit.topicMet);
    const part = allowed.filter(({ fit }) => sought.some((topic) => !fit.unmet.includes(topic)));
    return whole.length > 0 ? whole : part;
  }
  return allowed.filter(({ fit }) => fit.best > 0);
}

/** Why there is nothing to show: what is sought, or else whatever was asked, that no record has. */
function metByNone(judged: readonly Judged[], stated: readonly Wish[]): readonly Wish[] {
  const missing = stated.filter((wish) => !wish.not && judged.every(({ fit }) => fit.unmet.includes(wish)));
  const sought = missing.filter(({ role }) => role === 'topic');
  return sought.length > 0 ? sought : missing.length > 0 ? missing : stated.filter(({ not }) => !not);
}

function picked(sorted: readonly Judged[], place: number): Judged[] {
  const one = place < 0 ? sorted.at(place) : sorted[place - 1];
  return one === undefined ? [] : [one];
}

function inOrder(byScore: readonly Judged[], order: Wishes['order']): readonly Judged[] {
  if (order === null) return byScore;
  const { among, descending, field } = order;
  const value = ({ candidate }: Judged) => {
    const own = candidate.record[field];
    return typeof own === 'number' ? (descending ? -own : own) : Infinity;
  };
  return byScore.slice(0, among).toSorted((a, b) => value(a) - value(b));
}

/** What the caller said of a field counts instead of the profile; lists hold more than what was said. */
function unspoken(criteria: readonly MatchCriterion[], spoken: ReadonlySet<string>): MatchCriterion[] {
  return criteria.filter((criterion) => {
    switch (criterion.kind) {
      case 'similarity':
      case 'overlap':
        return true;
      case 'at_least':
        return !spoken.has(criterion.recordField);
      case 'at_most':
        return !spoken.has(criterion.wishing === 'profile' ? criterion.offerField : criterion.wishField);
      case 'place':
        return !['location', 'country', 'remote'].some((field) => spoken.has(field));
    }
  });
}

function idOf({ documentId, record }: Candidate): string {
  return typeof record['id'] === 'string' ? record['id'] : documentId;
}

function toItem({ candidate, fit, reasons, score }: Judged, wishes: readonly Wish[]): MatchItem {
  const { documentId, record, title } = candidate;
  return {
    ...record,
    id: idOf(candidate),
    document_id: documentId,
    title,
    score: Math.round(score * 1000) / 1000,
    reasons: [...wishReasons(record, wishes, fit), ...reasons],
    fits: fit.unmet.length === 0,
  };
}
