import type { Passage } from '#rag';
import { plainText } from '../text/markdown-text.js';
import { type RankedUnit, rankUnits } from './sentence-ranking.js';

/** What a unit must at least have of the question. Calibrated on test/evals. */
const ENOUGH = 0.5;
/** Further quotes must be nearly as good as the best. */
const NEARLY = 0.78;
const MOST_PARTS = 3;
const LONGEST_LIST = 10;
const LONGEST_PART = 900;

/**
 * The sentences of the passages that answer a question best, each quoted with its marker; a list is quoted whole, since
 * one of its steps alone answers little. Empty when nothing fits.
 */
export function extract(question: string, passages: readonly Passage[]): string[] {
  const ranked = rankUnits(question, passages);
  const [best] = ranked;
  if (best === undefined || best.score < ENOUGH) return [];
  const parts: string[] = [];
  const taken = new Set<string>();
  for (const candidate of ranked) {
    if (parts.length >= MOST_PARTS || candidate.score < best.score * NEARLY) break;
    const place = `${candidate.passage}/${candidate.unit.block}`;
    if (taken.has(place) || taken.has(candidate.unit.text)) continue;
    taken.add(place);
    const text = partOf(candidate, ranked);
    if (parts.some((part) => part.includes(candidate.unit.text))) continue;
    // Overlapping chunks say the same twice.
    for (const unit of ranked) if (text.includes(unit.unit.text)) taken.add(unit.unit.text);
    parts.push(marked(text, candidate.passage + 1));
  }
  return parts;
}

function partOf(candidate: RankedUnit, ranked: readonly RankedUnit[]): string {
  const { block, unit } = candidate;
  if (block.kind === 'list' && block.lines.length <= LONGEST_LIST) {
    const text = block.lines.map((line) => line.trimEnd()).join('\n');
    if (text.length <= LONGEST_PART) return text;
  }
  if (unit.kind !== 'sentence') return unit.text;
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

function marked(text: string, number: number): string {
  const lines = text.split('\n');
  const last = lines.pop() ?? '';
  return [...lines, `${last} [${number}]`].join('\n');
}
