import { ConfigError, environment, loadConfig } from '#platform/config';
import { isConnectionLost, LoginRefusedError } from '#platform/database';
import { MigrationRefusedError } from '#platform/migration';
import { startFailure } from '../start-failure.js';

/** Of a command: 1 failed, 2 called or configured wrongly, 4 refused, 5 what it needs is not there. */
export interface Failure {
  readonly code: 1 | 2 | 4 | 5;
  readonly words: string;
}

export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof ConfigError) return { code: 2, words: message };
  if (error instanceof LoginRefusedError || error instanceof MigrationRefusedError) return { code: 4, words: message };
  if (message.includes(' is in use by process ')) return { code: 5, words: `${message}. Stop that server first` };
  const { DATABASE_URL, DATA_DIR } = environment();
  const words = startFailure(error, loadConfig({ DATABASE_URL, DATA_DIR })) ?? message;
  return { code: isConnectionLost(error) ? 5 : 1, words };
}
