import { contentStems, fold, hasStem, stem } from '#platform/text';
import type { Passage } from '#rag';
import { type TopicWord, topicWords } from './topic-words.js';

/*
 * Fitted on public question collections (product-docs, xquad-en, xquad-es), each question asked twice: with the documents
 * that answer it, and with them taken away.
 */
/** So much weight is always missing: one common word found is not everything found. */
const ALWAYS_MISSING = 0.3;
/** What the weightiest word that a passage lacks takes away. */
const AGAINST = 1.3;
/** Where a question is as likely answered as not, and how fast that changes around it. */
const LIMIT = -0.6;
const STEEPNESS = 3;
/** A word of this weight may stand for a question alone; of commoner ones two are needed where the question has several. */
const TELLS_ALONE = 0.25;
const TELLS_A_LITTLE = 0.1;

/**
 * How likely each passage answers a question, 0–1; .5 is the limit. The words that a passage has count for it, and the
 * weightiest one that it lacks against it: "Do you rent out yachts in Rome?" is not answered by all there is about renting.
 */
export function answerabilityOf(question: string, passages: readonly Passage[]): number[] {
  const words = topicWords(question, passages);
  return passages.map((passage) => 1 / (1 + Math.exp(-STEEPNESS * (measure(words, passage) - LIMIT))));
}

function measure(words: readonly TopicWord[], passage: Passage): number {
  const said = new Set(contentStems(`${passage.title} ${passage.section ?? ''} ${passage.content}`));
  // The search knows a word's forms by its own language's stemmer.
  for (const { held, word } of passage.words) if (held) said.add(stem(fold(word)));
  const [found, lacking] = [words.filter((word) => hasStem(said, word.stem)), words.filter((word) => !hasStem(said, word.stem))];
  const missing = Math.max(0, ...lacking.map(({ weight }) => weight));
  const total = ALWAYS_MISSING + words.reduce((sum, { weight }) => sum + weight, 0);
  const share = found.reduce((sum, { weight }) => sum + weight, 0) / total;
  return isEnough(found, words) ? share - AGAINST * missing : Math.min(share - AGAINST * missing, 2 * LIMIT);
}

/** Two words in common, or one that is rare: "How fast does light travel?" and a page for travellers share a common one. */
function isEnough(found: readonly TopicWord[], words: readonly TopicWord[]): boolean {
  const telling = (list: readonly TopicWord[]) => list.filter(({ weight }) => weight > TELLS_A_LITTLE).length;
  return telling(found) >= Math.min(2, telling(words)) || found.some(({ weight }) => weight >= TELLS_ALONE);
}
