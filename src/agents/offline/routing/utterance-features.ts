import { figuresIn } from '../extraction/counted.js';
import { excerpt, fold, isStopWord, stem, wordsOf } from '#platform/text';

/** Shares of the kinds of features; letters carry the spellings and inflections that stems do not. */
const SHARES = { word: 1, pair: 0.5, letters: 0.7 } as const;
type Kind = keyof typeof SHARES;
/** "What", "my" and the like tell less than their rarity among a few utterances makes them look. */
const SMALL_WORD = 0.7;
const LETTERS = [3, 4];
const LONGEST_WORD = 40;
/** Nor does it matter which number. */
const NUMBER = '0';

export interface Feature {
  readonly name: string;
  readonly kind: Kind;
  /** How much it may say before its rarity is known. */
  readonly share: number;
  times: number;
}

/** A text as a vector of unit length, by the numbers of its features. */
export interface FeatureVector {
  readonly features: Int32Array;
  readonly weights: Float32Array;
}

/** The words of some utterances, pairs of neighbours, and letters within words, with how rare each is among them. */
export class UtteranceFeatures {
  private readonly numbers = new Map<string, number>();
  private readonly counts: number[] = [];
  private texts = 0;

  /** All utterances are learnt before the first vector is asked for. */
  learn(features: readonly Feature[]): void {
    this.texts += 1;
    for (const { name } of features) {
      const number = this.numbers.get(name);
      if (number === undefined) {
        this.numbers.set(name, this.counts.length);
        this.counts.push(1);
      } else this.counts[number] = (this.counts[number] ?? 0) + 1;
    }
  }

  get size(): number {
    return this.counts.length;
  }

  /** True when one of the utterances has the word, in whatever inflection. */
  knows(word: string): boolean {
    return this.numbers.has(wordFeature(stem(fold(word))));
  }

  /** What no utterance has takes its share of the unit without a number, so that a text of such words is near to none. */
  vectorOf(features: readonly Feature[]): FeatureVector {
    const found = features.map(({ kind, name, share, times }) => {
      const number = this.numbers.get(name);
      const rarity = Math.log((1 + this.texts) / (1 + (number === undefined ? 0 : (this.counts[number] ?? 0)))) + 1;
      return { kind, number, weight: (1 + Math.log(times)) * rarity * share };
    });
    const squares = { word: 0, pair: 0, letters: 0 };
    for (const { kind, weight } of found) squares[kind] += weight ** 2;
    const kinds = (Object.keys(SHARES) as Kind[]).filter((kind) => squares[kind] > 0);
    const whole = kinds.reduce((sum, kind) => sum + SHARES[kind], 0);
    const known = found.filter(({ number }) => number !== undefined);
    return {
      features: Int32Array.from(known, ({ number }) => number ?? 0),
      weights: Float32Array.from(known, ({ kind, weight }) => weight * Math.sqrt(SHARES[kind] / squares[kind] / whole)),
    };
  }
}

export function featuresOf(text: string): Feature[] {
  const words = wordsOf(plain(text)).map((whole) => {
    const word = /\d/.test(whole) ? NUMBER : whole.slice(0, LONGEST_WORD);
    return { word, root: stem(word), share: isStopWord(word) ? SMALL_WORD : 1 };
  });
  const features = new Map<string, Feature>();
  const add = (kind: Kind, name: string, share: number) => {
    const known = features.get(name);
    if (known === undefined) features.set(name, { kind, name, share, times: 1 });
    else known.times += 1;
  };
  const edge = { root: '', share: 1 };
  const around = words.length === 0 ? [] : [edge, ...words, edge];
  around.slice(1).forEach((second, index) => {
    const first = around[index] ?? edge;
    add('pair', `p${first.root} ${second.root}`, Math.max(first.share, second.share));
  });
  for (const { root, share, word } of words) {
    add('word', wordFeature(root), share);
    if (word === NUMBER) continue;
    const framed = `^${word}$`;
    for (const length of LETTERS)
      for (let at = 0; at + length <= framed.length; at++) add('letters', `l${framed.slice(at, at + length)}`, share);
  }
  return [...features.values()];
}

/**
 * Which address is meant says nothing about what is wanted of it; a year, a price or a telephone number is not the number
 * that a tool takes.
 */
function plain(text: string): string {
  let read = excerpt(text, 1500, 500);
  for (const { at, end } of figuresIn(read)) read = read.slice(0, at) + ' '.repeat(end - at) + read.slice(end);
  return fold(read).replace(/(?<!\S)(?:\S{1,64}@|https?:\/\/)\S{1,300}/g, ' ');
}

function wordFeature(root: string): string {
  return `w${root}`;
}
