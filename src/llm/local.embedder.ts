import { fold, isAskingWord, isFunctionWord, stem, wordsOf } from '#platform/text';
import { LRUCache } from 'lru-cache';
import { Embedder, type EmbeddingKind, type EmbeddingSpace } from './embedder.port.js';
import { FAINT_WORDS, MEANINGS_OF } from './local.lexicon.js';

const DIMENSIONS = 384;

/** Weights, tuned on public intent and question collections. */
const WEIGHTS = {
  /** In a short text, where even "how much" tells something; in a long one they are noise. */
  stop: 0.5,
  stopLong: 0.05,
  faint: 0.8,
  faintLong: 0.5,
  stem: 1,
  /** Of all letter n-grams of a word together. */
  grams: 0.9,
  meaning: 0.9,
  /** More weight for each letter above five. */
  rare: 0.06,
};
/** Words up to which a text counts as short: questions and example utterances. */
const SHORT_TEXT = 24;
/** Places on which a feature falls. */
const PLACES = 8;
const PLACE_WEIGHT = 1 / Math.sqrt(PLACES);

/**
 * An embedder that needs no model and no download: words, their stems, letter n-grams and common meanings, each thrown
 * on a few of 384 signed places by its hash. Texts that share words, word forms or most letters of a word (typing errors)
 * are near each other; texts that share only their sense are not, beyond a small lexicon. Text without spaces is cut into
 * words by ICU's dictionary.
 *
 * Deterministic for ever: a change of anything that moves a vector is a new space, by `VERSION`. (ICU's dictionaries change
 * little and seldom; a word that is cut differently still shares its characters.)
 */
export class LocalEmbedder extends Embedder {
  static readonly VERSION = 'hash-v2';
  private static readonly SPACE: EmbeddingSpace = { provider: 'local', model: this.VERSION, dimensions: DIMENSIONS };
  readonly space = LocalEmbedder.SPACE;

  /** The space that took an older version's place; null where it is no such space. */
  static successorOf({ model, provider }: EmbeddingSpace): EmbeddingSpace | null {
    return provider === 'local' && model !== this.VERSION ? this.SPACE : null;
  }

  override embed(
    texts: readonly string[],
    _kind: EmbeddingKind,
    signal: AbortSignal,
  ): Promise<readonly Float32Array[]> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    return Promise.resolve(texts.map(embedText));
  }
}

/** What a word adds to a vector, wherever it stands: computed once for the words in use. */
interface Word {
  readonly kind: 'stop' | 'faint' | 'plain';
  readonly places: Uint16Array;
  readonly values: Float32Array;
}

/** About 500 bytes each. */
const KNOWN_WORDS = 24_000;
const known = new LRUCache<string, Word>({ max: KNOWN_WORDS });

function embedText(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  const words = wordsOf(fold(text).replace(/['’]/g, ''));
  const counts = new Map<Word, number>();
  for (const spelling of words) {
    const word = known.get(spelling) ?? learn(spelling);
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const short = words.length <= SHORT_TEXT;
  for (const [word, count] of counts) addWord(vector, word, kindWeight(word.kind, short) * sublinear(count));
  return normalised(vector);
}

function addWord(vector: Float32Array, word: Word, weight: number): void {
  const { places, values } = word;
  for (let index = 0; index < places.length; index++) {
    const place = places[index] ?? 0;
    vector[place] = (vector[place] ?? 0) + (values[index] ?? 0) * weight;
  }
}

function kindWeight(kind: Word['kind'], short: boolean): number {
  switch (kind) {
    case 'plain':
      return 1;
    case 'faint':
      return short ? WEIGHTS.faint : WEIGHTS.faintLong;
    case 'stop':
      return short ? WEIGHTS.stop : WEIGHTS.stopLong;
  }
}

/** A word said ten times is not ten times as important. */
function sublinear(count: number): number {
  return count === 1 ? 1 : 1 + Math.log(count);
}

function learn(spelling: string): Word {
  const word = weigh(spelling);
  if (spelling.length <= LONGEST_WORD) known.set(spelling, word);
  return word;
}

const scratch = new Float32Array(DIMENSIONS);

function weigh(spelling: string): Word {
  const root = stem(spelling);
  const kind = kindOf(spelling);
  scratch.fill(0);
  const weight = rarity(spelling, root);
  throwOn(scratch, hash(root), weight * WEIGHTS.stem);
  if (kind !== 'stop') {
    const grams = letterGrams(root);
    for (const gram of grams) throwOn(scratch, hash(gram), (weight * WEIGHTS.grams) / Math.sqrt(grams.length));
    for (const meaning of MEANINGS_OF.get(spelling) ?? MEANINGS_OF.get(root) ?? []) {
      throwOn(scratch, hash(`=${meaning}`), weight * WEIGHTS.meaning);
    }
  }
  const places: number[] = [];
  for (let place = 0; place < DIMENSIONS; place++) if (scratch[place] !== 0) places.push(place);
  const values = Float32Array.from(places, (place) => scratch[place] ?? 0);
  return { kind, places: Uint16Array.from(places), values };
}

/** Particles and endings of Japanese, as the segmenter cuts them. */
const SHORT_KANA = /^\p{Script=Hiragana}{1,2}$/u;

function kindOf(word: string): Word['kind'] {
  if (isFunctionWord(word) || SHORT_KANA.test(word)) return 'stop';
  return isAskingWord(word) || FAINT_WORDS.has(word) ? 'faint' : 'plain';
}

const LONGEST_WORD = 40;

/**
 * Of three and four letters, with the word's ends marked; of a very long "word", the first. A Chinese character is a
 * root of its own, and the segmenter does not cut a question as it cuts a passage.
 */
function letterGrams(root: string): string[] {
  const characters = root.slice(0, LONGEST_WORD).match(/\p{Script=Han}/gu);
  if (characters !== null) return characters;
  const padded = `^${root.slice(0, LONGEST_WORD)}$`;
  const grams: string[] = [];
  for (const length of [3, 4]) {
    for (let at = 0; at + length <= padded.length; at++) grams.push(padded.slice(at, at + length));
  }
  return grams;
}

/** Numbers and long words are rarer, and rare words tell more. */
function rarity(spelling: string, root: string): number {
  return /\d/.test(spelling) ? 1.2 : 1 + WEIGHTS.rare * Math.min(6, Math.max(-3, root.length - 5));
}

/** FNV-1a with a final mix: neighbouring strings end far apart. */
function hash(text: string): number {
  let value = 2166136261;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 16777619);
  return mix(value);
}

function mix(value: number): number {
  value ^= value >>> 16;
  value = Math.imul(value, 2246822507);
  value ^= value >>> 13;
  value = Math.imul(value, 3266489909);
  return (value ^ (value >>> 16)) >>> 0;
}

/** The few places of a feature, with their signs (scaled to unit length together). */
function throwOn(vector: Float32Array, feature: number, weight: number): void {
  let state = feature;
  const share = weight * PLACE_WEIGHT;
  for (let count = 0; count < PLACES; count++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const place = (state >>> 8) % DIMENSIONS;
    vector[place] = (vector[place] ?? 0) + (state & 0x80 ? share : -share);
  }
}

/** Unit length; a text without a word points the same way as any other such text. */
function normalised(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const value of vector) sum += value * value;
  if (sum === 0) {
    vector[0] = 1;
    return vector;
  }
  const scale = 1 / Math.sqrt(sum);
  for (let index = 0; index < vector.length; index++) vector[index] = (vector[index] ?? 0) * scale;
  return vector;
}
