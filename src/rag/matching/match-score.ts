import { fold } from '#platform/text';
import type { MatchCriterion } from './match-criteria.js';

/** A record or a profile: plain JSON, of which only the criteria's fields are read. */
export type Facts = Readonly<Record<string, unknown>>;

export interface MatchScore {
  /** 0–1. */
  readonly score: number;
  /** For people: what speaks for it first, what is missing last. */
  readonly reasons: readonly string[];
}

interface Finding {
  readonly value: number;
  readonly reason: string | null;
}

/**
 * How well a record fits a profile: the weighted mean of the criteria that both sides have something to say about.
 * @param similarity cosine of the two texts, or null when they were not compared
 */
export function scoreMatch(
  profile: Facts,
  record: Facts,
  similarity: number | null,
  criteria: readonly MatchCriterion[],
): MatchScore {
  let sum = 0;
  let weights = 0;
  const told: { readonly reason: string; readonly value: number; readonly weight: number }[] = [];
  for (const criterion of criteria) {
    const finding = judge(criterion, profile, record, similarity);
    if (finding === null) continue;
    const { value, reason } = finding;
    sum += value * criterion.weight;
    weights += criterion.weight;
    if (reason !== null) told.push({ reason: `${criterion.label}: ${reason}`, value, weight: criterion.weight });
  }
  const strength = ({ value, weight }: { value: number; weight: number }): number => (value - 0.5) * weight;
  return {
    score: weights === 0 ? 0 : sum / weights,
    reasons: told.sort((a, b) => strength(b) - strength(a)).map(({ reason }) => reason),
  };
}

function judge(criterion: MatchCriterion, profile: Facts, record: Facts, similarity: number | null): Finding | null {
  switch (criterion.kind) {
    case 'similarity':
      return similarity === null ? null : meaning(similarity);
    case 'overlap': {
      const own = strings(profile[criterion.profileField]);
      const others = strings(record[criterion.recordField]);
      return criterion.demanding === 'record' ? overlap(others, own) : overlap(own, others);
    }
    case 'at_least': {
      const own = number(profile[criterion.profileField]);
      const other = number(record[criterion.recordField]);
      return criterion.demanding === 'record'
        ? atLeast(other, own, criterion.tolerance)
        : atLeast(own, other, criterion.tolerance);
    }
    case 'at_most': {
      const [wishing, offering] = criterion.wishing === 'profile' ? [profile, record] : [record, profile];
      return atMost(number(wishing[criterion.wishField]), number(offering[criterion.offerField]), criterion.tolerance);
    }
    case 'place':
      return place(profile, record);
  }
}

/** Below the first, texts have nothing to do with each other; from the second on, they speak of the same. */
const UNRELATED = 0.1;
const ALIKE = 0.6;

function meaning(similarity: number): Finding {
  const value = clamp((similarity - UNRELATED) / (ALIKE - UNRELATED));
  return { value, reason: value >= 0.6 ? 'much in common' : null };
}

const NAMED = 4;

function overlap(demanded: readonly string[], offered: readonly string[]): Finding | null {
  if (demanded.length === 0) return null;
  const have = new Set(offered.map(fold));
  const met = demanded.filter((value) => have.has(fold(value)));
  const missing = demanded.filter((value) => !have.has(fold(value)));
  const parts = [
    ...(met.length === 0 ? [] : [listed(met)]),
    ...(missing.length === 0 ? [] : [`missing ${listed(missing)}`]),
  ];
  return {
    value: met.length / demanded.length,
    reason: `${met.length} of ${demanded.length} (${parts.join('; ')})`,
  };
}

function atLeast(demanded: number | null, offered: number | null, tolerance: number): Finding | null {
  if (demanded === null || offered === null) return null;
  const value = clamp(1 - (demanded - offered) / tolerance);
  const reason =
    offered >= demanded
      ? `${plain(offered)}, at least ${plain(demanded)} asked for`
      : `${plain(offered)} of ${plain(demanded)} asked for`;
  return { value, reason };
}

function atMost(wish: number | null, offer: number | null, tolerance: number): Finding | null {
  if (wish === null || offer === null || offer <= 0) return null;
  const value = clamp(1 - (wish - offer) / (offer * tolerance));
  const reason =
    wish <= offer
      ? `wish of ${plain(wish)} is within the offer of up to ${plain(offer)}`
      : `wish of ${plain(wish)} is above the offer of up to ${plain(offer)}`;
  return { value, reason };
}

function place(profile: Facts, record: Facts): Finding | null {
  const mine = wayOfWork(profile);
  const theirs = wayOfWork(record);
  const towns = [...strings(profile['locations']), ...strings(profile['location'])];
  const [town] = strings(record['location']);
  if (towns.length === 0 && mine === null) return null;
  if (town === undefined && theirs === null) return null;
  const sameTown = town !== undefined && towns.some((own) => fold(own) === fold(town));
  const shown = [town, theirs].filter((part) => part !== undefined && part !== null).join(', ');
  if (theirs === 'remote' && mine === 'remote') return { value: 1, reason: shown };
  if (sameTown) return { value: mine === 'remote' && theirs === 'onsite' ? 0.5 : 1, reason: shown };
  if (theirs === 'remote') return { value: mine === 'onsite' ? 0.4 : 0.8, reason: shown };
  if (towns.length === 0) return { value: mine === theirs ? 1 : theirs === 'hybrid' ? 0.4 : 0.1, reason: shown };
  if (mine === 'remote') return { value: theirs === 'hybrid' ? 0.4 : 0.1, reason: shown };
  const value = sameCountry(profile, record) ? (theirs === 'hybrid' ? 0.5 : 0.3) : 0;
  return { value, reason: `${shown} (not ${towns.slice(0, 2).join(' or ')})` };
}

function sameCountry(profile: Facts, record: Facts): boolean {
  const [mine] = strings(profile['country']);
  const [theirs] = strings(record['country']);
  return mine !== undefined && theirs !== undefined && fold(mine) === fold(theirs);
}

function wayOfWork(facts: Facts): 'remote' | 'hybrid' | 'onsite' | null {
  const value = facts['remote'];
  if (value === true) return 'remote';
  return value === 'remote' || value === 'hybrid' || value === 'onsite' ? value : null;
}

function listed(values: readonly string[]): string {
  return values.length <= NAMED
    ? values.join(', ')
    : `${values.slice(0, NAMED).join(', ')} and ${values.length - NAMED} more`;
}

function strings(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.flatMap((item) => (typeof item === 'string' && item.trim() !== '' ? [item.trim()] : []));
}

function number(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

const NUMBERS = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });

function plain(value: number): string {
  return NUMBERS.format(value);
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value));
}
