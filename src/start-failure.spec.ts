import { loadConfig } from '#platform/config';
import { LoginRefusedError } from '#platform/database';
import { startFailure } from './start-failure.js';

const embedded = loadConfig({ PORT: '4000', DATA_DIR: '/srv/data' });
const postgres = loadConfig({ DATABASE_URL: 'postgres://app:secret@db.example/app' });
const failed = (message: string, more: object = {}) => Object.assign(new Error(message), more);

describe('a start that fails', () => {
  it.each([
    [failed('listen EADDRINUSE', { code: 'EADDRINUSE', syscall: 'listen' }), embedded, 'PORT=4001'],
    [failed('listen EACCES', { code: 'EACCES', syscall: 'listen' }), embedded, 'above 1023'],
    [failed('getaddrinfo ENOTFOUND 127.0.0.1'), embedded, 'HOST=127.0.0.1'],
    [failed("EACCES: permission denied, open '/srv/data/postgres.lock.1'"), embedded, 'DATA_DIR'],
    [failed("ENOTDIR: not a directory, mkdir '/srv/data'"), embedded, '/srv/data'],
    [failed('The data directory /srv/data is in use by process 7'), embedded, 'is in use by process 7'],
    [failed('connect ECONNREFUSED 10.0.0.1:5432', { code: 'ECONNREFUSED' }), postgres, 'Is it running'],
    [failed('', { code: 'ECONNREFUSED' }), postgres, 'ECONNREFUSED'],
    [failed('password authentication failed', { code: '28P01' }), postgres, 'Check user, password'],
    [failed('permission denied to set role', { code: '42501' }), postgres, 'DATABASE_OWNER_URL'],
    [failed('schema "app" does not exist', { code: '3F000' }), postgres, 'dist/cli/main.js migrate'],
    [failed('role "switchboard_none" does not exist', { code: '22023' }), postgres, 'has not been prepared'],
    [failed('pg-boss database requires migrations'), postgres, 'has not been prepared'],
    [new LoginRefusedError('postgres', ['is a superuser']), postgres, 'user "postgres" is a superuser'],
  ])('says for "%s" what to do', (error, config, words) => {
    const said = startFailure(error, config);
    expect(said).toContain(words);
    expect(said).not.toContain('secret');
  });

  it('leaves the rest to the stack', () => {
    expect(startFailure(new TypeError('x is not a function'), embedded)).toBeNull();
    expect(startFailure(new TypeError('x is not a function'), postgres)).toBeNull();
    expect(startFailure('thrown', embedded)).toBeNull();
  });
});
