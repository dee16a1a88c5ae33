/**
 * Structured logs. One pino instance for the process; a line carries tenant, conversation and turn where they are known,
 * and never a token, a key or (at info) what people wrote. Nest's own logger goes through the same instance.
 */
export type { Logger } from 'pino';

export { createLogger, NestPinoLogger } from './logger.js';
export { LOGGER } from './logger.token.js';
export { LoggingModule } from './logging.module.js';
