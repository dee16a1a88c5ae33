import { ConflictError, InvalidInputError } from '#platform/errors';

export class IssuerTakenError extends ConflictError {
  constructor() {
    super('This issuer is trusted for this audience already: have it sign tokens for an audience of your own', {
      field: 'audience',
    });
  }
}

export class IssuerKeyError extends InvalidInputError {
  constructor(field: 'public_key' | 'jwks_url' | 'issuer' | 'algorithms', what: string) {
    super(`${field}: ${what}`, { field });
  }
}
