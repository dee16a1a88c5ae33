/** `npm run test:faults -- --minutes 30`: each scenario as large as RELIABILITY asks, not as in every push. */
export const MINUTES = Number(process.env['FAULTS_MINUTES'] ?? 0);
export const LONG = MINUTES > 0;

/** How many there are in every push, and how many in a long run. */
export function scaled<T>(short: T, long: T): T {
  return LONG ? long : short;
}

/** Runs `work` for 0 … count − 1, so many at a time. */
export async function atATime(most: number, count: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(most, count) }, worker));
}

/** @param part 0.5: the median */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}
