import { ApiKeyService, PrincipalService, RecoveryService, UserService } from '#auth';
import type { RequestContext } from '#platform/context';
import { contextOf, withCommandContext } from './command-context.js';

export interface AccountServices {
  readonly users: UserService;
  readonly people: PrincipalService;
  readonly recoveries: RecoveryService;
  readonly keys: ApiKeyService;
  /** @throws NotFoundError for a tenant that is not there */
  contextOf(slug: string): Promise<RequestContext>;
}

export function withAccountServices<T>(work: (services: AccountServices) => Promise<T>): Promise<T> {
  return withCommandContext(
    () => [],
    (app) =>
      work({
        users: app.get(UserService),
        people: app.get(PrincipalService),
        recoveries: app.get(RecoveryService),
        keys: app.get(ApiKeyService),
        contextOf: (slug) => contextOf(app, slug),
      }),
  );
}
