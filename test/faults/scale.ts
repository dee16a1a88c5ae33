/** `npm run test:faults -- --minutes 30`: the scale of a release, not that of every push. */
export const MINUTES = Number(process.env['FAULTS_MINUTES'] ?? 0);
export const LONG = MINUTES > 0;

/** How many there are in every push, and how many in a long run. */
export function scaled(short: number, long: number): number {
  return LONG ? long : short;
}
