import { Get, Query, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import type { RequestContext } from '#platform/context';
import {
  AdminResource,
  Ctx,
  decodeCursor,
  Deletes,
  Id,
  idPosition,
  idSchema,
  instantSchema,
  type ListQuery,
  listQuery,
  Lists,
  pageSchema,
  Reads,
  RequirePermission,
  toPage,
} from '#platform/http';
import type { Request, Response } from 'express';
import { atMost } from '#platform/text';
import { z } from 'zod';
import { conversationSchema, listMessagesQuery, messageSchema, turnSchema } from '../rest/conversation.dto.js';
import { transcriptAnswer, transcriptSchema } from '../rest/transcript.response.js';
import { CONVERSATION_SORTS } from './staff-conversation.repository.js';
import { StaffConversationService } from './staff-conversation.service.js';

const listConversationsQuery = listQuery.extend({
  q: z
    .string()
    .trim()
    .min(1)
    .check(...atMost(200))
    .optional(),
  user_id: idSchema.optional(),
  agent: z
    .string()
    .min(1)
    .check(...atMost(63))
    .optional(),
  channel: z
    .string()
    .min(1)
    .check(...atMost(50))
    .optional(),
  owner: z.enum(['agent', 'human']).optional(),
  status: z.enum(['active', 'ended']).optional(),
  rating: z.enum(['up', 'down']).optional(),
  from: instantSchema.optional(),
  to: instantSchema.optional(),
  sort: z.enum(CONVERSATION_SORTS).default('-last_interaction_at'),
});

const staffConversationSchema = conversationSchema
  .extend({ user: z.object({ id: z.guid(), name: z.string(), email: z.string().nullable() }) })
  .meta({ id: 'StaffConversation' });

/** A cursor is good for the order that it was given out in. */
const position = z.tuple([z.enum(CONVERSATION_SORTS), instantSchema, z.guid()]);
const seqPosition = z.tuple([z.number().int()]);

/** Conversations of all users of the tenant. */
@AdminResource('conversations', 'conversations.read_all', { tag: 'conversations of all users' })
export class StaffConversationsController {
  constructor(private readonly conversations: StaffConversationService) {}

  @Lists('List and search the conversations of all users', staffConversationSchema)
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listConversationsQuery }) query: z.infer<typeof listConversationsQuery>,
  ) {
    const { cursor, from, limit, sort, to, user_id: userId, ...filter } = query;
    const shape = position.refine(([order]) => order === sort);
    const after = decodeCursor(ctx, cursor, shape);
    const rows = await this.conversations.list(
      ctx,
      { ...filter, from, to, userId },
      { sort, limit: limit + 1, after: after === null ? null : { at: after[1], id: after[2] } },
    );
    return toPage(ctx, rows, {
      limit,
      map: (row) => row,
      position: (row) => [sort, sort.endsWith('created_at') ? row.created_at : row.last_interaction_at, row.id],
    });
  }

  @Reads('Read a conversation of any user', staffConversationSchema)
  get(@Ctx() ctx: RequestContext, @Id() id: string) {
    return this.conversations.get(ctx, id);
  }

  @ApiOperation({ summary: 'List its messages, oldest first (`order=desc` for newest first)' })
  @Get(':id/messages')
  @ApiOkResponse({ standardSchema: pageSchema(messageSchema) })
  async messages(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Query({ schema: listMessagesQuery }) query: z.infer<typeof listMessagesQuery>,
  ) {
    const from = decodeCursor(ctx, query.cursor, seqPosition);
    const page = { limit: query.limit + 1, after: from?.[0] ?? null, descending: query.order === 'desc' };
    const rows = await this.conversations.listMessages(ctx, id, page);
    return toPage(ctx, rows, { limit: query.limit, map: (row) => row, position: (row) => [row.seq] });
  }

  @ApiOperation({ summary: 'List its turns, newest first: what was asked, how it ended and why' })
  @Get(':id/turns')
  @ApiOkResponse({ standardSchema: pageSchema(turnSchema) })
  async turns(@Ctx() ctx: RequestContext, @Id() id: string, @Query({ schema: listQuery }) query: ListQuery) {
    const before = decodeCursor(ctx, query.cursor, idPosition)?.[0] ?? null;
    const rows = await this.conversations.listTurns(ctx, id, { limit: query.limit + 1, before });
    return toPage(ctx, rows, { limit: query.limit, map: (row) => row, position: (row) => [row.id] });
  }

  @ApiOperation({ summary: 'The whole conversation as JSON, Markdown or CSV, by `Accept`' })
  @Get(':id/transcript')
  @ApiOkResponse({ standardSchema: transcriptSchema })
  async transcript(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    return transcriptAnswer(await this.conversations.transcript(ctx, id), request, response);
  }

  @Deletes('Delete a conversation of any user, with all its messages')
  @RequirePermission('users.write')
  async delete(@Ctx() ctx: RequestContext, @Id() id: string): Promise<void> {
    await this.conversations.delete(ctx, id);
  }
}
