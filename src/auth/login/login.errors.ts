import { UnauthorizedError } from '#platform/errors';

/** Also for a tenant or an address that nobody has. */
export class WrongPasswordError extends UnauthorizedError {
  constructor() {
    super('Tenant, email or password is wrong');
  }
}
