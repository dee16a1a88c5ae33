import type { RequestContext } from '#platform/context';
import {
  AdminResource,
  assertIfMatch,
  Changes,
  CountsAgainst,
  Commands,
  Ctx,
  Deletes,
  Id,
  IfMatch,
  type ListQuery,
  listQuery,
  Lists,
  Makes,
  type Page,
  pageById,
  Reads,
  RequireFeature,
  RequirePermission,
} from '#platform/http';
import { Body, Query, Req } from '@nestjs/common';
import type { Request } from 'express';
import { untilClosed } from '../documents/until-closed.js';
import { RetrievalService } from '../retrieval/retrieval.service.js';
import {
  type SearchBody,
  searchBody,
  type SearchResponse,
  searchResponse,
  toSearchRequest,
  toSearchResponse,
} from '../retrieval/search.dto.js';
import {
  type CreateKnowledgeBaseBody,
  createKnowledgeBaseBody,
  type KnowledgeBaseResponse,
  knowledgeBaseResponse,
  type PatchKnowledgeBaseBody,
  patchKnowledgeBaseBody,
  toKnowledgeBaseChange,
  toKnowledgeBaseResponse,
  toNewKnowledgeBase,
} from './knowledge-base.dto.js';
import { KnowledgeBaseService } from './knowledge-base.service.js';

@AdminResource('knowledge-bases', 'knowledge.read', { tag: 'knowledge' })
export class KnowledgeBasesController {
  constructor(
    private readonly bases: KnowledgeBaseService,
    private readonly retrieval: RetrievalService,
  ) {}

  @Lists('List knowledge bases, newest first', knowledgeBaseResponse)
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<KnowledgeBaseResponse>> {
    return pageById(ctx, query, {
      load: (before, limit) => this.bases.list(ctx, before, limit),
      map: toKnowledgeBaseResponse,
      idOf: (base) => base.id,
    });
  }

  @Makes('Make a knowledge base', knowledgeBaseResponse)
  @RequirePermission('knowledge.write')
  @RequireFeature('knowledge')
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createKnowledgeBaseBody }) body: CreateKnowledgeBaseBody,
  ): Promise<KnowledgeBaseResponse> {
    return toKnowledgeBaseResponse(await this.bases.create(ctx, toNewKnowledgeBase(body)));
  }

  @Reads('Read a knowledge base', knowledgeBaseResponse)
  async get(@Ctx() ctx: RequestContext, @Id() id: string): Promise<KnowledgeBaseResponse> {
    return toKnowledgeBaseResponse(await this.bases.get(ctx, id));
  }

  @Changes('Change a knowledge base', knowledgeBaseResponse)
  @RequirePermission('knowledge.write')
  @RequireFeature('knowledge')
  async patch(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: patchKnowledgeBaseBody }) body: PatchKnowledgeBaseBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<KnowledgeBaseResponse> {
    const updated = await this.bases.update(ctx, id, toKnowledgeBaseChange(body), (current) =>
      assertIfMatch(ifMatch, toKnowledgeBaseResponse(current)),
    );
    return toKnowledgeBaseResponse(updated);
  }

  @Deletes('Delete a knowledge base with its documents')
  @RequirePermission('knowledge.write')
  async delete(@Ctx() ctx: RequestContext, @Id() id: string): Promise<void> {
    await this.bases.delete(ctx, id);
  }

  /** What a question finds, with scores: for trying out a knowledge base. */
  @Commands('search', 'Search a knowledge base: what a question finds, with scores', searchResponse)
  @RequireFeature('knowledge')
  @CountsAgainst('budget')
  async search(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: searchBody }) body: SearchBody,
    @Req() request: Request,
  ): Promise<SearchResponse> {
    await this.bases.get(ctx, id);
    return toSearchResponse(await this.retrieval.search(ctx, toSearchRequest(id, body), untilClosed(request)));
  }
}
