import type { FeatureVector } from './utterance-features.js';

/** What texts mean as features beside their words: the numbers of an encoder's vectors, seen from the middle of them all. */
export class MeaningFeatures {
  private constructor(private readonly middle: Float32Array) {}

  /** @param meanings unit vectors of one space; null without any */
  static of(meanings: readonly Float32Array[]): MeaningFeatures | null {
    const [first] = meanings;
    if (first === undefined) return null;
    const middle = new Float32Array(first.length);
    for (const meaning of meanings) add(middle, meaning, 1 / meanings.length);
    return new MeaningFeatures(middle);
  }

  get size(): number {
    return this.middle.length;
  }

  /** @returns the words' features, and from the number `from` on those of the meaning, which say as much as all of them */
  added(words: FeatureVector, from: number, meaning: Float32Array): FeatureVector {
    const moved = Float32Array.from(meaning);
    add(moved, this.middle, -1);
    const length = Math.sqrt(moved.reduce((sum, value) => sum + value * value, 0));
    const known = words.features.length;
    const features = new Int32Array(known + moved.length);
    const weights = new Float32Array(known + moved.length);
    features.set(words.features);
    weights.set(words.weights);
    for (let at = 0; at < moved.length; at++) {
      features[known + at] = from + at;
      weights[known + at] = length === 0 ? 0 : (moved[at] ?? 0) / length;
    }
    return { features, weights };
  }
}

function add(sum: Float32Array, vector: Float32Array, share: number): void {
  for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] ?? 0) + (vector[at] ?? 0) * share;
}
