import { contentStems, fold, hasStem, stem } from '#platform/text';
import type { Passage } from '#rag';
import { demandOf } from './demand.js';
import { rankUnits } from './sentence-ranking.js';
import { type TopicWord, topicWords } from './topic-words.js';

/*
 * Fitted on public question collections (product-docs, xquad-en, xquad-es), each question asked twice: with the documents
 * that answer it, and with them taken away.
 */
/** So much weight is always missing: one common word found is not everything found. */
const ALWAYS_MISSING = 0.3;
/** What the weightiest word that a passage lacks takes away. */
const AGAINST = 1.3;
/** A name more than another word: what is told of Norway answers nothing about France. */
const NAMED = 1.4;
/** What it counts that a title or heading above the passage has the words too. */
const HEADED = 0.3;
/** What it counts that a passage is nearer to the question than those found with it, a cosine: the same in every vector space. */
const STANDS_OUT = 1.5;
/** What it takes away that no sentence with the question's words holds what is asked for: a price, a time, a number. */
const UNMET = 2;
/** Where a question is as likely answered as not, and how fast that changes around it. */
const LIMIT = -0.62;
const STEEPNESS = 3;
/** A word of this weight may stand for a question alone; of commoner ones two are needed where the question has several. */
const TELLS_ALONE = 0.25;
const TELLS_A_LITTLE = 0.1;

/**
 * How likely each passage answers a question, 0–1; .5 is the limit. The words that a passage has count for it, and the
 * weightiest one that it lacks against it: "Do you rent out yachts in Rome?" is not answered by all there is about renting.
 * Nor is "How many yachts do you have?" by a passage about yachts without a number in it.
 */
export function answerabilityOf(question: string, passages: readonly Passage[]): number[] {
  const words = topicWords(question, passages);
  const nearness = nearnessOf(passages);
  const unmet = unmetOf(question, passages);
  return passages.map((passage, index) => {
    const measured = measure(words, passage) + STANDS_OUT * (nearness[index] ?? 0) - UNMET * (unmet[index] ?? 0);
    return 1 / (1 + Math.exp(-STEEPNESS * (measured - LIMIT)));
  });
}

/** Of each passage: how much nearer it is than they all are on average. */
function nearnessOf(passages: readonly Passage[]): number[] {
  const near = passages.map(({ vectorScore }) => vectorScore ?? 0);
  const average = near.reduce((sum, one) => sum + one, 0) / Math.max(1, near.length);
  return near.map((one) => one - average);
}

/**
 * Of each passage: how much better its best sentence fits the question than the best one that holds what is asked for,
 * 0–1. A number elsewhere in the passage is an answer to something else.
 */
function unmetOf(question: string, passages: readonly Passage[]): number[] {
  const demanded = demandOf(question);
  if (demanded === null) return [];
  const best = passages.map(() => 0);
  const holding = passages.map(() => 0);
  for (const { heading, lead, passage, relevance, unit } of rankUnits(question, passages)) {
    best[passage] = Math.max(best[passage] ?? 0, relevance);
    if (!demanded.meets(`${heading} ${lead} ${unit.text}`)) continue;
    holding[passage] = Math.max(holding[passage] ?? 0, relevance);
  }
  return best.map((relevance, index) => (relevance === 0 ? 1 : 1 - (holding[index] ?? 0) / relevance));
}

function measure(words: readonly TopicWord[], passage: Passage): number {
  const above = new Set(contentStems(`${passage.title} ${passage.section ?? ''}`));
  const said = new Set([...above, ...contentStems(passage.content)]);
  // The search knows a word's forms by its own language's stemmer.
  for (const { held, word } of passage.words) if (held) said.add(stem(fold(word)));
  const [found, lacking] = [
    words.filter((word) => hasStem(said, word.stem)),
    words.filter((word) => !hasStem(said, word.stem)),
  ];
  const missing = Math.max(0, ...lacking.map(({ name, weight }) => weight * (name ? NAMED : 1)));
  const total = ALWAYS_MISSING + words.reduce((sum, { weight }) => sum + weight, 0);
  const share = (list: readonly TopicWord[]) => list.reduce((sum, { weight }) => sum + weight, 0) / total;
  const headed = words.filter((word) => hasStem(above, word.stem));
  const measured = share(found) + HEADED * share(headed) - AGAINST * missing;
  return isEnough(found, words) ? measured : Math.min(measured, 2 * LIMIT);
}

/** Two words in common, or one that is rare: "How fast does light travel?" and a page for travellers share a common one. */
function isEnough(found: readonly TopicWord[], words: readonly TopicWord[]): boolean {
  const telling = (list: readonly TopicWord[]) => list.filter(({ weight }) => weight > TELLS_A_LITTLE).length;
  if (words.length === 0) return false;
  return telling(found) >= Math.min(2, telling(words)) || found.some(({ weight }) => weight >= TELLS_ALONE);
}
