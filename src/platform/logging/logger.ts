import { type LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';

/** Keys whose values never reach a log, at any depth the code base uses. */
const SECRET_KEYS = [
  'token',
  'access_token',
  'refresh_token',
  'visitor_token',
  'identity_token',
  'password',
  'authorization',
  'cookie',
  'api_key',
  'apiKey',
  'secret',
];

/** @param destination standard output unless told */
export function createLogger(options: { level: string; name?: string }, destination?: DestinationStream): Logger {
  const settings: LoggerOptions = {
    level: options.level,
    base: { service: options.name ?? 'switchboard', pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: withoutValues },
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[redacted]' },
  };
  return destination === undefined ? pino(settings) : pino(settings, destination);
}

/** What a statement was given, and the row that it failed on ("Failing row contains (…)"). */
const VALUES = ['parameters', 'driverError', 'detail', 'where', 'internalQuery'];

/** An error of the database says what people wrote, and hashes of what they sign in with: its code and names are enough. */
function withoutValues(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const told: Record<string, unknown> = { ...pino.stdSerializers.err(error) };
  if ('severity' in told || 'driverError' in told) for (const name of VALUES) delete told[name];
  return told;
}

/** Nest's logger on top of pino, so that there is one format. */
export class NestPinoLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.logger.debug({ context: rest.at(-1) }, String(message));
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.logger.debug({ context: rest.at(-1) }, String(message));
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.logger.trace({ context: rest.at(-1) }, String(message));
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.logger.warn({ context: rest.at(-1) }, String(message));
  }
  error(message: unknown, ...rest: unknown[]): void {
    const error = message instanceof Error ? message : undefined;
    this.logger.error(
      { err: error, stack: error === undefined ? rest[0] : undefined, context: rest.at(-1) },
      String(message),
    );
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.logger.fatal({ context: rest.at(-1) }, String(message));
  }
}
