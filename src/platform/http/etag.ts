import { createHash } from 'node:crypto';
import { DomainError } from '#platform/errors';

/** A strong tag of what a client would read; any change of it is a new tag. */
export function etagOf(resource: unknown): string {
  return `"${createHash('sha256').update(JSON.stringify(resource)).digest('base64url').slice(0, 27)}"`;
}

export class PreconditionFailedError extends DomainError {
  constructor() {
    super({
      code: 'PRECONDITION_FAILED',
      kind: 'precondition_failed',
      message: 'It was changed since you read it: read it again and repeat your change on the new version',
      retryable: false,
    });
  }
}

/**
 * Call it inside the transaction that changes the resource, with the row locked.
 * @param ifMatch the header, as `@IfMatch()` gives it; undefined means that the client does not mind
 * @param current the response that a GET would give now
 * @throws PreconditionFailedError (412)
 */
export function assertIfMatch(ifMatch: string | undefined, current: unknown): void {
  if (ifMatch === undefined || ifMatch.trim() === '*') return;
  const tag = etagOf(current);
  if (!ifMatch.split(',').some((candidate) => candidate.trim() === tag)) throw new PreconditionFailedError();
}
