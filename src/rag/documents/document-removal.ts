import type { TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { DocumentFiles } from './document-files.js';
import type { StoredDocument } from './document.js';
import { DocumentRepository } from './document.repository.js';

/** How long a removal is left to the process that began it. */
const LEFT_SECONDS = 60;
/** How long a file may wait for its document's commit. */
const LOOSE_SECONDS = 3600;
const SWEPT_AT_ONCE = 100;

/**
 * Takes documents away, however large, in bounded steps.
 *
 *   hidden and marked ─▶ chunks, postings and statistics, some at a time ─▶ the row ─▶ the file
 *
 * From the first commit on nobody sees the document. What a stop leaves in between is marked, and `sweep` ends it.
 */
@Injectable()
export class DocumentRemoval {
  constructor(
    private readonly documents: DocumentRepository,
    private readonly files: DocumentFiles,
    private readonly work: UnitOfWork,
  ) {}

  /**
   * @param document `hasFile`: it came as one
   * @param note runs in the transaction that hides it
   * @returns false when there was none
   */
  async remove(
    scope: TenantScope,
    document: { readonly knowledgeBaseId: string; readonly id: string; readonly hasFile: boolean },
    note: (tx: TenantTx, removed: StoredDocument) => Promise<void> = () => Promise.resolve(),
  ): Promise<boolean> {
    const { hasFile, id, knowledgeBaseId } = document;
    if (hasFile) await this.files.loosen(scope, id);
    const outcome = await this.work.run(scope, async (tx) => {
      const current = await this.documents.lock(tx, knowledgeBaseId, id);
      if (current === null) return 'none';
      await this.documents.hide(tx, knowledgeBaseId, id);
      await note(tx, current);
      await this.documents.markDeleted(tx, id);
      return (await this.documents.deleteSome(tx, knowledgeBaseId, id)) ? 'gone' : 'marked';
    });
    // Marked by somebody who stopped, or is at it: two may, each step deletes what it finds.
    const marked = outcome === 'none' && (await this.documents.knowledgeBaseOf(scope, id)) === knowledgeBaseId;
    if (outcome === 'marked' || marked) await this.finish(scope, knowledgeBaseId, id);
    if (hasFile) await this.files.remove(scope, id);
    return outcome !== 'none';
  }

  /** What stopped processes left: removals half done, and files without a document. */
  async sweep(): Promise<void> {
    for (const { documentId, tenantId } of await this.documents.halfDeleted(LEFT_SECONDS, SWEPT_AT_ONCE)) {
      const scope = { tenantId };
      const knowledgeBaseId = await this.documents.knowledgeBaseOf(scope, documentId);
      if (knowledgeBaseId !== null) await this.finish(scope, knowledgeBaseId, documentId);
      await this.files.remove(scope, documentId);
    }
    for (const { documentId, tenantId } of await this.files.loose(LOOSE_SECONDS, SWEPT_AT_ONCE)) {
      const scope = { tenantId };
      const used = (await this.documents.knowledgeBaseOf(scope, documentId)) !== null;
      if (used) await this.files.keep(scope, documentId);
      else await this.files.remove(scope, documentId);
    }
  }

  private async finish(scope: TenantScope, knowledgeBaseId: string, id: string): Promise<void> {
    let gone = false;
    while (!gone) gone = await this.work.run(scope, (tx) => this.documents.deleteSome(tx, knowledgeBaseId, id));
  }
}
