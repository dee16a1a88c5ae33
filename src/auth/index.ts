/**
 * Who is calling. Passwords, API keys and tokens come in; an `Identity` with a `RequestContext` goes out, to HTTP through the
 * global guards and to sockets through `AccessTokenVerifier` and `SessionService`. What ends a session is announced with
 * `SessionRevoked`, so that open connections end with it.
 */
export { AuthModule } from './auth.module.js';
export { AccessTokenVerifier } from './tokens/access-token.verifier.js';
export type { VerifiedToken } from './tokens/verified-token.js';
export { TokenService, type TokenSubject } from './tokens/token.service.js';
export { SessionService } from './sessions/session.service.js';
export { SessionRevoked } from './sessions/session.events.js';
export { BypassIdentity } from './bypass/bypass-identity.js';
export { PrincipalService, type PersonToEnsure } from './principals/principal.service.js';
export type { PrincipalRecord } from './principals/principal.js';
export { BadCredentials } from './guards/bad-credentials.js';
export { type ApiKeyInput, ApiKeyService } from './api-keys/api-key.service.js';
export { KEY_ROLES } from './api-keys/key-scopes.js';
export { type NewUser, UserService } from './users/user.service.js';
export { RecoveryService } from './recovery/recovery.service.js';
export { bearerToken } from './guards/bearer-token.js';
export { type WidgetToken, WidgetAccess } from './visitors/widget-access.js';
export { type EndUserInput, RESERVED_EXTERNAL_ID } from './end-users/end-user-accounts.js';
export { personaSchema } from './users/user.dto.js';
export { emailSchema } from './login/auth.dto.js';
