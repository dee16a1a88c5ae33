import type { RequestContext } from '#platform/context';
import {
  assertIfMatch,
  Creates,
  Ctx,
  decodeCursor,
  idPosition,
  idSchema,
  IfMatch,
  type ListQuery,
  listQuery,
  type Page,
  pageSchema,
  RequirePermission,
  toPage,
} from '#platform/http';
import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
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

@ApiTags('knowledge')
@ApiBearerAuth('bearer')
@Controller('api/admin/knowledge-bases')
@RequirePermission('knowledge.read')
export class KnowledgeBasesController {
  constructor(
    private readonly bases: KnowledgeBaseService,
    private readonly retrieval: RetrievalService,
  ) {}

  @ApiOperation({ summary: 'List knowledge bases, newest first' })
  @Get()
  @ApiOkResponse({ standardSchema: pageSchema(knowledgeBaseResponse) })
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<KnowledgeBaseResponse>> {
    const before = decodeCursor(ctx, query.cursor, idPosition)?.[0] ?? null;
    const rows = await this.bases.list(ctx, before, query.limit + 1);
    return toPage(ctx, rows, { limit: query.limit, map: toKnowledgeBaseResponse, position: (base) => [base.id] });
  }

  @ApiOperation({ summary: 'Make a knowledge base' })
  @Post()
  @Creates()
  @RequirePermission('knowledge.write')
  @ApiCreatedResponse({ standardSchema: knowledgeBaseResponse })
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createKnowledgeBaseBody }) body: CreateKnowledgeBaseBody,
  ): Promise<KnowledgeBaseResponse> {
    return toKnowledgeBaseResponse(await this.bases.create(ctx, toNewKnowledgeBase(body)));
  }

  @ApiOperation({ summary: 'Read a knowledge base' })
  @Get(':id')
  @ApiOkResponse({ standardSchema: knowledgeBaseResponse })
  async get(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<KnowledgeBaseResponse> {
    return toKnowledgeBaseResponse(await this.bases.get(ctx, id));
  }

  @ApiOperation({ summary: 'Change a knowledge base' })
  @Patch(':id')
  @RequirePermission('knowledge.write')
  @ApiOkResponse({ standardSchema: knowledgeBaseResponse })
  async patch(
    @Ctx() ctx: RequestContext,
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: patchKnowledgeBaseBody }) body: PatchKnowledgeBaseBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<KnowledgeBaseResponse> {
    const updated = await this.bases.update(ctx, id, toKnowledgeBaseChange(body), (current) =>
      assertIfMatch(ifMatch, toKnowledgeBaseResponse(current)),
    );
    return toKnowledgeBaseResponse(updated);
  }

  @ApiOperation({ summary: 'Delete a knowledge base with its documents' })
  @Delete(':id')
  @HttpCode(204)
  @RequirePermission('knowledge.write')
  async delete(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<void> {
    await this.bases.delete(ctx, id);
  }

  /** What a question finds, with scores: for trying out a knowledge base. */
  @ApiOperation({ summary: 'Search a knowledge base: what a question finds, with scores' })
  @Post(':id/search')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: searchResponse })
  async search(
    @Ctx() ctx: RequestContext,
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: searchBody }) body: SearchBody,
    @Req() request: Request,
  ): Promise<SearchResponse> {
    await this.bases.get(ctx, id);
    return toSearchResponse(await this.retrieval.search(ctx, toSearchRequest(id, body), untilClosed(request)));
  }
}
