import { Body, Controller, Delete, Get, HttpCode, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { RequestContext } from '#platform/context';
import {
  Creates,
  Ctx,
  Id,
  type ListQuery,
  listQuery,
  type Page,
  pageById,
  pageSchema,
  RequirePermission,
} from '#platform/http';
import type { z } from 'zod';
import {
  cannedReplyBody,
  type CannedReplyResponse,
  cannedReplyResponse,
  noteBody,
  type NoteResponse,
  noteResponse,
  suggestionResponse,
  toCannedReplyResponse,
  toNoteResponse,
} from './desk.dto.js';
import { DeskService } from './desk.service.js';

/** What lies on a supporter's desk beside the conversations. */
@ApiTags('supporters')
@ApiBearerAuth('bearer')
@RequirePermission('escalations.handle')
@Controller('api/:tenant/supporter')
export class DeskController {
  constructor(private readonly desk: DeskService) {}

  @Get('escalations/:id/notes')
  @ApiOperation({ summary: 'What colleagues noted, newest first' })
  @ApiOkResponse({ standardSchema: pageSchema(noteResponse) })
  async notes(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<NoteResponse>> {
    return pageById(ctx, query, {
      load: (before, limit) => this.desk.notes(ctx, id, before, limit),
      map: toNoteResponse,
      idOf: (note) => note.id,
    });
  }

  @Post('escalations/:id/notes')
  @HttpCode(201)
  @ApiOperation({ summary: 'Note something for colleagues; neither the user nor the agent is shown it' })
  @ApiCreatedResponse({ standardSchema: noteResponse })
  async addNote(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: noteBody }) { content }: z.infer<typeof noteBody>,
  ): Promise<NoteResponse> {
    return toNoteResponse(await this.desk.addNote(ctx, id, content));
  }

  @Post('escalations/:id/suggest')
  @HttpCode(200)
  @ApiOperation({
    summary: 'What the agent would answer to the user’s last message',
    description: 'Stored nowhere, and no tool is called for it: it rests on the tenant’s documents.',
  })
  @ApiOkResponse({ standardSchema: suggestionResponse })
  suggest(@Ctx() ctx: RequestContext, @Id() id: string) {
    return this.desk.suggest(ctx, id);
  }

  @Get('canned-replies')
  @ApiOperation({ summary: 'Words that are ready, newest first' })
  @ApiOkResponse({ standardSchema: pageSchema(cannedReplyResponse) })
  async cannedReplies(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<CannedReplyResponse>> {
    return pageById(ctx, query, {
      load: (before, limit) => this.desk.cannedReplies(ctx, before, limit),
      map: toCannedReplyResponse,
      idOf: (reply) => reply.id,
    });
  }

  @Post('canned-replies')
  @Creates()
  @ApiOperation({ summary: 'Have words ready for all supporters' })
  @ApiCreatedResponse({ standardSchema: cannedReplyResponse })
  async addCannedReply(
    @Ctx() ctx: RequestContext,
    @Body({ schema: cannedReplyBody }) body: z.infer<typeof cannedReplyBody>,
  ): Promise<CannedReplyResponse> {
    return toCannedReplyResponse(await this.desk.addCannedReply(ctx, body));
  }

  @Get('canned-replies/:id')
  @ApiOperation({ summary: 'Read a canned reply' })
  @ApiOkResponse({ standardSchema: cannedReplyResponse })
  async cannedReply(@Ctx() ctx: RequestContext, @Id() id: string): Promise<CannedReplyResponse> {
    return toCannedReplyResponse(await this.desk.cannedReply(ctx, id));
  }

  @Delete('canned-replies/:id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a canned reply' })
  @ApiNoContentResponse()
  async deleteCannedReply(@Ctx() ctx: RequestContext, @Id() id: string): Promise<void> {
    await this.desk.deleteCannedReply(ctx, id);
  }
}
