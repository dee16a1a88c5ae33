import { NoSpaceError } from '#platform/blobs';
import type { Role, TenantScope } from '#platform/context';
import { CommitInDoubtError, isDiskFull, newId, UnitOfWork } from '#platform/database';
import { ConflictError, InvalidInputError, UnsupportedMediaError } from '#platform/errors';
import { OutboundClient, OutboundError, TenantAllowList } from '#platform/outbound';
import { type AuditActor, AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import type { Readable } from 'node:stream';
import { DocumentIngestion } from '../ingestion/document-ingestion.js';
import { recordTitle } from '../ingestion/record-text.js';
import type { KnowledgeBase, KnowledgeBaseKind } from '../knowledge-bases/knowledge-base.js';
import { KnowledgeBaseService } from '../knowledge-bases/knowledge-base.service.js';
import { type DetectedType, detectDocumentType } from '../parsing/detect-type.js';
import { DocumentNotFoundError } from '../rag.errors.js';
import type { DocumentLabels, SourceType, StoredChunk, StoredDocument } from './document.js';
import { DocumentFiles, type ReceivedFile } from './document-files.js';
import { DocumentRemoval } from './document-removal.js';
import { StorageQuota } from './storage-quota.js';
import { type DocumentQuery, DocumentRepository } from './document.repository.js';

/** A tenant's data, and who changes it: a request's context fits, and so does the system's own actor. */
export type ActingScope = TenantScope & AuditActor;

/** Who reads: the system's own work says nobody, and sees everything. */
export type ReadingScope = TenantScope & { readonly principal?: { readonly role: Role | null } };

export interface FileUpload {
  readonly content: Readable | Buffer;
  readonly fileName: string;
  /** What the client says; only a hint. */
  readonly mimeType?: string;
  readonly labels?: DocumentLabels;
}

interface Accepted {
  readonly sourceType: SourceType;
  readonly sourceUrl: string | null;
  readonly fileName: string | null;
  readonly title: string;
  readonly mimeType: string;
  readonly file: ReceivedFile;
  readonly labels: DocumentLabels;
}

const ADMINS: readonly Role[] = ['tenant_admin', 'platform_admin'];
const LONGEST_TITLE = 300;
const FETCHED_BYTES = 16 * 2 ** 20;
const FETCH_MS = 30_000;

/** Documents and records of knowledge bases: accepted here, taken in by `DocumentIngestion`. */
@Injectable()
export class DocumentService {
  constructor(
    private readonly documents: DocumentRepository,
    private readonly bases: KnowledgeBaseService,
    private readonly ingestion: DocumentIngestion,
    private readonly files: DocumentFiles,
    private readonly removal: DocumentRemoval,
    private readonly quota: StorageQuota,
    private readonly work: UnitOfWork,
    private readonly audit: AuditService,
    private readonly outbound: OutboundClient,
    private readonly allowed: TenantAllowList,
  ) {}

  /**
   * Stores a file; it is read later.
   * @throws UnsupportedMediaError for what no parser reads, InvalidInputError when it is empty, NoSpaceError;
   *   KnowledgeBaseNotFoundError; whatever `content` fails with
   */
  async addFile(ctx: ActingScope, knowledgeBaseId: string, upload: FileUpload): Promise<StoredDocument> {
    await this.baseOfKind(ctx, knowledgeBaseId, 'documents');
    const file = await this.files.receive(ctx, upload.content);
    const received = { ...file, originalname: upload.fileName, mimetype: upload.mimeType };
    return this.addReceived(ctx, knowledgeBaseId, received, () => upload.labels ?? {});
  }

  /**
   * The same for a file that was received already; it goes when it is refused.
   * @param labels read when the file can be cleared away, so that they may be refused too
   */
  async addReceived(
    ctx: ActingScope,
    knowledgeBaseId: string,
    file: ReceivedFile & { readonly originalname: string; readonly mimetype?: string },
    labels: () => DocumentLabels,
  ): Promise<StoredDocument> {
    return this.accepting(file, async () => {
      await this.baseOfKind(ctx, knowledgeBaseId, 'documents');
      const given = labels();
      const fileName = cleanName(file.originalname);
      const { mime } = this.typeOf(file, fileName, file.mimetype);
      const title = given.title ?? fileName;
      const source = { sourceType: 'file', sourceUrl: null, fileName, title, mimeType: mime } as const;
      return this.accept(ctx, knowledgeBaseId, { ...source, file, labels: given });
    });
  }

  /** Markdown or plain text, which is a special case of it. */
  async addText(
    ctx: ActingScope,
    knowledgeBaseId: string,
    text: string,
    labels: DocumentLabels & { readonly title: string },
  ): Promise<StoredDocument> {
    await this.baseOfKind(ctx, knowledgeBaseId, 'documents');
    if (text.trim() === '') throw new InvalidInputError('text: must hold some text', { field: 'text' });
    const file = await this.files.receive(ctx, Buffer.from(text, 'utf8'));
    const accepted: Accepted = {
      sourceType: 'text',
      sourceUrl: null,
      fileName: null,
      title: labels.title,
      mimeType: 'text/markdown',
      file,
      labels,
    };
    return this.accepting(file, () => this.accept(ctx, knowledgeBaseId, accepted));
  }

  /**
   * Fetches a page or file once, through the outbound client.
   * @throws OutboundError when the address may not or cannot be reached, InvalidInputError when it does not answer with 200
   */
  async addUrl(
    ctx: ActingScope,
    knowledgeBaseId: string,
    url: string,
    labels: DocumentLabels = {},
    signal?: AbortSignal,
  ): Promise<StoredDocument> {
    await this.baseOfKind(ctx, knowledgeBaseId, 'documents');
    const answer = await this.outbound
      .request({ url, signal, maxBytes: FETCHED_BYTES, timeoutMs: FETCH_MS, allow: this.allowed.for(ctx.tenantId) })
      .catch((error: unknown) => {
        // The address is a value of the client's; that it fails is not a fault of ours.
        if (error instanceof OutboundError)
          throw new InvalidInputError(`url: ${error.message}`, { field: 'url', cause: error });
        throw error;
      });
    if (answer.status !== 200) {
      throw new InvalidInputError(`url: the address answered with status ${answer.status}: check it in a browser`, {
        field: 'url',
      });
    }
    const fileName = cleanName(decodeURIComponentSafely(new URL(answer.url).pathname.split('/').at(-1) ?? ''), 'page');
    const file = await this.files.receive(ctx, answer.body);
    return this.accepting(file, async () => {
      const { mime } = this.typeOf(file, fileName, answer.headers['content-type']);
      return this.accept(ctx, knowledgeBaseId, {
        sourceType: 'url',
        sourceUrl: url,
        fileName,
        title: labels.title ?? fileName,
        mimeType: mime,
        file,
        labels,
      });
    });
  }

  /** A record of a knowledge base of kind `records`. */
  async addRecord(
    ctx: ActingScope,
    knowledgeBaseId: string,
    record: Readonly<Record<string, unknown>>,
    labels: DocumentLabels = {},
  ): Promise<StoredDocument> {
    const [document] = await this.addRecords(ctx, knowledgeBaseId, [record], labels);
    if (document === undefined) throw new Error('The record that was just added is missing');
    return document;
  }

  /** Many at once, for imports and the seed. */
  async addRecords(
    ctx: ActingScope,
    knowledgeBaseId: string,
    records: readonly Readonly<Record<string, unknown>>[],
    labels: DocumentLabels = {},
  ): Promise<StoredDocument[]> {
    const base = await this.baseOfKind(ctx, knowledgeBaseId, 'records');
    const documents = records.map((record) => {
      const content = JSON.stringify(record);
      return draft(base.id, {
        sourceType: 'record',
        sourceUrl: null,
        fileName: null,
        title: labels.title ?? recordTitle(record, base.settings),
        mimeType: 'application/json',
        size: Buffer.byteLength(content),
        record,
        labels,
      });
    });
    const bytes = documents.reduce((sum, { size }) => sum + size, 0);
    await this.work.run(ctx, async (tx) => {
      await this.quota.assertRoom(tx, bytes);
      await this.assertOwner(tx, labels.ownerId);
      for (const document of documents) await this.documents.insert(tx, document, ctx.principal.id);
      await this.audit.record(tx, ctx, {
        action: 'document.create',
        targetType: 'knowledge_base',
        targetId: base.id,
        details: { records: documents.length },
      });
    });
    for (const { id } of documents) await this.ingestion.enqueue(ctx, id);
    return documents;
  }

  /** @throws DocumentNotFoundError also for one user's own, to those who may not read these */
  async get(scope: ReadingScope, knowledgeBaseId: string, id: string): Promise<StoredDocument> {
    const document = await this.documents.find(scope, knowledgeBaseId, id);
    if (document === null || isHidden(scope, document)) throw new DocumentNotFoundError();
    return document;
  }

  /** @throws KnowledgeBaseNotFoundError */
  async list(scope: ReadingScope, knowledgeBaseId: string, query: DocumentQuery): Promise<StoredDocument[]> {
    await this.bases.get(scope, knowledgeBaseId);
    return this.documents.list(scope, knowledgeBaseId, { ...query, owned: readsOwned(scope) });
  }

  /** @param after ordinal of the last one of the previous page, -1 for the first */
  async chunks(
    scope: ReadingScope,
    knowledgeBaseId: string,
    id: string,
    after: number,
    limit: number,
  ): Promise<StoredChunk[]> {
    await this.get(scope, knowledgeBaseId, id);
    return this.documents.chunks(scope, id, after, limit);
  }

  /** The file as it came in; of a record its JSON. */
  async content(
    scope: ReadingScope,
    knowledgeBaseId: string,
    id: string,
  ): Promise<{ document: StoredDocument; stream: Readable | Buffer; size: number }> {
    const document = await this.get(scope, knowledgeBaseId, id);
    if (document.record !== null) {
      const bytes = Buffer.from(JSON.stringify(document.record, null, 2));
      return { document, stream: bytes, size: bytes.length };
    }
    const file = await this.files.open(scope, id);
    if (file === null) throw new DocumentNotFoundError();
    return { document, ...file };
  }

  /**
   * Title, metadata, owner and personas. They hold at once; a new title is searched after `reindex`.
   * @param check runs on the locked row, before the change (`If-Match`)
   */
  async update(
    ctx: ActingScope,
    knowledgeBaseId: string,
    id: string,
    change: DocumentLabels,
    check: (current: StoredDocument) => void = () => undefined,
  ): Promise<StoredDocument> {
    await this.work.run(ctx, async (tx) => {
      const current = await this.documents.findForUpdate(tx, knowledgeBaseId, id);
      if (current === null || isHidden(ctx, current)) throw new DocumentNotFoundError();
      check(current);
      await this.assertOwner(tx, change.ownerId);
      const { metadata, ownerId, personas, title } = current;
      const before = { title, metadata, ownerId, personas };
      const after = {
        title: change.title ?? title,
        metadata: change.metadata ?? metadata,
        ownerId: change.ownerId === undefined ? ownerId : change.ownerId,
        personas: change.personas ?? personas,
      };
      await this.documents.updateLabels(tx, id, after);
      await this.audit.recordChange(tx, ctx, 'document', { id, before, after });
    });
    return this.get(ctx, knowledgeBaseId, id);
  }

  /** Reads it again, with the knowledge base's settings of now. It is not found until that is done. */
  async reindex(ctx: ActingScope, knowledgeBaseId: string, id: string): Promise<StoredDocument> {
    await this.work.run(ctx, async (tx) => {
      const current = await this.documents.lock(tx, knowledgeBaseId, id);
      if (current === null || isHidden(ctx, current)) throw new DocumentNotFoundError();
      await this.documents.hide(tx, knowledgeBaseId, id);
      await this.documents.requeue(tx, id);
      await this.audit.record(tx, ctx, { action: 'document.reindex', targetType: 'document', targetId: id });
    });
    await this.ingestion.enqueue(ctx, id);
    return this.get(ctx, knowledgeBaseId, id);
  }

  /** The document with its file, passages, vectors and its part in the statistics. */
  async delete(ctx: ActingScope, knowledgeBaseId: string, id: string): Promise<void> {
    const { record } = await this.get(ctx, knowledgeBaseId, id);
    const removed = await this.removal.remove(ctx, { knowledgeBaseId, id, hasFile: record === null }, (tx, { title }) =>
      this.audit.record(tx, ctx, {
        action: 'document.delete',
        targetType: 'document',
        targetId: id,
        details: { knowledge_base_id: knowledgeBaseId, title },
      }),
    );
    if (!removed) throw new DocumentNotFoundError();
  }

  /** All documents that belong to one person. */
  ownedBy(scope: TenantScope, ownerId: string): Promise<{ id: string; knowledgeBaseId: string; hasFile: boolean }[]> {
    return this.documents.ownedBy(scope, ownerId);
  }

  /** For an erasure: nothing of it is recorded. One that is gone already is passed over. */
  async removeOwned(
    scope: TenantScope,
    document: { readonly id: string; readonly knowledgeBaseId: string; readonly hasFile: boolean },
  ): Promise<void> {
    await this.removal.remove(scope, document);
  }

  private async baseOfKind(scope: TenantScope, id: string, kind: KnowledgeBaseKind): Promise<KnowledgeBase> {
    const base = await this.bases.get(scope, id);
    if (base.kind === kind) return base;
    throw new ConflictError(
      base.kind === 'records'
        ? 'This knowledge base holds records: send {"record": {…}}'
        : 'This knowledge base holds documents: upload a file, or send {"title", "text"} or {"url"}',
    );
  }

  private typeOf(file: ReceivedFile, fileName: string, declared: string | undefined): DetectedType {
    if (file.size === 0) throw new InvalidInputError('The file is empty: choose one with content', { field: 'file' });
    const type = detectDocumentType(file.head, fileName, declared);
    if (type === null) {
      throw new UnsupportedMediaError(
        'This kind of file cannot be read: send PDF, DOCX, Markdown, HTML, CSV or plain text',
      );
    }
    return type;
  }

  /** What was received goes again when it is not accepted. */
  private async accepting(file: ReceivedFile, accept: () => Promise<StoredDocument>): Promise<StoredDocument> {
    try {
      return await accept();
    } catch (error) {
      // In doubt the row may be there, and then it needs its file. What stays loose is kept or removed by a later sweep.
      if (!(error instanceof CommitInDoubtError)) await this.files.discard(file).catch(() => undefined);
      throw isDiskFull(error) ? new NoSpaceError(error) : error;
    }
  }

  /** The file is loose until the row is committed: a stop in between leaves one that is found, never a row without its file. */
  private async accept(ctx: ActingScope, knowledgeBaseId: string, accepted: Accepted): Promise<StoredDocument> {
    const { file, labels } = accepted;
    const document = draft(knowledgeBaseId, { ...accepted, id: file.id, size: file.size, record: null });
    await this.work.run(ctx, async (tx) => {
      await this.quota.assertRoom(tx, document.size);
      await this.assertOwner(tx, labels.ownerId);
      await this.documents.insert(tx, document, ctx.principal.id, file.sha256);
      await this.audit.record(tx, ctx, {
        action: 'document.create',
        targetType: 'document',
        targetId: document.id,
        details: { knowledge_base_id: knowledgeBaseId, title: document.title, size: document.size },
      });
    });
    // It is accepted. A file that stays loose is read all the same, and kept by the next sweep.
    await this.files.keep(ctx, document.id).catch(() => undefined);
    await this.ingestion.enqueue(ctx, document.id);
    return document;
  }

  private async assertOwner(
    tx: Parameters<DocumentRepository['isPrincipal']>[0],
    ownerId: string | null | undefined,
  ): Promise<void> {
    if (ownerId === null || ownerId === undefined || (await this.documents.isPrincipal(tx, ownerId))) return;
    throw new InvalidInputError('owner_id: is no user of this tenant', { field: 'owner_id' });
  }
}

/** Documents of one user are read by that user through the agents, and by those who answer for the tenant's data. */
function readsOwned({ principal }: ReadingScope): boolean {
  return principal === undefined || principal.role === null || ADMINS.includes(principal.role);
}

function isHidden(scope: ReadingScope, { ownerId }: StoredDocument): boolean {
  return ownerId !== null && !readsOwned(scope);
}

function draft(
  knowledgeBaseId: string,
  input: Omit<Accepted, 'file'> & { id?: string; size: number; record: StoredDocument['record'] },
): StoredDocument {
  const now = new Date();
  return {
    id: input.id ?? newId(),
    knowledgeBaseId,
    ownerId: input.labels.ownerId ?? null,
    personas: input.labels.personas ?? [],
    title: input.title.trim().slice(0, LONGEST_TITLE) || 'Untitled',
    sourceType: input.sourceType,
    sourceUrl: input.sourceUrl,
    mimeType: input.mimeType,
    fileName: input.fileName,
    size: input.size,
    status: 'queued',
    progress: 0,
    chunkCount: 0,
    attempt: 0,
    waiting: null,
    error: null,
    metadata: input.labels.metadata ?? {},
    record: input.record,
    createdAt: now,
    updatedAt: now,
  };
}

/** The last part of a client's file name without control characters, for showing. */
function cleanName(name: string, otherwise = 'document'): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is removed
  const plain = name.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '').trim();
  const last = plain.split(/[/\\]/).at(-1)?.trim() ?? '';
  return last === '' || /^\.+$/.test(last) ? otherwise : last.slice(0, 255);
}

function decodeURIComponentSafely(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
