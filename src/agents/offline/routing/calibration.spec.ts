import { type Calibration, standing, type Trial, Trials } from './calibration.js';

const PRIOR = { far: 0, enough: 0.04, own: 0.16 };

function calibrate(made: readonly Trial[], prior: Calibration): Calibration {
  const trials = new Trials();
  for (const trial of made) trials.add(trial);
  return trials.calibration(prior);
}

it('takes the score of the third nearest group for that of a stranger, and a quarter of the way to their own for enough', () => {
  const trials = Array.from({ length: 400 }, () => ({ group: 0, scores: [0.9, 0.5, 0.1, 0] }));
  const calibration = calibrate(trials, PRIOR);
  const { enough, far, own } = calibration;
  expect(far).toBeCloseTo(0.1, 2);
  expect(enough).toBeCloseTo(0.3, 2);
  expect(standing(enough, calibration)).toBeCloseTo(1, 5);
  expect(standing(far - 1, calibration)).toBe(0);
  expect(standing(own, calibration)).toBeCloseTo(4, 5);
});

it('says what is known beforehand where there are no examples, and something between where there are few', () => {
  expect(calibrate([], PRIOR)).toEqual(PRIOR);
  const { enough } = calibrate([{ group: 0, scores: [0.8, 0] }], PRIOR);
  expect(enough).toBeGreaterThan(0.04);
  expect(enough).toBeLessThan(0.2);
});

/** As it is meant, in the simplest words. */
function secondOfTheOthers(group: number, scores: readonly number[]): number {
  const others = scores.filter((_, other) => other !== group).sort((a, b) => b - a);
  return others[1] ?? others[0] ?? 0;
}

it.each([1, 2, 3, 4, 20])('finds the score of a stranger among %i groups, equal scores included', (groups) => {
  for (let turn = 0; turn < 200; turn++) {
    const scores = Array.from({ length: groups }, (_, at) => ((turn * 7 + at * (turn % 13)) % 5) - 1);
    const group = turn % groups;
    const trials = [{ group, scores }];
    const part = 1 / 5;
    const far = part * Math.max(0, secondOfTheOthers(group, scores));
    expect(calibrate(trials, PRIOR).far).toBeCloseTo(far, 9);
  }
});

it('looks at each score once, and does not sort the scores of each trial', () => {
  const groups = 150;
  const trials = Array.from({ length: 2000 }, (_, turn) => ({
    group: turn % groups,
    scores: Array.from({ length: groups }, (_one, at) => Math.sin(turn * 31 + at * 17)),
  }));
  const sorting = fastest(() => trials.map(({ group, scores }) => secondOfTheOthers(group, scores)));
  // A fiftieth of it.
  expect(fastest(() => calibrate(trials, PRIOR))).toBeLessThan(sorting / 4);
});

function fastest(work: () => unknown): number {
  return Math.min(
    ...Array.from({ length: 5 }, () => {
      const start = performance.now();
      work();
      return performance.now() - start;
    }),
  );
}
