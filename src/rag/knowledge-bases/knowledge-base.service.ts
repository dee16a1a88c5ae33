import { LlmService } from '#llm';
import type { TenantScope } from '#platform/context';
import { newId, UnitOfWork } from '#platform/database';
import { ConflictError, InvalidInputError } from '#platform/errors';
import { type AuditActor, AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import { DocumentRepository } from '../documents/document.repository.js';
import { DocumentRemoval } from '../documents/document-removal.js';
import { KnowledgeBaseNameTakenError, KnowledgeBaseNotFoundError } from '../rag.errors.js';
import type { KnowledgeBase, KnowledgeBaseChange, NewKnowledgeBase } from './knowledge-base.js';
import { KnowledgeBaseCache } from './knowledge-base.cache.js';
import { KnowledgeBaseRepository } from './knowledge-base.repository.js';

const DEFAULTS = { kind: 'documents', description: '', language: 'en', chunkSize: 350, chunkOverlap: 50 } as const;
/** Documents deleted between two looks at the clock of others. */
const DELETED_AT_ONCE = 50;

/** A tenant's data, and who changes it: a request's context fits, and so does the system's own actor. */
type ActingScope = TenantScope & AuditActor;

/** Knowledge bases: made in the embedding space of today, which they keep. */
@Injectable()
export class KnowledgeBaseService {
  constructor(
    private readonly bases: KnowledgeBaseRepository,
    private readonly cache: KnowledgeBaseCache,
    private readonly documents: DocumentRepository,
    private readonly removal: DocumentRemoval,
    private readonly work: UnitOfWork,
    private readonly llm: LlmService,
    private readonly audit: AuditService,
  ) {}

  /** @throws KnowledgeBaseNameTakenError */
  async create(ctx: ActingScope, input: NewKnowledgeBase): Promise<KnowledgeBase> {
    const embedding = this.llm.embedder().space;
    const created = await this.work.run(ctx, async (tx) => {
      const now = new Date();
      const spaceId = await this.bases.ensureSpace(tx, embedding);
      const base: KnowledgeBase = {
        ...DEFAULTS,
        topK: null,
        settings: {},
        ...withoutUndefined(input),
        id: newId(),
        spaceId,
        embedding,
        documentCount: 0,
        chunkCount: 0,
        createdAt: now,
        updatedAt: now,
      };
      assertOverlap(base);
      if (!(await this.bases.insert(tx, base))) throw new KnowledgeBaseNameTakenError(base.name);
      await this.audit.recordChange(tx, ctx, 'knowledge_base', { id: base.id, before: null, after: base });
      return base;
    });
    this.cache.invalidate(ctx, created.id);
    return created;
  }

  /** For the seed: the base of this name, made when there is none. An existing one is left as it is. */
  async ensure(ctx: ActingScope, input: NewKnowledgeBase): Promise<{ base: KnowledgeBase; created: boolean }> {
    const existing = await this.bases.findByName(ctx, input.name);
    if (existing !== null) return { base: existing, created: false };
    return { base: await this.create(ctx, input), created: true };
  }

  /** @throws KnowledgeBaseNotFoundError */
  async get(scope: TenantScope, id: string): Promise<KnowledgeBase> {
    const base = await this.bases.findById(scope, id);
    if (base === null) throw new KnowledgeBaseNotFoundError();
    return base;
  }

  /** Newest first. @param before id of the last one of the previous page */
  list(scope: TenantScope, before: string | null, limit: number): Promise<KnowledgeBase[]> {
    return this.bases.list(scope, before, limit);
  }

  /**
   * New chunk sizes hold for documents that are taken in (or indexed again) from now on.
   * @param check runs on the locked row, before the change (`If-Match`)
   * @throws KnowledgeBaseNotFoundError, KnowledgeBaseNameTakenError; ConflictError for another language of a base with
   *   documents, whose words are stemmed by the old one
   */
  async update(
    ctx: ActingScope,
    id: string,
    change: KnowledgeBaseChange,
    check: (current: KnowledgeBase) => void = () => undefined,
  ): Promise<KnowledgeBase> {
    const updated = await this.work.run(ctx, async (tx) => {
      const current = await this.bases.findForUpdate(tx, id);
      if (current === null) throw new KnowledgeBaseNotFoundError();
      check(current);
      const next: KnowledgeBase = { ...current, ...withoutUndefined(change), updatedAt: new Date() };
      assertOverlap(next);
      if (next.language !== current.language && current.documentCount > 0) {
        throw new ConflictError(
          'The language cannot change while there are documents: make a new knowledge base in the other language',
          { field: 'language' },
        );
      }
      if (next.name !== current.name && (await this.bases.isNameTaken(tx, next.name, id))) {
        throw new KnowledgeBaseNameTakenError(next.name);
      }
      await this.bases.update(tx, next);
      await this.audit.recordChange(tx, ctx, 'knowledge_base', { id, before: current, after: next });
      return next;
    });
    this.cache.invalidate(ctx, id);
    return updated;
  }

  /**
   * The base with its documents, files, vectors and statistics. Documents go in short transactions, so that nobody waits
   * long; a stop in the middle leaves a smaller base that can be deleted again.
   * @throws KnowledgeBaseNotFoundError; ConflictError while agents answer from it
   */
  async delete(ctx: ActingScope, id: string): Promise<void> {
    const base = await this.get(ctx, id);
    const used = await this.work.run(ctx, (tx) => this.bases.agentsUsing(tx, id));
    if (used.length > 0) {
      throw new ConflictError(`It is used by ${used.join(', ')}: take it from these agents first`, {
        details: { used_by: used },
      });
    }
    for (;;) {
      const some = await this.documents.someOf(ctx, id, DELETED_AT_ONCE);
      for (const document of some) await this.removal.remove(ctx, document);
      if (some.length < DELETED_AT_ONCE) break;
    }
    await this.work.run(ctx, async (tx) => {
      await this.bases.delete(tx, id);
      await this.audit.recordChange(tx, ctx, 'knowledge_base', { id, before: base, after: null });
    });
    this.cache.invalidate(ctx, id);
  }
}

function assertOverlap({ chunkOverlap, chunkSize }: KnowledgeBase): void {
  if (chunkOverlap > chunkSize / 2) {
    throw new InvalidInputError('chunk_overlap: must not exceed half of chunk_size', { field: 'chunk_overlap' });
  }
}

function withoutUndefined<T extends object>(value: T): Partial<T> & Pick<T, RequiredKeys<T>> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<T> &
    Pick<T, RequiredKeys<T>>;
}

type RequiredKeys<T> = { [K in keyof T]-?: undefined extends T[K] ? never : K }[keyof T];
