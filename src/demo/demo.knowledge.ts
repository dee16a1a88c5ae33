import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RequestContext } from '#platform/context';
import { LOGGER, type Logger } from '#platform/logging';
import { projectRoot } from '#platform/paths';
import { DocumentService, KnowledgeBaseService, type StoredDocument } from '#rag';
import { Inject, Injectable } from '@nestjs/common';
import type { DemoDocumentsBase, DemoKnowledgeBase, DemoRecordsBase, DemoTenant } from './demo-tenant.types.js';

const DOCUMENTS = join(projectRoot, 'src/demo/documents');
const PAGE = 200;
const LOOK_EVERY_MS = 2000;

/** What the demo's agents know, taken in the way every upload is. */
@Injectable()
export class DemoKnowledge {
  constructor(
    private readonly bases: KnowledgeBaseService,
    private readonly documents: DocumentService,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @returns the ids of the tenant's knowledge bases by name */
  async ensureBases(ctx: RequestContext, demo: DemoTenant): Promise<ReadonlyMap<string, string>> {
    const ids = new Map<string, string>();
    for (const wanted of demo.knowledgeBases) {
      const { kind, name, description, language } = wanted;
      const settings =
        wanted.kind === 'records' ? { titleField: wanted.titleField, textFields: wanted.textFields } : {};
      const { base } = await this.bases.ensure(ctx, { kind, name, description, language, settings });
      ids.set(name, base.id);
    }
    return ids;
  }

  /** Hands over what is missing; resolves when all of it is accepted, so that it will be indexed whatever happens next. */
  async fill(
    ctx: RequestContext,
    demo: DemoTenant,
    baseIds: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): Promise<void> {
    for (const base of demo.knowledgeBases) {
      const id = baseIds.get(base.name);
      if (id === undefined) continue;
      const there = await this.existing(ctx, id);
      signal.throwIfAborted();
      if (base.kind === 'records') await this.addRecords(ctx, id, base, there);
      else await this.addFiles(ctx, id, base, there, signal);
    }
  }

  /** Tells how far the indexing is until it is finished. */
  async follow(
    ctx: RequestContext,
    demo: DemoTenant,
    baseIds: ReadonlyMap<string, string>,
    signal: AbortSignal,
  ): Promise<void> {
    const wanted = demo.knowledgeBases.reduce((sum, base) => sum + sizeOf(base), 0);
    if (wanted === 0) return;
    let told = -1;
    for (;;) {
      const { failed, ready } = await this.progress(ctx, [...baseIds.values()]);
      if (ready !== told) {
        this.logger.info({ tenant: demo.slug, failed }, `indexed ${ready} of ${wanted} demo documents`);
      }
      if (ready + failed >= wanted) return;
      told = ready;
      await pause(LOOK_EVERY_MS, undefined, { signal, ref: false });
    }
  }

  private async addFiles(
    ctx: RequestContext,
    baseId: string,
    base: DemoDocumentsBase,
    there: readonly StoredDocument[],
    signal: AbortSignal,
  ): Promise<void> {
    const titles = new Set(there.map(({ title }) => title));
    for (const { file, mimeType, title } of base.documents) {
      if (titles.has(title)) continue;
      signal.throwIfAborted();
      const content = await readFile(join(DOCUMENTS, file));
      await this.documents.addFile(ctx, baseId, { content, fileName: basename(file), mimeType, labels: { title } });
    }
  }

  private async addRecords(
    ctx: RequestContext,
    baseId: string,
    base: DemoRecordsBase,
    there: readonly StoredDocument[],
  ): Promise<void> {
    const ids = new Set(there.map(({ record }) => record?.['id']));
    const missing = base.records.filter(({ id }) => !ids.has(id));
    if (missing.length > 0) await this.documents.addRecords(ctx, baseId, missing);
  }

  private async existing(ctx: RequestContext, baseId: string): Promise<StoredDocument[]> {
    const found: StoredDocument[] = [];
    for (;;) {
      const before = found.at(-1)?.id ?? null;
      const page = await this.documents.list(ctx, baseId, { status: null, before, limit: PAGE });
      found.push(...page);
      if (page.length < PAGE) return found;
    }
  }

  private async progress(ctx: RequestContext, baseIds: readonly string[]): Promise<{ ready: number; failed: number }> {
    let [ready, failed] = [0, 0];
    for (const id of baseIds) {
      ready += (await this.bases.get(ctx, id)).documentCount;
      failed += (await this.documents.list(ctx, id, { status: 'failed', before: null, limit: PAGE })).length;
    }
    return { ready, failed };
  }
}

function sizeOf(base: DemoKnowledgeBase): number {
  return base.kind === 'records' ? base.records.length : base.documents.length;
}
