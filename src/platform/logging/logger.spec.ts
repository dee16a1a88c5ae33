import { DatabaseError } from 'pg';
import { QueryFailedError } from 'typeorm';
import type { Logger } from 'pino';
import { createLogger } from './logger.js';

/** What is logged, as one text. */
function logged(write: (logger: Logger) => void): string {
  let text = '';
  write(createLogger({ level: 'trace' }, { write: (line) => void (text += line) }));
  return text;
}

describe('the log', () => {
  it.each(['token', 'visitor_token', 'identity_token', 'password', 'authorization', 'secret', 'apiKey'])(
    'never has a value of %s',
    (key) => {
      const text = logged((logger) => {
        logger.info({ [key]: 'canary', about: { [key]: 'canary', more: { [key]: 'canary' } } }, 'said');
      });
      expect(text).toContain('[redacted]');
      expect(text).not.toContain('canary');
    },
  );

  it('has of an error of the database which statement failed and why, and none of its values', () => {
    const refused = Object.assign(new DatabaseError('duplicate key value', 1, 'error'), {
      ...{ severity: 'ERROR', code: '23505', constraint: 'principal_email_key' },
      ...{ detail: 'Failing row contains (canary)', where: 'COPY t, line 1: "canary"' },
    });
    for (const err of [refused, new QueryFailedError('INSERT INTO t VALUES ($1)', ['canary'], refused)]) {
      const text = logged((logger) => logger.error({ err }, 'failed'));
      expect(text).toContain('principal_email_key');
      expect(text).toContain('duplicate key value');
      expect(text).not.toContain('canary');
    }
  });

  it('has what another error says of itself', () => {
    const err = Object.assign(new Error('the provider failed'), { detail: 'HTTP 500', status: 500 });
    expect(JSON.parse(logged((logger) => logger.error({ err }, 'failed')))).toMatchObject({
      err: { message: 'the provider failed', detail: 'HTTP 500', status: 500, stack: expect.any(String) },
    });
  });
});
