/** What scores mean, learnt from examples that were scored as if they were new. */
export interface Calibration {
  /** What a text that has nothing to do with any group scores. */
  readonly far: number;
  /** What a text must score to belong to a group. */
  readonly enough: number;
  /** What a group's own texts score on the average. */
  readonly own: number;
}

/** An example's scores with every group, as if it were not known. */
export interface Trial {
  readonly group: number;
  readonly scores: ArrayLike<number>;
}

/** How far on the way from what strangers score to what a group's own texts score lies enough. */
const ENOUGH_SHARE = 0.25;
/** Where a group's own texts stand on the average, however far on that way enough lies. */
const OWN_STANDING = 4;
/** With few examples their say is small: the prior counts for this many. */
const PRIOR_TRIALS = 4;

/**
 * What trials tell, added up as they are made: one by one, since those of many agents with many examples are millions of
 * scores. The group next to a text's own may share its topic; the one after that shares nothing with it, and scores what a
 * message for nobody scores.
 */
export class Trials {
  private count = 0;
  private strange = 0;
  private own = 0;

  add({ group, scores }: Trial): void {
    this.count += 1;
    this.strange += secondOfOthers(group, scores);
    this.own += scores[group] ?? 0;
  }

  /** @param prior what is known beforehand */
  calibration(prior: Calibration, enoughShare = ENOUGH_SHARE): Calibration {
    const { count } = this;
    const far = Math.max(0, this.strange / Math.max(count, 1));
    const own = Math.max(far, this.own / Math.max(count, 1));
    const enough = far + enoughShare * (own - far);
    const part = count / (count + PRIOR_TRIALS);
    const mixed = (learnt: number, known: number) => part * learnt + (1 - part) * known;
    return { far: mixed(far, prior.far), enough: mixed(enough, prior.enough), own: mixed(own, prior.own) };
  }
}

/** In one pass: sorting each trial's scores kept everybody waiting. */
function secondOfOthers(group: number, scores: ArrayLike<number>): number {
  const none = Number.NEGATIVE_INFINITY;
  let best = none;
  let second = none;
  for (let other = 0; other < scores.length; other++) {
    const score = scores[other] ?? 0;
    if (other === group || score <= second) continue;
    second = score > best ? best : score;
    if (score > best) best = score;
  }
  if (second > none) return second;
  return best > none ? best : 0;
}

/** 0 for what is far, 1 for what is just enough, 4 for what a group's own texts score on the average, and so on. */
export function standing(score: number, { enough, far, own }: Calibration): number {
  if (score <= enough) return Math.max(0, (score - far) / Math.max(enough - far, SMALLEST));
  return 1 + ((OWN_STANDING - 1) * (score - enough)) / Math.max(own - enough, SMALLEST);
}

const SMALLEST = 1e-6;
