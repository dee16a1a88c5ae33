import { Embedder, type EmbeddingSpace } from './embedder.port.js';
import { FAINT_WORDS, MEANINGS_OF, STOP_WORDS } from './local.lexicon.js';
import { stem } from './local.stemmer.js';

const DIMENSIONS = 384;

/** Weights, tuned on public intent and question collections. */
export const WEIGHTS = {
  stop: 0.08,
  faint: 0.35,
  stem: 1,
  /** Of all letter n-grams of a word together. */
  grams: 0.55,
  meaning: 0.45,
  pair: 0.35,
  places: 4,
  rare: 0.06,
};

/**
 * An embedder that needs no model and no download: words, their stems, letter n-grams and common meanings, each thrown
 * on a few of 384 signed places by its hash. Texts that share words, word forms or most letters of a word (typing
 * errors) are near each other; texts that share only their sense are not, beyond a small lexicon.
 *
 * Deterministic for ever: a change of anything that moves a vector is a new space, by `VERSION`.
 */
export class LocalEmbedder extends Embedder {
  static readonly VERSION = 'hash-v1';
  readonly space: EmbeddingSpace = { provider: 'local', model: LocalEmbedder.VERSION, dimensions: DIMENSIONS };

  override embed(
    texts: readonly string[],
    _kind: 'query' | 'passage',
    signal: AbortSignal,
  ): Promise<readonly Float32Array[]> {
    if (signal.aborted) return Promise.reject(signal.reason as Error);
    return Promise.resolve(texts.map(embedText));
  }
}

/** A word's own features, which do not depend on the text: computed once for common words. */
interface WordFeatures {
  readonly weight: number;
  readonly stemHash: number;
  /** Hash, weight, hash, weight, … */
  readonly rest: Float64Array;
}

const KNOWN_WORDS = 20_000;
const known = new Map<string, WordFeatures>();

export function embedText(text: string): Float32Array {
  const vector = new Float32Array(DIMENSIONS);
  const counts = new Map<string, number>();
  const pairs = new Map<number, number>();
  let previous = 0;
  for (const [word] of normalise(text).matchAll(/[\p{L}\p{N}]+/gu)) {
    counts.set(word, (counts.get(word) ?? 0) + 1);
    const features = featuresOf(word);
    if (features.weight <= WEIGHTS.stop) continue;
    if (previous !== 0) {
      const pair = mix(Math.imul(previous, 31) ^ features.stemHash);
      pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
    }
    previous = features.stemHash;
  }
  for (const [word, count] of counts) {
    const features = featuresOf(word);
    const weight = features.weight * (1 + Math.log(count));
    throwOn(vector, features.stemHash, weight * WEIGHTS.stem);
    for (let index = 0; index < features.rest.length; index += 2) {
      throwOn(vector, features.rest[index] ?? 0, weight * (features.rest[index + 1] ?? 0));
    }
  }
  for (const [pair, count] of pairs) throwOn(vector, pair, WEIGHTS.pair * (1 + Math.log(count)));
  return normalised(vector);
}

/** Lower case without accents; compatibility forms (ﬁ, full width) as their letters. */
function normalise(text: string): string {
  const lower = text.toLowerCase();
  // eslint-disable-next-line no-control-regex
  return /^[\x00-\x7f]*$/.test(lower)
    ? lower.replace(/'/g, '')
    : lower
        .normalize('NFKD')
        .replace(/[\p{M}'’]/gu, '')
        .replace(/ß/g, 'ss');
}

function featuresOf(word: string): WordFeatures {
  let features = known.get(word);
  if (features === undefined) {
    features = computeFeatures(word);
    if (known.size >= KNOWN_WORDS) known.clear();
    known.set(word, features);
  }
  return features;
}

function computeFeatures(word: string): WordFeatures {
  const root = stem(word);
  const stemHash = hash(root);
  const rest: number[] = [];
  const weight = wordWeight(word, root);
  if (weight > WEIGHTS.stop) {
    const padded = `^${root}$`;
    const grams: number[] = [];
    for (const length of [3, 4]) {
      for (let at = 0; at + length <= padded.length; at++)
        grams.push(hash(`${length}${padded.slice(at, at + length)}`));
    }
    const each = grams.length === 0 ? 0 : WEIGHTS.grams / Math.sqrt(grams.length);
    for (const gram of grams) rest.push(gram, each);
    for (const meaning of MEANINGS_OF.get(word) ?? MEANINGS_OF.get(root) ?? []) {
      rest.push(hash(`=${meaning}`), WEIGHTS.meaning);
    }
  }
  return { weight, stemHash, rest: Float64Array.from(rest) };
}

function wordWeight(word: string, root: string): number {
  if (STOP_WORDS.has(word)) return WEIGHTS.stop;
  if (FAINT_WORDS.has(word)) return WEIGHTS.faint;
  // Long words and numbers are rarer, and rare words tell more.
  return /\d/.test(word) ? 1.2 : 1 + WEIGHTS.rare * Math.min(6, Math.max(-3, root.length - 5));
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

/** Adds a feature to its few places, with their signs. */
function throwOn(vector: Float32Array, feature: number, weight: number): void {
  let state = feature;
  const share = weight / Math.sqrt(WEIGHTS.places);
  for (let place = 0; place < WEIGHTS.places; place++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const at = (state >>> 8) % DIMENSIONS;
    vector[at] = (vector[at] ?? 0) + (state & 0x80 ? share : -share);
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
