import { contentStems, detectLanguage, fold, isStopWord, sentencesOf, stem, tellingOf, wordsOf } from '#platform/text';
import type { Passage } from '#rag';
import { WHOLE } from './asked-for.js';

/** A word of a question that tells what it is about. */
export interface TopicWord {
  readonly stem: string;
  /** 0–1: how much it matters that a passage has it. */
  readonly weight: number;
  /** A name cannot be said in other words. */
  readonly name: boolean;
}

/** Share of the base's chunks from which on a word tells apart as well as it can. */
const RARE = 0.02;
/** What a word counts that stands beside the sentence that asks: "My wallet was stolen. What does a new card cost?" */
const BESIDE = 0.3;
/** And one that asks for the whole of a topic: "What is your policy on returns?" */
const WHOLE_COUNTS = 0.3;
/** A question of more words says nothing more. */
const MOST_WORDS = 64;
const LONGEST = 2000;
/** One sign that is a word: a number, or a character of Chinese or Japanese. */
const SAYS_MUCH = /[\p{N}\p{Script=Han}]/u;

/**
 * The words of a question with their weights, by two statistics: how rare a word is in its language, and how rare it is in
 * the knowledge base that the passages come from. A word that the base does not have at all counts fully.
 */
export function topicWords(question: string, passages: readonly Passage[]): TopicWord[] {
  const text = question.slice(0, LONGEST);
  const language = detectLanguage(text);
  const shares = sharesOf(passages);
  const asking = askingWords(text);
  const names = namesIn(text, language, passages);
  const weighed = meantWords(text).map((word) => ({
    stem: stem(word),
    weight: tellingOf(word, language) * rarityOf(shares.get(word)) * (WHOLE.has(stem(word)) ? WHOLE_COUNTS : 1),
    name: names.has(word),
    beside: asking !== null && !asking.has(word),
  }));
  const asks = weighed.some(({ beside, weight }) => !beside && weight > BESIDE);
  const words = new Map<string, TopicWord>();
  for (const { beside, name, stem: root, weight } of weighed) {
    const own = asks && beside ? weight * BESIDE : weight;
    const known = words.get(root);
    words.set(root, { stem: root, weight: Math.max(known?.weight ?? 0, own), name: name || known?.name === true });
  }
  const told = [...words.values()].filter(({ weight }) => weight > 0);
  if (told.length > 0) return told.slice(0, MOST_WORDS);
  // "How are you?" to the documents: small words are better than none.
  return [...new Set(contentStems(text))].map((root) => ({ stem: root, weight: 1, name: false }));
}

/** By word: the largest share of a base's chunks that have it. */
function sharesOf(passages: readonly Passage[]): Map<string, number> {
  const shares = new Map<string, number>();
  for (const { words } of passages) {
    for (const { share, word } of words) shares.set(fold(word), Math.max(shares.get(fold(word)) ?? 0, share));
  }
  return shares;
}

function rarityOf(share: number | undefined): number {
  if (share === undefined || share <= RARE) return 1;
  return Math.sqrt(Math.log(share) / Math.log(RARE));
}

/** Words of the sentences with a question mark; null when there is none. */
function askingWords(text: string): ReadonlySet<string> | null {
  const asking = sentencesOf(text).filter((sentence) => sentence.endsWith('?'));
  return asking.length === 0 ? null : new Set(meantWords(asking.join(' ')));
}

/**
 * Words with a capital within a sentence, where that tells names: not in German, nor in a text full of capitals. People who
 * write to a chat often leave capitals out; then the passages tell, where they never write the word without.
 */
function namesIn(text: string, language: string, passages: readonly Passage[]): ReadonlySet<string> {
  if (language.startsWith('de')) return new Set();
  const capitals = text.match(WITHIN) ?? [];
  const few = capitals.length * 2 <= (text.match(/\s\p{L}/gu)?.length ?? 0);
  const names = new Set(few ? capitals.map(fold) : []);
  const contents = passages.map(({ content }) => content.slice(0, LONGEST));
  const capital = new Set(contents.flatMap((content) => (content.match(WITHIN) ?? []).map(fold)));
  if (capital.size === 0) return names;
  const small = new Set(contents.flatMap((content) => content.match(SMALL) ?? []).map(fold));
  for (const word of meantWords(text)) if (capital.has(word) && !small.has(word)) names.add(word);
  return names;
}
const SMALL = /(?<![\p{L}\p{N}])\p{Ll}[\p{L}\p{N}]+/gu;
const WITHIN = /(?<=[\p{L}\p{N},;)]\s)\p{Lu}[\p{L}\p{N}]+/gu;

function meantWords(text: string): string[] {
  // 6,000 and 6.000 are one word, as the search has it.
  const words = wordsOf(fold(text).replace(/(?<=\d)[.,](?=\d{3}(?!\d))/g, ''));
  return words.filter((word) => !isStopWord(word) && (word.length > 1 || SAYS_MUCH.test(word)));
}
