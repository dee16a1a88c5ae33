import { plainText } from '#platform/text';
import type { Passage } from '#rag';
import { type RankedUnit, rankUnits } from './sentence-ranking.js';

/** What a unit must at least have of the question. Calibrated on test/evals. */
const ENOUGH = 0.1;
/** Further quotes must be nearly as good as the best, those of other documents more so. */
const NEARLY = 0.82;
const NEARLY_ELSEWHERE = 0.88;
/** Unless they have so much of the question that the best quote lacks: then they need not be nearly as good. */
const ADDS = 0.15;
const GOOD_ENOUGH = 0.6;
const MOST_PARTS = 3;
const LONGEST_LIST = 10;
const LONGEST_TABLE = 9;
const LONGEST_PART = 900;

/**
 * The sentences of the passages that answer a question best, each quoted with its marker, those of the best document
 * first. A list is quoted whole, since one of its steps alone answers little, and so is a table of which no row stands
 * out. Empty when nothing fits.
 */
export function extract(question: string, passages: readonly Passage[]): string[] {
  const ranked = rankUnits(question, passages).filter(({ relevance }) => relevance >= ENOUGH);
  const [best] = ranked;
  if (best === undefined) return [];
  const documentOf = (unit: RankedUnit) => passages[unit.passage]?.documentId;
  const home = ranked.filter(
    (unit) =>
      documentOf(unit) === documentOf(best) &&
      unit.score >= best.score * NEARLY &&
      unit.relevance >= best.relevance * NEARLY,
  );
  const away = ranked.filter(
    (unit) =>
      documentOf(unit) !== documentOf(best) &&
      unit.score >= best.score * (addedBy(unit, best) > ADDS ? GOOD_ENOUGH : NEARLY_ELSEWHERE),
  );
  const parts: string[] = [];
  const taken = new Set<string>();
  let under = '';
  for (const candidate of [...home, ...away]) {
    if (parts.length >= MOST_PARTS) break;
    const place = `${candidate.passage}/${candidate.unit.block}`;
    if (taken.has(place) || taken.has(candidate.unit.text)) continue;
    taken.add(place);
    // One heading for neighbours that stand under the same one.
    const headed = `${documentOf(candidate)}/${candidate.heading}`;
    const text = introduced(partOf(candidate, ranked), candidate, headed === under ? '' : candidate.heading);
    if (parts.some((part) => part.includes(candidate.unit.text))) continue;
    // Overlapping chunks say the same twice.
    for (const { unit } of ranked) if (text.includes(unit.text)) taken.add(unit.text);
    if (candidate.led !== null) taken.add(`${candidate.passage}/${candidate.unit.block + 1}`);
    parts.push(marked(text, candidate.passage + 1));
    under = headed;
  }
  return parts;
}

/** Share of the question's words that a unit has and the best one lacks. */
function addedBy(unit: RankedUnit, best: RankedUnit): number {
  return [...unit.found].reduce((sum, [stem, share]) => sum + (best.found.has(stem) ? 0 : share), 0);
}

function partOf(candidate: RankedUnit, ranked: readonly RankedUnit[]): string {
  const { block, unit } = candidate;
  if (block.kind === 'list' && block.lines.length <= LONGEST_LIST) {
    const text = block.lines.map((line) => line.trimEnd()).join('\n');
    if (text.length <= LONGEST_PART) return text;
  }
  if (unit.kind === 'code' && unit.markdown.length <= LONGEST_PART) return unit.markdown;
  if (unit.kind === 'row') return wholeTable(candidate, ranked) ?? unit.text;
  if (unit.kind !== 'sentence') return unit.text;
  if (candidate.led !== null) {
    const text = [unit.text, candidate.led.lines.join('\n')].join('\n\n');
    if (text.length <= LONGEST_PART) return text;
  }
  // The sentence with its neighbour, where the paragraph is short: pronouns keep what they point to.
  const paragraph = plainText(block.lines.join(' '));
  if (paragraph.length <= 320) return paragraph;
  const fellows = ranked.filter(
    (other) =>
      other.passage === candidate.passage && other.unit.block === unit.block && other.score >= candidate.score * 0.7,
  );
  const wanted = new Set([unit.text, ...fellows.slice(0, 2).map((fellow) => fellow.unit.text)]);
  const inOrder = [...wanted].sort((a, b) => paragraph.indexOf(a) - paragraph.indexOf(b));
  return inOrder.join(' ').slice(0, LONGEST_PART);
}

/** With the heading that gives it its sense, and the line before a list or code. */
function introduced(text: string, { lead, unit }: RankedUnit, heading: string): string {
  const whole = unit.kind === 'code' || text.includes('\n') ? lead.trim() : '';
  if (text.startsWith('|')) return text;
  const before = [heading === '' ? '' : `**${heading}**`, whole].filter((line) => line !== '' && !text.includes(line));
  return [...before, text].join('\n\n');
}

/** The table, when the question does not tell which of its rows is meant. */
function wholeTable(candidate: RankedUnit, ranked: readonly RankedUnit[]): string | null {
  const { block, passage, relevance, unit } = candidate;
  const rows = ranked.filter((other) => other.passage === passage && other.unit.block === unit.block);
  const alike = rows.filter((other) => Math.abs(other.relevance - relevance) < 0.05);
  const text = block.lines.map((line) => line.trim()).join('\n');
  const whole = rows.length > 1 && rows.length <= LONGEST_TABLE && text.length <= LONGEST_PART;
  return whole && alike.length * 2 > rows.length ? text : null;
}

/** A marker behind a table would be a cell of it, and behind code a line of it. */
function marked(text: string, number: number): string {
  if (/^(?:\||\s*[`~]{3})/m.test(text)) return `${text}\n\n[${number}]`;
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  return [...lines, `${last} [${number}]`].join('\n');
}
