import type { TenantTx } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { CannedReplyEntity } from './canned-reply.entity.js';
import { EscalationNoteEntity } from './note.entity.js';

export type Note = Readonly<Omit<EscalationNoteEntity, 'tenantId'>>;
export type CannedReply = Readonly<Omit<CannedReplyEntity, 'tenantId'>>;

/** Notes and canned replies. */
@Injectable()
export class DeskRepository {
  /** Newest first. */
  notes(tx: TenantTx, escalationId: string, before: string | null, limit: number): Promise<Note[]> {
    const query = tx.rows(EscalationNoteEntity).query('n').andWhere('n.escalationId = :escalationId', { escalationId });
    if (before !== null) query.andWhere('n.id < :before', { before });
    return query.orderBy('n.id', 'DESC').take(limit).getMany();
  }

  addNote(tx: TenantTx, note: Omit<Note, 'createdAt'>): Promise<Note> {
    return tx.rows(EscalationNoteEntity).insert(note);
  }

  /** Newest first. */
  cannedReplies(tx: TenantTx, before: string | null, limit: number): Promise<CannedReply[]> {
    return tx.rows(CannedReplyEntity).newest(before, limit);
  }

  cannedReply(tx: TenantTx, id: string): Promise<CannedReply | null> {
    return tx.rows(CannedReplyEntity).findOne({ id });
  }

  /** @returns null when the title is taken; then nothing was written */
  addCannedReply(tx: TenantTx, reply: Omit<CannedReply, 'createdAt'>): Promise<CannedReply | null> {
    return tx.rows(CannedReplyEntity).insertNew(reply);
  }

  async deleteCannedReply(tx: TenantTx, id: string): Promise<void> {
    await tx.rows(CannedReplyEntity).delete({ id });
  }
}
