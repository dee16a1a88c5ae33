import { AppConfig } from '#platform/config';
import { ExpiryModule } from '#platform/expiry';
import { TenantPathGuard } from '#platform/http';
import { Limiters } from '#platform/limits';
import { TenantsModule } from '#tenants';
import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { PassportModule } from '@nestjs/passport';
import { ThrottlerModule } from '@nestjs/throttler';
import { ApiKeyRepository } from './api-keys/api-key.repository.js';
import { ApiKeyService } from './api-keys/api-key.service.js';
import { ApiKeyVerifier } from './api-keys/api-key.verifier.js';
import { ApiKeysController } from './api-keys/api-keys.controller.js';
import { KeyEndings } from './api-keys/key-endings.js';
import { IdentityBootstrap } from './bootstrap/identity-bootstrap.js';
import { BypassIdentity } from './bypass/bypass-identity.js';
import { EndUserAccounts } from './end-users/end-user-accounts.js';
import { EndUserTokenService } from './end-users/end-user-token.service.js';
import { EndUserTokensController } from './end-users/end-user-tokens.controller.js';
import { AuthenticationGuard } from './guards/authentication.guard.js';
import { BadCredentials } from './guards/bad-credentials.js';
import { FeatureGuard } from './guards/feature.guard.js';
import { HttpThrottlerGuard } from './guards/http-throttler.guard.js';
import { HttpThrottlerStorage } from './guards/http-throttler.storage.js';
import { AcceptInvitationController } from './invitations/accept-invitation.controller.js';
import { InvitationAcceptance } from './invitations/invitation-acceptance.js';
import { InvitationLetters } from './invitations/invitation-letters.js';
import { InvitationRepository } from './invitations/invitation.repository.js';
import { InvitationService } from './invitations/invitation.service.js';
import { InvitationsController } from './invitations/invitations.controller.js';
import { OpenInvitations } from './invitations/open-invitations.js';
import { ImportedPasswords } from './password/imported-passwords.js';
import { AccountLinks } from './recovery/account-links.js';
import { ForgottenPassword } from './recovery/forgotten-password.js';
import { PasswordReset } from './recovery/password-reset.js';
import { RecoveryController } from './recovery/recovery.controller.js';
import { RecoveryLetters } from './recovery/recovery-letters.js';
import { RecoveryRepository } from './recovery/recovery.repository.js';
import { RecoveryService } from './recovery/recovery.service.js';
import { UserRecoveryController } from './recovery/user-recovery.controller.js';
import { OwnSessionsController } from './sessions/own-sessions.controller.js';
import { SessionDirectory } from './sessions/session-directory.js';
import { SessionDirectoryRepository } from './sessions/session-directory.repository.js';
import { SessionsController } from './sessions/sessions.controller.js';
import { ForeignPrincipals } from './issuers/foreign-principals.js';
import { ForeignSessionRepository } from './issuers/foreign-session.repository.js';
import { ForeignTokenVerifier } from './issuers/foreign-token.verifier.js';
import { InstallationIssuer } from './issuers/installation-issuer.js';
import { IssuerCheck } from './issuers/issuer-check.js';
import { IssuerKeys } from './issuers/issuer-keys.js';
import { TrustedIssuerRepository } from './issuers/trusted-issuer.repository.js';
import { TrustedIssuerService } from './issuers/trusted-issuer.service.js';
import { TrustedIssuersController } from './issuers/trusted-issuers.controller.js';
import { JwtStrategy } from './guards/jwt.strategy.js';
import { OriginGuard } from './guards/origin.guard.js';
import { PermissionGuard } from './guards/permission.guard.js';
import { AuthController } from './login/auth.controller.js';
import { LoginAttempts } from './login/login-attempts.js';
import { LoginService } from './login/login.service.js';
import { PasswordLogin } from './login/password-login.js';
import { PasswordHasher } from './password/password-hasher.js';
import { PasswordService } from './password/password.service.js';
import { PrincipalRepository } from './principals/principal.repository.js';
import { PrincipalService } from './principals/principal.service.js';
import { RefreshTokens } from './sessions/refresh-token.js';
import { SessionExpiry } from './sessions/session.expiry.js';
import { SessionRepository } from './sessions/session.repository.js';
import { SessionService } from './sessions/session.service.js';
import { AccessTokenVerifier } from './tokens/access-token.verifier.js';
import { JwksController } from './tokens/jwks.controller.js';
import { TokenKeys } from './tokens/token-keys.js';
import { TokenService } from './tokens/token.service.js';
import { Authority } from './users/authority.js';
import { Departures } from './users/departures.js';
import { StaffQuota } from './users/staff-quota.js';
import { UserService } from './users/user.service.js';
import { UsersController } from './users/users.controller.js';
import { WidgetAccess } from './visitors/widget-access.js';
import { TenantVisitService } from './visits/tenant-visit.service.js';
import { TenantVisitsController } from './visits/tenant-visits.controller.js';

