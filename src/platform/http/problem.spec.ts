import { ConflictError, DomainError, InvalidInputError, RateLimitError } from '#platform/errors';
import { domainProblem, faultProblem } from './problem.js';

describe('problem documents', () => {
  it('carry code, status, the fields and whatever the error adds', () => {
    const error = new ConflictError('Taken', { field: 'slug', details: { turn_id: 't1' } });
    expect(domainProblem(error, 'trace')).toEqual({
      type: 'urn:switchboard:problem:conflict',
      title: 'Conflict',
      status: 409,
      code: 'CONFLICT',
      detail: 'Taken',
      errors: [{ path: 'slug', message: 'Taken' }],
      retryable: false,
      trace_id: 'trace',
      turn_id: 't1',
    });
  });

  it('do not let an error’s details replace the members of the contract', () => {
    const error = new DomainError({ code: 'CONFLICT', kind: 'conflict', message: 'x', details: { status: 200 } });
    expect(domainProblem(error, 't').status).toBe(409);
  });

  it('tell 400 from 422', () => {
    expect(domainProblem(new InvalidInputError('x', { kind: 'bad_request' }), 't').status).toBe(400);
    expect(domainProblem(new InvalidInputError('x'), 't').status).toBe(422);
    expect(domainProblem(new RateLimitError('x', 10), 't')).toMatchObject({ status: 429, retryable: true });
  });

  it('of a fault say nothing in production, and nothing secret elsewhere', () => {
    const cause = new Error('Bearer eyJhbGciOi.abc.def and sk_0123456789abcdef');
    const fault = new Error('connect postgres://root:hunter2@db:5432/x failed', { cause });
    expect(faultProblem(fault, 't', true)).not.toHaveProperty('debug');
    expect(JSON.stringify(faultProblem(fault, 't', true))).not.toContain('postgres');
    const { debug } = faultProblem(fault, 't', false);
    expect(debug?.message).toBe('connect postgres://[redacted]@db:5432/x failed');
    expect(JSON.stringify(debug)).not.toMatch(/hunter2|eyJ|0123456789/);
    expect(debug?.cause).toContain('[redacted]');
  });
});
