import { ConfigError } from '#platform/config';
import { LoginRefusedError } from '#platform/database';
import { MigrationRefusedError } from '#platform/migration';
import { failureOf } from './failure.js';

describe('a command that fails', () => {
  it.each([
    [new ConfigError(['PORT: x']), 2, 'PORT: x'],
    [new LoginRefusedError('app', ['is a superuser']), 4, 'DATABASE_OWNER_URL'],
    [new MigrationRefusedError('GRANT …'), 4, 'GRANT'],
    [new Error('The data directory /d is in use by process 7'), 5, 'Stop that server first'],
    [Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' }), 5, 'ECONNREFUSED'],
    [new TypeError('x is not a function'), 1, 'x is not a function'],
    ['thrown', 1, 'thrown'],
  ])('with %s ends with %i and says what to do', (error, code, words) => {
    expect(failureOf(error).code).toBe(code);
    expect(failureOf(error).words).toContain(words);
  });
});
