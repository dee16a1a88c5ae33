import type { RequestContext, Role } from '#platform/context';
import { newId, UnitOfWork } from '#platform/database';
import { NotFoundError } from '#platform/errors';
import { EventBus } from '#platform/events';
import type { SecretString } from '#platform/secrets';
import { AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { PrincipalRepository } from '../principals/principal.repository.js';
import { SessionRevoked } from '../sessions/session.events.js';
import { hashApiKey, newApiKey } from './api-key.js';
import { type ApiKeyRecord, ApiKeyRepository } from './api-key.repository.js';

/** Keys for programs. Each acts as a principal of its own, so that what it does has an owner and an end. */
@Injectable()
export class ApiKeyService {
  constructor(
    private readonly keys: ApiKeyRepository,
    private readonly principals: PrincipalRepository,
    private readonly audit: AuditService,
    private readonly unitOfWork: UnitOfWork,
    private readonly events: EventBus,
  ) {}

  list(ctx: RequestContext, before: string | null, limit: number): Promise<ApiKeyRecord[]> {
    return this.keys.list(ctx, before, limit);
  }

  /** @throws NotFoundError */
  async get(ctx: RequestContext, id: string): Promise<ApiKeyRecord> {
    const key = await this.keys.find(ctx, id);
    if (key === null) throw new NotFoundError();
    return key;
  }

  /** The secret is returned once and stored as a hash. */
  async create(
    ctx: RequestContext,
    input: { name: string; role: Role; expiresAt: Date | null },
  ): Promise<{ record: ApiKeyRecord; secret: SecretString }> {
    const id = newId();
    const secret = newApiKey(ctx.tenantId);
    const record = await this.unitOfWork.run(ctx, async (tx) => {
      await this.principals.insert(tx, {
        id,
        kind: input.role === 'end_user' ? 'end_user' : 'staff',
        email: null,
        externalId: `api_key:${id}`,
        name: input.name,
        role: input.role,
        persona: null,
        passwordHash: null,
        attributes: {},
      });
      const details = { name: input.name, role: input.role };
      await this.audit.record(tx, ctx, { action: 'api_key.created', targetType: 'api_key', targetId: id, details });
      return this.keys.insert(tx, {
        id,
        name: input.name,
        keyHash: hashApiKey(secret.reveal()),
        last4: secret.last4,
        role: input.role,
        createdBy: ctx.principal.id,
        expiresAt: input.expiresAt,
      });
    });
    return { record, secret };
  }

  /** @throws NotFoundError */
  async revoke(ctx: RequestContext, id: string): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      if (!(await this.keys.revoke(tx, id))) throw new NotFoundError();
      // The principal that the key acts as goes with it, so that its open sockets end.
      await this.principals.disable(tx, id);
      await this.audit.record(tx, ctx, { action: 'api_key.revoked', targetType: 'api_key', targetId: id });
    });
    await this.events.publish(new SessionRevoked(ctx.tenantId, id, null));
  }
}
