/**
 * Is the process alive, and may it be sent requests? Modules register a named check; the controller asks all of them. A
 * check tells only whether it works, never an address or a cause: these pages are public.
 */
export { HealthModule } from './health.module.js';
export { type HealthCheck, HealthService } from './health.service.js';
