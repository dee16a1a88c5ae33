/**
 * Milliseconds that this process has computed: for bounds on work, which a machine that is busy with others must not break. Not
 * for what waits.
 */
export function processorMs(): number {
  const { system, user } = process.cpuUsage();
  return (user + system) / 1000;
}
