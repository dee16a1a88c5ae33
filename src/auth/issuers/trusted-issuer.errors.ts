import { ConflictError, ForbiddenError, InvalidInputError } from '#platform/errors';

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

export class MayNotVouchError extends ForbiddenError {
  constructor() {
    super('An issuer vouches for end users: use a key that has the scope end_user_tokens.create as well');
  }
}
