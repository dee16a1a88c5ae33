import { Injectable } from '@nestjs/common';
import { Suggestions, type Suggestion } from '#conversations';
import type { RequestContext, TenantScope } from '#platform/context';
import { newId, type TenantTx, UnitOfWork } from '#platform/database';
import { ConflictError, NotFoundError } from '#platform/errors';
import { AuditService } from '#tenants';
import { EscalationNotFoundError } from '../model/escalation.errors.js';
import { EscalationRepository } from '../store/escalation.repository.js';
import { type CannedReply, DeskRepository, type Note } from './desk.repository.js';

/** What a supporter has at hand: notes of colleagues, words that are ready, and what the agent would say. */
@Injectable()
export class DeskService {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly desk: DeskRepository,
    private readonly escalations: EscalationRepository,
    private readonly suggestions: Suggestions,
    private readonly audit: AuditService,
  ) {}

  /** Newest first. @throws EscalationNotFoundError */
  notes(scope: TenantScope, escalationId: string, before: string | null, limit: number): Promise<Note[]> {
    return this.uow.run(scope, async (tx) => {
      await this.conversationOf(tx, escalationId);
      return this.desk.notes(tx, escalationId, before, limit);
    });
  }

  /** @throws EscalationNotFoundError */
  addNote(ctx: RequestContext, escalationId: string, content: string): Promise<Note> {
    return this.uow.run(ctx, async (tx) => {
      await this.conversationOf(tx, escalationId);
      return this.desk.addNote(tx, { id: newId(), escalationId, authorId: ctx.principal.id, content });
    });
  }

  /** What the agent would answer now; stored nowhere, and no tool is called for it. @throws EscalationNotFoundError */
  async suggest(ctx: RequestContext, escalationId: string): Promise<Suggestion> {
    const conversationId = await this.uow.run(ctx, (tx) => this.conversationOf(tx, escalationId));
    return this.suggestions.suggest(ctx, conversationId);
  }

  cannedReplies(scope: TenantScope, before: string | null, limit: number): Promise<CannedReply[]> {
    return this.uow.run(scope, (tx) => this.desk.cannedReplies(tx, before, limit));
  }

  /** @throws NotFoundError */
  cannedReply(scope: TenantScope, id: string): Promise<CannedReply> {
    return this.uow.run(scope, (tx) => this.existing(tx, id));
  }

  /** @throws ConflictError when the title is taken */
  addCannedReply(ctx: RequestContext, reply: Omit<CannedReply, 'id' | 'createdAt'>): Promise<CannedReply> {
    return this.uow.run(ctx, async (tx) => {
      const stored = await this.desk.addCannedReply(tx, { id: newId(), ...reply });
      if (stored === null)
        throw new ConflictError(`There is a reply "${reply.title}" already: choose another title`, { field: 'title' });
      await this.audit.recordChange(tx, ctx, 'canned_reply', { id: stored.id, before: null, after: stored });
      return stored;
    });
  }

  /** @throws NotFoundError */
  deleteCannedReply(ctx: RequestContext, id: string): Promise<void> {
    return this.uow.run(ctx, async (tx) => {
      const before = await this.existing(tx, id);
      await this.desk.deleteCannedReply(tx, id);
      await this.audit.recordChange(tx, ctx, 'canned_reply', { id, before, after: null });
    });
  }

  private async existing(tx: TenantTx, id: string): Promise<CannedReply> {
    const found = await this.desk.cannedReply(tx, id);
    if (found === null) throw new NotFoundError();
    return found;
  }

  private async conversationOf(tx: TenantTx, escalationId: string): Promise<string> {
    const found = await this.escalations.find(tx, escalationId);
    if (found === null) throw new EscalationNotFoundError();
    return found.conversationId;
  }
}
