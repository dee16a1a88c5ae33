import { version } from '#platform/paths';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** Wakes fifty times a second: enough to see a loop that stands still for people. */
const LOOP_PRECISION_MS = 20;

let registry: Registry | undefined;

/**
 * What belongs to the process and not to an application in it: memory, CPU, garbage collection, the event loop's delay
 * (`nodejs_eventloop_lag_p50_seconds` and `…_p99_seconds`, since the scrape before), and which build it is. Watching begins
 * with the first call.
 */
export function processMetrics(): Registry {
  if (registry !== undefined) return registry;
  registry = new Registry();
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_PRECISION_MS });
  new Gauge({
    name: 'switchboard_build_info',
    help: 'Always 1; what runs is in the labels',
    labelNames: ['version', 'node'],
    registers: [registry],
  }).set({ version, node: process.version }, 1);
  return registry;
}
