import type { RequestContext, TenantScope } from '#platform/context';
import { isUniqueViolation, newId, type TenantTx, UnitOfWork } from '#platform/database';
import { ConflictError, InvalidInputError, NotFoundError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { SealedValueError, SecretBox, SecretString } from '#platform/secrets';
import { AuditService, Features } from '#tenants';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Access, accessOf, covers, type Credential, type CredentialDraft } from './credential.js';
import { CredentialChanged } from './credential.events.js';
import { CredentialRepository } from './credential.repository.js';
import { type CredentialUse, CredentialUses } from './credential-uses.js';
import { credentialSealedFor } from './sealed-credentials.js';

const CHANGED = z
  .object({ tenantId: z.guid(), credentialId: z.guid() })
  .transform(({ credentialId, tenantId }) => new CredentialChanged(tenantId, credentialId));

export interface ShownCredential {
  readonly credential: Credential;
  readonly usedBy: readonly CredentialUse[];
}

/** Why a credential does not let a request in. */
export type NoAccess = 'missing' | 'sealed' | 'elsewhere' | 'not enabled';

/**
 * The tenant's secrets for other people's servers: written, replaced and used, never read back. A secret is opened for one
 * request, and only for an address that its credential covers; a new address needs the secret again, or whoever may not read
 * it could have it sent to a server of their own.
 */
@Injectable()
export class CredentialService {
  constructor(
    private readonly credentials: CredentialRepository,
    private readonly uses: CredentialUses,
    private readonly secretBox: SecretBox,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly events: EventBus,
    private readonly features: Features,
  ) {
    events.share(CredentialChanged, { name: 'credential.changed', schema: CHANGED });
  }

  /** Newest first. @param before id of the last one of the previous page */
  async list(scope: TenantScope, before: string | null, limit: number): Promise<ShownCredential[]> {
    const credentials = await this.credentials.list(scope, before, limit);
    const ids = credentials.map(({ id }) => id);
    const uses = await this.unitOfWork.run(scope, (tx) => this.uses.find(tx, ids));
    return credentials.map((credential) => ({ credential, usedBy: uses.get(credential.id) ?? [] }));
  }

  /** @throws NotFoundError */
  async get(scope: TenantScope, id: string): Promise<ShownCredential> {
    return this.unitOfWork.run(scope, async (tx) => {
      const credential = await this.credentials.find(tx, id);
      if (credential === null) throw new NotFoundError();
      return { credential, usedBy: (await this.uses.find(tx, [id])).get(id) ?? [] };
    });
  }

  /** @throws ConflictError when the name is taken */
  async create(ctx: RequestContext, draft: CredentialDraft, secret: SecretString): Promise<ShownCredential> {
    const id = newId();
    const credential = await this.naming(ctx, async (tx) => {
      if (await this.credentials.isNameTaken(tx, draft.name)) throw nameTaken();
      const stored = await this.credentials.insert(tx, { id, ...draft, ...this.sealedPart(ctx, id, secret) });
      await this.audit.recordChange(tx, ctx, 'credential', { id, before: null, after: stored });
      return stored;
    });
    return { credential, usedBy: [] };
  }

  /**
   * @param change of the locked row; it may refuse (`If-Match`)
   * @throws NotFoundError, ConflictError when the name is taken, InvalidInputError for another address without the secret
   */
  async update(
    ctx: RequestContext,
    id: string,
    change: (current: ShownCredential) => { draft: CredentialDraft; secret: SecretString | null },
  ): Promise<ShownCredential> {
    const updated = await this.naming(ctx, async (tx) => {
      const credential = await this.credentials.lock(tx, id);
      if (credential === null) throw new NotFoundError();
      const usedBy = (await this.uses.find(tx, [id])).get(id) ?? [];
      const { draft, secret } = change({ credential, usedBy });
      if (await this.credentials.isNameTaken(tx, draft.name, id)) throw nameTaken();
      if (secret === null && !covers(credential, draft.baseUrl)) {
        throw new InvalidInputError('base_url: is another address, so send the secret again', { field: 'secret' });
      }
      const { kind: _kind, ...columns } = draft;
      await this.credentials.update(tx, id, {
        ...columns,
        ...(secret === null ? {} : this.sealedPart(ctx, id, secret)),
      });
      const stored = await this.credentials.find(tx, id);
      if (stored === null) throw new NotFoundError();
      await this.audit.recordChange(tx, ctx, 'credential', {
        id,
        before: credential,
        after: stored,
        details: { secret_replaced: secret !== null },
      });
      return { credential: stored, usedBy };
    });
    await this.events.publish(new CredentialChanged(ctx.tenantId, id));
    return updated;
  }

  /** @throws NotFoundError, ConflictError while something uses it */
  async delete(ctx: RequestContext, id: string): Promise<void> {
    await this.unitOfWork.run(ctx, async (tx) => {
      const credential = await this.credentials.lock(tx, id);
      if (credential === null) throw new NotFoundError();
      const usedBy = (await this.uses.find(tx, [id])).get(id) ?? [];
      if (usedBy.length > 0) {
        const users = usedBy.map(({ name, type }) => `${type} "${name}"`).join(', ');
        throw new ConflictError(`It is used by ${users}: give them another credential first`);
      }
      await this.credentials.delete(tx, id);
      await this.audit.recordChange(tx, ctx, 'credential', { id, before: credential, after: null });
    });
    await this.events.publish(new CredentialChanged(ctx.tenantId, id));
  }

  /** Whether the tenant has it, and for this address. */
  async coverage(tx: TenantTx, id: string, url: string): Promise<'covered' | 'missing' | 'elsewhere'> {
    const found = await this.credentials.find(tx, id);
    if (found === null) return 'missing';
    return covers(found, url) ? 'covered' : 'elsewhere';
  }

  /** What a request to `url` needs to be let in; the secret is in it, so it is not kept. */
  async access(scope: TenantScope, id: string, url: string): Promise<Access | NoAccess> {
    if (!(await this.features.has(scope, 'credentials'))) return 'not enabled';
    const found = await this.credentials.findSealed(scope, id);
    if (found === null) return 'missing';
    if (!covers(found, url)) return 'elsewhere';
    try {
      return accessOf(found, this.secretBox.open(found.sealed, credentialSealedFor(scope.tenantId, id)));
    } catch (error) {
      if (error instanceof SealedValueError) return 'sealed';
      throw error;
    }
  }

  /** Somebody else may take the name between the look and the write. */
  private async naming<T>(scope: TenantScope, work: (tx: TenantTx) => Promise<T>): Promise<T> {
    try {
      return await this.unitOfWork.run(scope, work);
    } catch (error) {
      throw isUniqueViolation(error) ? nameTaken() : error;
    }
  }

  private sealedPart(scope: TenantScope, id: string, secret: SecretString): { sealed: Buffer; last4: string } {
    return { sealed: this.secretBox.seal(secret, credentialSealedFor(scope.tenantId, id)), last4: secret.last4 };
  }
}

function nameTaken(): ConflictError {
  return new ConflictError('There is a credential of this name already', { field: 'name' });
}
