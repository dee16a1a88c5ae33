import { calibrate, standing } from './calibration.js';

const PRIOR = { far: 0, enough: 0.04 };

it('takes the score of the third nearest group for that of a stranger, and a quarter of the way to their own for enough', () => {
  const trials = Array.from({ length: 400 }, () => ({ group: 0, scores: [0.9, 0.5, 0.1, 0] }));
  const { enough, far } = calibrate(trials, PRIOR);
  expect(far).toBeCloseTo(0.1, 2);
  expect(enough).toBeCloseTo(0.3, 2);
  expect(standing(enough, { enough, far })).toBeCloseTo(1, 5);
  expect(standing(far - 1, { enough, far })).toBe(0);
});

it('says what is known beforehand where there are no examples, and something between where there are few', () => {
  expect(calibrate([], PRIOR)).toEqual(PRIOR);
  const { enough } = calibrate([{ group: 0, scores: [0.8, 0] }], PRIOR);
  expect(enough).toBeGreaterThan(0.04);
  expect(enough).toBeLessThan(0.2);
});
