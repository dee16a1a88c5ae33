import { ConflictError, UnavailableError } from '#platform/errors';
import { isConnectionLost, isDiskFull, isPassing, sqlState } from './database-faults.js';

const coded = (code: string, message = 'x') => Object.assign(new Error(message), { code });

describe('an error of the database', () => {
  it.each(['40001', '40P01', '53100', '53300', '55P03', '57014', '57P01', '57P03', '58030', '08006', '25006', 'XX000'])(
    'with the state %s passes',
    (state) => expect(isPassing(coded(state))).toBe(true),
  );

  it.each(['22021', '22P05', '23503', '23505', '42501', '42703', '54000', '54001', 'P0001', 'XX001', '25P02'])(
    'with the state %s stays: the same again is refused again',
    (state) => expect(isPassing(coded(state))).toBe(false),
  );

  it.each([
    coded('ECONNRESET'),
    coded('ECONNREFUSED'),
    coded('EPIPE'),
    coded('ENOTFOUND'),
    coded('57P01'),
    coded('08P01'),
    new Error('Connection terminated unexpectedly'),
    new Error('Client has encountered a connection error and is not queryable'),
    new Error('timeout exceeded when trying to connect'),
    new Error('Query read timeout'),
    { code: 'ECONNRESET', message: 'of another world' },
  ])('is a lost connection: %p', (error) => {
    expect(isConnectionLost(error)).toBe(true);
    expect(isPassing(error)).toBe(true);
  });

  it.each([coded('57014'), coded('23505', 'Connection terminated'), coded('ENOSPC'), new Error('no'), null, 'text'])(
    'is not a lost connection: %p',
    (error) => expect(isConnectionLost(error)).toBe(false),
  );

  it('is known again in what a unit of work made of it', () => {
    expect(isPassing(new UnavailableError('x'))).toBe(true);
    expect(isDiskFull(new UnavailableError('x', { cause: coded('53100') }))).toBe(true);
    expect(isDiskFull(new UnavailableError('x', { cause: coded('57014') }))).toBe(false);
    expect(isPassing(new ConflictError('x'))).toBe(false);
  });

  it('has a state only if Postgres gave it one', () => {
    expect(sqlState(coded('23505'))).toBe('23505');
    expect(sqlState(coded('EPIPE'))).toBeNull();
    expect(sqlState(coded('CONFLICT'))).toBeNull();
    expect(sqlState(undefined)).toBeNull();
  });
});
