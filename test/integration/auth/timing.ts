/**
 * Wants two kinds of requests to take the same time: what a caller may not learn from the answer is not told by a clock. Both
 * are sent in turn, so that what else the machine does falls on both.
 */
export async function expectAlike(
  times: number,
  [one, other]: [(round: number) => Promise<unknown>, (round: number) => Promise<unknown>],
): Promise<void> {
  const [differences, whole]: [number[], number[]] = [[], []];
  for (let round = 0; round < times; round++) {
    const oneFirst = round % 2 === 0;
    const first = await duration(() => (oneFirst ? one : other)(round));
    const second = await duration(() => (oneFirst ? other : one)(round));
    differences.push(oneFirst ? first - second : second - first);
    whole.push(Math.max(first, second));
  }
  // A busy machine is not asked for more than it can show, and even there neither may take half as long again.
  const noise = (4 * (quantile(differences, 0.75) - quantile(differences, 0.25))) / Math.sqrt(times);
  const tolerance = Math.max(5, Math.min(noise, quantile(whole, 0.5) / 3));
  expect(Math.abs(quantile(differences, 0.5))).toBeLessThan(tolerance);
}

async function duration(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

function quantile(values: readonly number[], part: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * part)] ?? 0;
}
