import { isDeepStrictEqual } from 'node:util';
import { WidgetAccess } from '#auth';
import type { RequestContext, TenantScope } from '#platform/context';
import { newId, type TenantTx, UnitOfWork } from '#platform/database';
import { ConflictError, NotFoundError } from '#platform/errors';
import { SecretBox, type SecretString } from '#platform/secrets';
import { AuditService, TenantSettingsCache } from '#tenants';
import { Injectable } from '@nestjs/common';
import type { Widget, WidgetDraft } from './widget.js';
import { identitySealedFor, newIdentitySecret, newPublicKey } from './widget-keys.js';
import { type SealedPart, WidgetRepository } from './widget.repository.js';

export interface WidgetWithSecret {
  readonly widget: Widget;
  readonly secret: SecretString;
}

/** What an open session was let in under: it ends when one of these changes, and the panel asks for another. */
const OF_SESSIONS = ['enabled', 'origins', 'agent', 'identity', 'limits'] as const;

/** The tenant's widgets as its admins manage them. */
@Injectable()
export class WidgetService {
  constructor(
    private readonly widgets: WidgetRepository,
    private readonly access: WidgetAccess,
    private readonly secretBox: SecretBox,
    private readonly settings: TenantSettingsCache,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
  ) {}

  /** Newest first. @param before id of the last one of the previous page */
  list(scope: TenantScope, before: string | null, limit: number): Promise<Widget[]> {
    return this.widgets.list(scope, before, limit);
  }

  find(scope: TenantScope, id: string): Promise<Widget | null> {
    return this.unitOfWork.run(scope, (tx) => this.widgets.find(tx, id));
  }

  /** @throws NotFoundError */
  get(scope: TenantScope, id: string): Promise<Widget> {
    return this.unitOfWork.run(scope, (tx) => this.existing(tx, id));
  }

  /** @throws ConflictError when the name is taken, InvalidInputError when there is no such agent */
  async create(ctx: RequestContext, draft: WidgetDraft): Promise<WidgetWithSecret> {
    const id = newId();
    const secret = newIdentitySecret();
    const row = { ...draft, id, publicKey: newPublicKey(ctx.tenantId), ...this.sealedPart(ctx, id, secret) };
    const widget = await this.unitOfWork.run(ctx, async (tx) => {
      const stored = await this.widgets.insert(tx, row);
      if (stored === null) throw nameTaken(draft.name);
      await this.audit.recordChange(tx, ctx, 'widget', { id, before: null, after: stored });
      return stored;
    });
    this.settings.invalidate(ctx.tenantId);
    return { widget, secret };
  }

  /**
   * @param change what the locked widget becomes; it may refuse (`If-Match`)
   * @throws NotFoundError, ConflictError, InvalidInputError
   */
  async update(ctx: RequestContext, id: string, change: (current: Widget) => WidgetDraft): Promise<Widget> {
    const { ended, stored } = await this.unitOfWork.run(ctx, async (tx) => {
      const current = await this.existing(tx, id, 'for update');
      const next = change(current);
      if (await this.widgets.isNameTaken(tx, next.name, id)) throw nameTaken(next.name);
      await this.widgets.update(tx, id, next);
      const stored = await this.existing(tx, id);
      await this.audit.recordChange(tx, ctx, 'widget', { id, before: current, after: stored });
      const isOther = OF_SESSIONS.some((field) => !isDeepStrictEqual(current[field], stored[field]));
      return { stored, ended: isOther ? await this.access.endOpenedBy(tx, id) : [] };
    });
    await this.access.announce(ended);
    this.settings.invalidate(ctx.tenantId);
    return stored;
  }

  /** The earlier secret signs nothing from now on. @throws NotFoundError */
  async rotateSecret(ctx: RequestContext, id: string): Promise<WidgetWithSecret> {
    const secret = newIdentitySecret();
    const widget = await this.unitOfWork.run(ctx, async (tx) => {
      await this.existing(tx, id, 'for update');
      await this.widgets.update(tx, id, this.sealedPart(ctx, id, secret));
      await this.audit.record(tx, ctx, { action: 'widget.rotate_secret', targetType: 'widget', targetId: id });
      return this.existing(tx, id);
    });
    return { widget, secret };
  }

  /** Its visitors are shown out; their conversations stay with the tenant, and the sweep takes those who never wrote. @throws NotFoundError */
  async delete(ctx: RequestContext, id: string): Promise<void> {
    const ended = await this.unitOfWork.run(ctx, async (tx) => {
      const current = await this.existing(tx, id, 'for update');
      const ended = await this.access.endOpenedBy(tx, id);
      await this.widgets.delete(tx, id);
      await this.audit.recordChange(tx, ctx, 'widget', { id, before: current, after: null });
      return ended;
    });
    await this.access.announce(ended);
    this.settings.invalidate(ctx.tenantId);
  }

  private async existing(tx: TenantTx, id: string, lock?: 'for update'): Promise<Widget> {
    const widget = await this.widgets.find(tx, id, lock);
    if (widget === null) throw new NotFoundError();
    return widget;
  }

  private sealedPart({ tenantId }: TenantScope, id: string, secret: SecretString): SealedPart {
    return { sealed: this.secretBox.seal(secret, identitySealedFor(tenantId, id)), last4: secret.last4 };
  }
}

function nameTaken(name: string): ConflictError {
  return new ConflictError(`There is a widget "${name}" already: choose another name`, { field: 'name' });
}
