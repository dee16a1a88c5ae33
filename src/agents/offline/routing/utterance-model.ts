import { Pace } from '#platform/event-loop';
import { Trials } from './calibration.js';
import { MeaningFeatures } from './meaning-features.js';
import { type Feature, featuresOf, type FeatureVector, UtteranceFeatures } from './utterance-features.js';

/** What one of several groups is known by. */
export interface UtteranceGroup {
  /** What people said; also what the model is tried on. */
  readonly examples: readonly string[];
  /** What else tells of the group: its name, a description. */
  readonly about: readonly string[];
  /** What all of them mean, where that is known: a unit vector for each example, then for each other text. */
  readonly meanings?: readonly Float32Array[];
}

/** Softmax regression by stochastic gradient; stopped early, which with so few texts is all the regularisation needed. */
const ROUNDS = 4;
const STEP = 0.5;
const SHARPNESS = 6;

/** Which of several groups of utterances a text belongs to, learnt from those utterances alone. */
export class UtteranceModel {
  private constructor(
    private readonly features: UtteranceFeatures,
    private readonly meanings: MeaningFeatures | null,
    private readonly groups: number,
    /** By feature, then by group. */
    private readonly weights: Float32Array,
  ) {}

  /**
   * Milliseconds for a few groups, a third of a second for 150 of 10 texts; others have their turn in between.
   * @returns with what each example scores as if it had not been learnt from
   */
  static async fit(
    groups: readonly UtteranceGroup[],
  ): Promise<{ readonly model: UtteranceModel; readonly trials: Trials }> {
    const pace = new Pace();
    const features = new UtteranceFeatures();
    const read: (Omit<Utterance, 'text'> & { readonly found: readonly Feature[] })[] = [];
    for (const { text, ...utterance } of inTurn(groups)) {
      const found = featuresOf(text);
      features.learn(found);
      read.push({ ...utterance, found });
      await pace.rest();
    }
    const meanings = MeaningFeatures.of(groups.flatMap((group) => group.meanings ?? []));
    const learnt: Learnt[] = [];
    for (const { example, found, group, meaning } of read) {
      const words = features.vectorOf(found);
      const both = meanings === null || meaning === null ? words : meanings.added(words, features.size, meaning);
      // The square of each part's length is one.
      const itself = both === words ? 1 : 2;
      learnt.push({ example, group, vector: both, itself, pulls: new Float32Array(groups.length) });
      await pace.rest();
    }
    const weights = new Float32Array((features.size + (meanings?.size ?? 0)) * groups.length);
    const scores = new Float64Array(groups.length);
    for (let round = 0; round < ROUNDS; round++) {
      for (const one of learnt) {
        addScores(scores.fill(0), weights, one.vector);
        correct(weights, one, softmax(scores));
        await pace.rest();
      }
    }
    const trials = new Trials();
    for (const { example, group, itself, pulls, vector } of learnt) {
      if (!example) continue;
      addScores(scores.fill(0), weights, vector);
      for (let other = 0; other < scores.length; other++)
        scores[other] = (scores[other] ?? 0) - (pulls[other] ?? 0) * itself;
      trials.add({ group, scores });
      await pace.rest();
    }
    return { model: new UtteranceModel(features, meanings, groups.length, weights), trials };
  }

  /**
   * How much speaks for each group: about 0 where nothing does, comparable within this model only.
   * @param meaning of a model that learnt from meanings
   */
  scores(text: string, meaning: Float32Array | null = null): number[] {
    const { features, groups, meanings, weights } = this;
    const words = features.vectorOf(featuresOf(text));
    const both = meanings === null || meaning === null ? words : meanings.added(words, features.size, meaning);
    return [...addScores(new Float64Array(groups), weights, both)];
  }

  knows(word: string): boolean {
    return this.features.knows(word);
  }
}

interface Learnt {
  readonly example: boolean;
  readonly group: number;
  readonly vector: FeatureVector;
  /** The vector's likeness to itself. */
  readonly itself: number;
  /** What this text alone did to the scores of texts like it. */
  readonly pulls: Float32Array;
}

interface Utterance {
  readonly text: string;
  readonly group: number;
  readonly example: boolean;
  readonly meaning: Float32Array | null;
}

/** The first of each group, then the second of each, so that none is learnt last as a whole. */
function inTurn(groups: readonly UtteranceGroup[]): Utterance[] {
  const texts = groups.flatMap(({ about, examples, meanings }, group) =>
    [...examples, ...about].map((text, place) => {
      return { text, group, place, example: place < examples.length, meaning: meanings?.[place] ?? null };
    }),
  );
  return texts.sort((a, b) => a.place - b.place || a.group - b.group);
}

function addScores(scores: Float64Array, weights: Float32Array, { features, weights: own }: FeatureVector) {
  const groups = scores.length;
  for (let at = 0; at < features.length; at++) {
    const row = (features[at] ?? 0) * groups;
    const weight = own[at] ?? 0;
    for (let group = 0; group < groups; group++)
      scores[group] = (scores[group] ?? 0) + (weights[row + group] ?? 0) * weight;
  }
  return scores;
}

/** In place. */
function softmax(scores: Float64Array): Float64Array {
  const most = Math.max(...scores);
  let sum = 0;
  for (let group = 0; group < scores.length; group++)
    sum += scores[group] = Math.exp(SHARPNESS * ((scores[group] ?? 0) - most));
  for (let group = 0; group < scores.length; group++) scores[group] = (scores[group] ?? 0) / sum;
  return scores;
}

function correct(weights: Float32Array, { group: right, pulls, vector }: Learnt, chances: Float64Array): void {
  const groups = chances.length;
  for (let group = 0; group < groups; group++) {
    const error = STEP * ((group === right ? 1 : 0) - (chances[group] ?? 0));
    chances[group] = error;
    pulls[group] = (pulls[group] ?? 0) + error;
  }
  for (let at = 0; at < vector.features.length; at++) {
    const row = (vector.features[at] ?? 0) * groups;
    const weight = vector.weights[at] ?? 0;
    for (let group = 0; group < groups; group++)
      weights[row + group] = (weights[row + group] ?? 0) + (chances[group] ?? 0) * weight;
  }
}
