/**
 * The figures that operators scrape: one `Metrics` an application with every instrument by name. Modules call it where they
 * own a fact; `platform/health` serves it at `/metrics`. No label ever holds an id or a text.
 */
export { type CallFault, Metrics, type Provider, PROVIDERS, type StatusClass, type TurnOutcome } from './metrics.js';
export { MetricsModule } from './metrics.module.js';
