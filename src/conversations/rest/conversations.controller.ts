import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { RequestContext } from '#platform/context';
import {
  assertIfMatch,
  Creates,
  Ctx,
  decodeCursor,
  Id,
  idPosition,
  idSchema,
  IfMatch,
  instantSchema,
  type ListQuery,
  listQuery,
  pageSchema,
  RequirePermission,
  toPage,
} from '#platform/http';
import type { Request, Response } from 'express';
import { z } from 'zod';
import {
  type FeedbackBody,
  feedbackBody,
  type FeedbackResponse,
  feedbackResponse,
  toFeedbackResponse,
} from '../feedback/feedback.dto.js';
import { FeedbackService } from '../feedback/feedback.service.js';
import {
  citationNumber,
  citationSchema,
  conversationSchema,
  createConversationSchema,
  listMessagesQuery,
  messageSchema,
  patchConversationSchema,
  turnSchema,
} from './conversation.dto.js';
import { ConversationService } from './conversation.service.js';
import { transcriptAnswer, transcriptSchema } from './transcript.response.js';
import { TurnStopper } from '../turns/turn-stopper.js';

const recentPosition = z.tuple([instantSchema, z.guid()]);
const seqPosition = z.tuple([z.number().int()]);

/** The caller's own conversations, their messages and turns (PROTOCOL §2). */
@ApiTags('conversations')
@ApiBearerAuth()
@RequirePermission('chat')
@Controller('api/:tenant/conversations')
export class ConversationsController {
  constructor(
    private readonly conversations: ConversationService,
    private readonly stopper: TurnStopper,
    private readonly feedback: FeedbackService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List your conversations, newest first' })
  @ApiResponse({ status: 200, standardSchema: pageSchema(conversationSchema) })
  async list(@Ctx() ctx: RequestContext, @Query({ schema: listQuery }) query: ListQuery) {
    const after = decodeCursor(ctx, query.cursor, recentPosition);
    const rows = await this.conversations.list(ctx, {
      limit: query.limit + 1,
      before: after === null ? null : { at: after[0], id: after[1] },
    });
    return toPage(ctx, rows, {
      limit: query.limit,
      map: (row) => row,
      position: (row) => [row.last_interaction_at, row.id],
    });
  }

  @Post()
  @Creates()
  @ApiOperation({ summary: 'Start an empty conversation' })
  @ApiResponse({ status: 201, standardSchema: conversationSchema })
  create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createConversationSchema }) body: z.infer<typeof createConversationSchema>,
  ) {
    return this.conversations.create(ctx, {
      title: body.title,
      clientKey: body.client_key,
      metadata: body.metadata,
      channel: 'http',
    });
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read a conversation' })
  @ApiResponse({ status: 200, standardSchema: conversationSchema })
  get(@Ctx() ctx: RequestContext, @Id() id: string) {
    return this.conversations.get(ctx, id);
  }

  @Patch(':id')
  @ApiOperation({ summary: 'Rename, end or annotate a conversation' })
  @ApiResponse({ status: 200, standardSchema: conversationSchema })
  update(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: patchConversationSchema }) body: z.infer<typeof patchConversationSchema>,
    @IfMatch() ifMatch: string | undefined,
  ) {
    return this.conversations.update(ctx, id, body, (current) => assertIfMatch(ifMatch, current));
  }

  @Delete(':id')
  @HttpCode(204)
  @ApiOperation({ summary: 'Delete a conversation with all its messages' })
  async delete(@Ctx() ctx: RequestContext, @Id() id: string): Promise<void> {
    await this.conversations.delete(ctx, id);
  }

  @Get(':id/messages')
  @ApiOperation({ summary: 'List messages, oldest first (`order=desc` for newest first)' })
  @ApiResponse({ status: 200, standardSchema: pageSchema(messageSchema) })
  async messages(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Query({ schema: listMessagesQuery }) query: z.infer<typeof listMessagesQuery>,
  ) {
    const position = decodeCursor(ctx, query.cursor, seqPosition);
    const rows = await this.conversations.listMessages(ctx, id, {
      limit: query.limit + 1,
      after: position?.[0] ?? null,
      descending: query.order === 'desc',
    });
    return toPage(ctx, rows, { limit: query.limit, map: (row) => row, position: (row) => [row.seq] });
  }

  @Get(':id/messages/:message_id')
  @ApiOperation({ summary: 'Read a message' })
  @ApiResponse({ status: 200, standardSchema: messageSchema })
  message(@Ctx() ctx: RequestContext, @Id() id: string, @Param('message_id', { schema: idSchema }) messageId: string) {
    return this.conversations.getMessage(ctx, id, messageId);
  }

  @Get(':id/messages/:message_id/citations/:n')
  @ApiOperation({ summary: 'Read the passage behind a citation' })
  @ApiResponse({ status: 200, standardSchema: citationSchema })
  citation(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Param('message_id', { schema: idSchema }) messageId: string,
    @Param('n', { schema: citationNumber }) n: number,
  ) {
    return this.conversations.citation(ctx, id, messageId, n);
  }

  @Post(':id/messages/:message_id/feedback')
  @HttpCode(200)
  @ApiOperation({ summary: 'Rate an answer; said again, it replaces what was said before' })
  @ApiResponse({ status: 200, standardSchema: feedbackResponse })
  async rate(
    @Ctx() ctx: RequestContext,
    @Param('id', { schema: idSchema }) conversationId: string,
    @Param('message_id', { schema: idSchema }) messageId: string,
    @Body({ schema: feedbackBody }) body: FeedbackBody,
  ): Promise<FeedbackResponse> {
    return toFeedbackResponse(await this.feedback.rate(ctx, { messageId, conversationId }, body));
  }

  @Get(':id/transcript')
  @ApiOperation({ summary: 'The whole conversation as JSON, Markdown or CSV, by `Accept`' })
  @ApiResponse({ status: 200, standardSchema: transcriptSchema })
  async transcript(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    return transcriptAnswer(await this.conversations.transcript(ctx, id), request, response);
  }

  @Get(':id/turns')
  @ApiOperation({ summary: 'List turns, newest first: what was asked, how it ended and why' })
  @ApiResponse({ status: 200, standardSchema: pageSchema(turnSchema) })
  async listTurns(@Ctx() ctx: RequestContext, @Id() id: string, @Query({ schema: listQuery }) query: ListQuery) {
    const position = decodeCursor(ctx, query.cursor, idPosition);
    const rows = await this.conversations.listTurns(ctx, id, { limit: query.limit + 1, before: position?.[0] ?? null });
    return toPage(ctx, rows, { limit: query.limit, map: (row) => row, position: (row) => [row.id] });
  }

  @Get(':id/turns/:turn_id')
  @ApiOperation({ summary: 'Read a turn' })
  @ApiResponse({ status: 200, standardSchema: turnSchema })
  turn(@Ctx() ctx: RequestContext, @Id() id: string, @Param('turn_id', { schema: idSchema }) turnId: string) {
    return this.conversations.getTurn(ctx, id, turnId);
  }

  @Post(':id/turns/:turn_id/abort')
  @HttpCode(200)
  @ApiOperation({ summary: 'Stop a running or waiting turn' })
  @ApiResponse({ status: 200, standardSchema: turnSchema })
  async abort(@Ctx() ctx: RequestContext, @Id() id: string, @Param('turn_id', { schema: idSchema }) turnId: string) {
    await this.conversations.getTurn(ctx, id, turnId);
    await this.stopper.abort(ctx, { conversation: { kind: 'id', id }, turnId });
    await this.stopper.settled(ctx, turnId, 3000);
    return this.conversations.getTurn(ctx, id, turnId);
  }
}
