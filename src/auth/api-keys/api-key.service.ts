import type { RequestContext } from '#platform/context';
import { newId, type TenantTx, UnitOfWork } from '#platform/database';
import { NotFoundError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { isAllowed, type Permission } from '#platform/http';
import type { SecretString } from '#platform/secrets';
import { AuditService, changesBetween } from '#tenants';
import { Injectable } from '@nestjs/common';
import { outranks } from '../principals/principal.js';
import { PrincipalRepository } from '../principals/principal.repository.js';
import { hashApiKey, newApiKey } from './api-key.js';
import { KeyEndedError, HolderTooSmallError, MoreThanMakerError, ScopeOutsideRoleError } from './api-key.errors.js';
import { type ApiKeyRecord, ApiKeyRepository } from './api-key.repository.js';
import { ApiKeyVerifier } from './api-key.verifier.js';
import { KeyEndings } from './key-endings.js';
import { defaultScopes, type KeyRole, scopesNow, scopesOf } from './key-scopes.js';

export interface ApiKeyInput {
  readonly name: string;
  readonly role: KeyRole;
  /** Absent: all that the role may, as far as the maker may it. */
  readonly scopes?: readonly Permission[];
  readonly expiresAt: Date | null;
}

/** Keys for programs. Each acts as a principal of its own, so that what it does has an owner and an end. */
@Injectable()
export class ApiKeyService {
  constructor(
    private readonly keys: ApiKeyRepository,
    private readonly verifier: ApiKeyVerifier,
    private readonly principals: PrincipalRepository,
    private readonly endings: KeyEndings,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: EventBus,
  ) {}

  list(ctx: RequestContext, before: string | null, limit: number): Promise<ApiKeyRecord[]> {
    return this.keys.list(ctx, before, limit);
  }

  /** @throws NotFoundError */
  async get(ctx: RequestContext, id: string): Promise<ApiKeyRecord> {
    const key = await this.unitOfWork.run(ctx, (tx) => this.keys.find(tx, id));
    if (key === null) throw new NotFoundError();
    return key;
  }

  /**
   * The secret is returned once and stored as a hash. A key that a key makes belongs to the same person, and ends with it.
   * @throws ScopeOutsideRoleError, MoreThanMakerError, UnauthorizedError for a key that has ended meanwhile
   */
  async create(ctx: RequestContext, input: ApiKeyInput): Promise<{ record: ApiKeyRecord; secret: SecretString }> {
    const scopes = [...new Set(input.scopes ?? defaultScopes(input.role, ctx.principal))];
    assertWithin(ctx, input.role, scopes);
    const id = newId();
    const secret = newApiKey(ctx.tenantId);
    const record = await this.unitOfWork.run(ctx, async (tx) => {
      // Against its revocation, which ends all that it has made: a child that is made meanwhile would be left.
      await this.principals.lockTenant(tx);
      const parent = await this.parentOf(tx, ctx, { role: input.role, scopes });
      await this.principals.insert(tx, {
        id,
        kind: 'api_key',
        email: null,
        externalId: `api_key:${id}`,
        name: input.name,
        role: input.role,
        persona: null,
        passwordHash: null,
        attributes: {},
      });
      await this.keys.insert(tx, {
        id,
        name: input.name,
        keyHash: hashApiKey(secret.reveal()),
        last4: secret.last4,
        role: input.role,
        scopes,
        createdBy: parent === null ? ctx.principal.id : parent.createdBy,
        parentId: parent?.id ?? null,
        expiresAt: earlier(input.expiresAt, parent?.expiresAt ?? null),
      });
      const stored = await this.keys.find(tx, id);
      if (stored === null) throw new Error('The API key that was just stored is gone');
      const changes = changesBetween(null, {
        name: stored.name,
        role: stored.role,
        scopes,
        expires_at: stored.expiresAt,
      });
      await this.audit.record(tx, ctx, { action: 'api_key.create', targetType: 'api_key', targetId: id, changes });
      return stored;
    });
    return { record, secret };
  }

  /**
   * From now on somebody else answers for the key, which works again if it had ended with its maker.
   * @throws NotFoundError, KeyEndedError, HolderTooSmallError
   */
  async transfer(ctx: RequestContext, id: string, userId: string): Promise<ApiKeyRecord> {
    return this.unitOfWork.run(ctx, async (tx) => {
      const key = await this.keys.find(tx, id, 'for update');
      if (key === null) throw new NotFoundError();
      if (key.revokedAt !== null || (key.expiresAt !== null && key.expiresAt < new Date())) throw new KeyEndedError();
      const holder = await this.principals.lockUser(tx, userId);
      const kept = holder === null || holder.disabledAt !== null ? null : scopesNow(key, holder.role);
      if (kept?.length !== key.scopes.length) throw new HolderTooSmallError();
      await this.keys.setOwner(tx, id, userId);
      const changes = changesBetween({ created_by: key.createdBy }, { created_by: userId });
      await this.audit.record(tx, ctx, { action: 'api_key.transfer', targetType: 'api_key', targetId: id, changes });
      return { ...key, createdBy: userId, maker: holder };
    });
  }

  /** @throws NotFoundError */
  async revoke(ctx: RequestContext, id: string): Promise<void> {
    const ended = await this.unitOfWork.run(ctx, async (tx) => {
      await this.principals.lockTenant(tx);
      if ((await this.keys.find(tx, id)) === null) throw new NotFoundError();
      const revoked = await this.keys.revoke(tx, id);
      // The principals that the keys act as go with them.
      for (const keyId of revoked) {
        await this.principals.disable(tx, keyId);
        await this.audit.record(tx, ctx, { action: 'api_key.revoke', targetType: 'api_key', targetId: keyId });
      }
      return this.endings.of(tx, revoked);
    });
    for (const event of ended) await this.events.publish(event);
  }

  /** The key that makes a key, held as it is. Null for a person. */
  private async parentOf(
    tx: TenantTx,
    ctx: RequestContext,
    child: { role: KeyRole; scopes: readonly Permission[] },
  ): Promise<ApiKeyRecord | null> {
    if (ctx.principal.scopes === undefined) return null;
    const { scopes } = await this.verifier.hold(tx, ctx.principal.id);
    assertWithin({ principal: { ...ctx.principal, scopes } }, child.role, child.scopes);
    return this.keys.find(tx, ctx.principal.id);
  }
}

function assertWithin(
  { principal }: Pick<RequestContext, 'principal'>,
  role: KeyRole,
  scopes: readonly Permission[],
): void {
  const outside = scopes.filter((scope) => !scopesOf(role).includes(scope));
  if (outside.length > 0) throw new ScopeOutsideRoleError(outside, role);
  if (outranks(role, principal.role)) throw new MoreThanMakerError(`the role ${role}`);
  const beyond = scopes.filter((scope) => !isAllowed(principal, scope));
  if (beyond.length > 0) throw new MoreThanMakerError(beyond.join(', '));
  if (scopes.length === 0) throw new MoreThanMakerError('anything that this role may');
}

function earlier(one: Date | null, other: Date | null): Date | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}