/** Guards run in the order in which they stand here: who calls, from which page, how often, in which tenant, with what right, to what its tenant has. */
@Module({
  imports: [
    ExpiryModule,
    TenantsModule,
    PassportModule.register({ session: false }),
    ThrottlerModule.forRootAsync({
      inject: [AppConfig, Limiters],
      useFactory: ({ env }: AppConfig, limiters: Limiters) => ({
        storage: new HttpThrottlerStorage(limiters),
        throttlers: [{ ttl: 60_000, limit: env.REQUESTS_PER_MINUTE, skipIf: () => env.REQUESTS_PER_MINUTE === 0 }],
      }),
    }),
  ],
  controllers: [
    AuthController,
    RecoveryController,
    AcceptInvitationController,
    OwnSessionsController,
    JwksController,
    UsersController,
    UserRecoveryController,
    InvitationsController,
    SessionsController,
    ApiKeysController,
    TrustedIssuersController,
    EndUserTokensController,
    TenantVisitsController,
  ],
  providers: [
    TokenKeys,
    TokenService,
    AccessTokenVerifier,
    ApiKeyVerifier,
    ApiKeyRepository,
    ApiKeyService,
    KeyEndings,
    ForeignPrincipals,
    ForeignSessionRepository,
    ForeignTokenVerifier,
    InstallationIssuer,
    IssuerCheck,
    IssuerKeys,
    TrustedIssuerRepository,
    TrustedIssuerService,
    RefreshTokens,
    SessionExpiry,
    SessionRepository,
    SessionService,
    PasswordHasher,
    PasswordService,
    ImportedPasswords,
    PrincipalRepository,
    PrincipalService,
    Authority,
    Departures,
    StaffQuota,
    UserService,
    AccountLinks,
    RecoveryLetters,
    RecoveryRepository,
    RecoveryService,
    ForgottenPassword,
    PasswordReset,
    InvitationLetters,
    InvitationRepository,
    InvitationService,
    InvitationAcceptance,
    OpenInvitations,
    SessionDirectoryRepository,
    SessionDirectory,
    TenantVisitService,
    EndUserAccounts,
    EndUserTokenService,
    WidgetAccess,
    BadCredentials,
    LoginAttempts,
    PasswordLogin,
    LoginService,
    BypassIdentity,
    IdentityBootstrap,
    JwtStrategy,
    { provide: APP_GUARD, useClass: AuthenticationGuard },
    { provide: APP_GUARD, useClass: OriginGuard },
    { provide: APP_GUARD, useClass: HttpThrottlerGuard },
    { provide: APP_GUARD, useClass: TenantPathGuard },
    { provide: APP_GUARD, useClass: PermissionGuard },
    { provide: APP_GUARD, useClass: FeatureGuard },
  ],
  exports: [
    AccessTokenVerifier,
    BadCredentials,
    SessionService,
    PrincipalService,
    ApiKeyService,
    UserService,
    RecoveryService,
    BypassIdentity,
    TokenService,
    WidgetAccess,
  ],
})
export class AuthModule {}
