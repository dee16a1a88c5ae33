/** What scores mean, learnt from examples that were scored as if they were new. */
export interface Calibration {
  /** What a text that has nothing to do with any group scores. */
  readonly far: number;
  /** What a text must score to belong to a group. */
  readonly enough: number;
}

/** An example's scores with every group, as if it were not known. */
export interface Trial {
  readonly group: number;
  readonly scores: readonly number[];
}

/** How far on the way from what strangers score to what a group's own texts score lies enough. */
const ENOUGH_SHARE = 0.25;
/** With few examples their say is small: the prior counts for this many. */
const PRIOR_TRIALS = 4;

/**
 * The group next to a text's own may share its topic; the one after that shares nothing with it, and scores what a
 * message for nobody scores.
 */
export function calibrate(trials: readonly Trial[], prior: Calibration): Calibration {
  const strange = trials.map(({ group, scores }) => {
    const others = scores.filter((_, other) => other !== group).sort((a, b) => b - a);
    return others[1] ?? others[0] ?? 0;
  });
  const far = Math.max(0, mean(strange));
  const own = mean(trials.map(({ group, scores }) => scores[group] ?? 0));
  const enough = far + ENOUGH_SHARE * Math.max(0, own - far);
  const part = trials.length / (trials.length + PRIOR_TRIALS);
  return {
    far: part * far + (1 - part) * prior.far,
    enough: part * enough + (1 - part) * prior.enough,
  };
}

/** 0 for what is far, 1 for what is just enough, more beyond. */
export function standing(score: number, { enough, far }: Calibration): number {
  return Math.max(0, (score - far) / Math.max(enough - far, 1e-6));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(values.length, 1);
}
