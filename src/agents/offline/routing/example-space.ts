import { type Calibration, standing, type Trial, Trials } from './calibration.js';

/** Enough examples to learn from what nearness means; more only take longer. */
const MOST_TRIALS = 300;

/** Where the examples of some groups lie in a space of vectors, and how near to them is near. */
export class ExampleSpace {
  private readonly centres: readonly (Float32Array | null)[];
  private readonly calibration: Calibration | null;

  /** @param groups unit vectors of each group's examples */
  constructor(readonly groups: readonly (readonly Float32Array[])[]) {
    const sums = groups.map(sumOf);
    this.centres = sums.map((sum) => (sum === null ? null : unit(sum)));
    const made = this.trialsOf(sums);
    const trials = new Trials();
    for (const trial of made) trials.add(trial);
    this.calibration = made.length === 0 ? null : trials.calibration(NOTHING_KNOWN);
  }

  /** Each group's standing for a text; undefined of those without examples. */
  standings(text: Float32Array): (number | undefined)[] {
    const { calibration } = this;
    return this.centres.map((centre) =>
      centre === null || calibration === null ? undefined : standing(cosine(text, centre), calibration),
    );
  }

  private trialsOf(sums: readonly (Float32Array | null)[]): Trial[] {
    const examples = this.groups.flatMap((vectors, group) =>
      vectors.length < 2 ? [] : vectors.map((vector) => ({ group, vector })),
    );
    const step = Math.ceil(examples.length / MOST_TRIALS);
    return examples
      .filter((_, index) => index % step === 0)
      .map(({ group, vector }) => {
        const scores = this.centres.map((centre) => (centre === null ? 0 : cosine(vector, centre)));
        const sum = sums[group];
        if (sum !== undefined && sum !== null)
          scores[group] = cosine(vector, unit(sum.map((value, at) => value - (vector[at] ?? 0))));
        return { group, scores };
      });
  }
}

/** Spaces of different models have nothing in common that could be known before. */
const NOTHING_KNOWN: Calibration = { far: 0.3, enough: 0.5, own: 1.1 };

function sumOf(vectors: readonly Float32Array[]): Float32Array | null {
  const [first, ...rest] = vectors;
  if (first === undefined) return null;
  const sum = Float32Array.from(first);
  for (const vector of rest) for (let at = 0; at < sum.length; at++) sum[at] = (sum[at] ?? 0) + (vector[at] ?? 0);
  return sum;
}

function unit(vector: Float32Array): Float32Array {
  const length = Math.sqrt(cosine(vector, vector));
  return length === 0 ? vector : vector.map((value) => value / length);
}

/** Of unit vectors. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) sum += (a[at] ?? 0) * (b[at] ?? 0);
  return sum;
}
