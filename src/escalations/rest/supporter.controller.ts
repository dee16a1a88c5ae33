import { Body, Controller, Get, HttpCode, Post, Put, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { messageSchema } from '#conversations';
import type { RequestContext } from '#platform/context';
import {
  Creates,
  Ctx,
  decodeCursor,
  Id,
  idPosition,
  instantSchema,
  type ListQuery,
  listQuery,
  pageSchema,
  RequirePermission,
  toPage,
} from '#platform/http';
import { z } from 'zod';
import { EscalationRequests } from '../lifecycle/escalation-requests.js';
import { EscalationService } from '../lifecycle/escalation.service.js';
import { Replies } from '../lifecycle/replies.js';
import type { Escalation } from '../model/escalation.js';
import { AvailabilityService } from '../queue/availability.service.js';
import {
  type AvailabilityBody,
  availabilityBody,
  type AvailabilityResponse,
  availabilityResponse,
  toAvailabilityResponse,
} from './availability.dto.js';
import {
  assignBody,
  escalationWithTranscript,
  handledEscalation,
  type HandledEscalation,
  listEscalationsQuery,
  type ReplyBody,
  replyBody,
  type ReturnBody,
  returnBody,
  type StaffEscalateBody,
  staffEscalateBody,
  toHandledEscalation,
  transferBody,
} from './escalation.dto.js';
import { EscalationReader } from './escalation-reader.js';

const queuePosition = z.tuple([instantSchema, z.guid()]);

/** A supporter's desk: whether they are there, what waits, and the conversations that they answer. */
@ApiTags('supporters')
@ApiBearerAuth('bearer')
@RequirePermission('escalations.handle')
@Controller('api/:tenant/supporter')
export class SupporterController {
  constructor(
    private readonly service: EscalationService,
    private readonly requests: EscalationRequests,
    private readonly replies: Replies,
    private readonly reader: EscalationReader,
    private readonly availability: AvailabilityService,
  ) {}

  @Get('availability')
  @ApiOperation({ summary: 'Whether you take conversations, how many, and of which kind' })
  @ApiOkResponse({ standardSchema: availabilityResponse })
  async getAvailability(@Ctx() ctx: RequestContext): Promise<AvailabilityResponse> {
    return toAvailabilityResponse(await this.availability.get(ctx));
  }

  @Put('availability')
  @ApiOperation({ summary: 'Come, or go; what is left out stays as it was' })
  @ApiOkResponse({ standardSchema: availabilityResponse })
  async putAvailability(
    @Ctx() ctx: RequestContext,
    @Body({ schema: availabilityBody }) body: AvailabilityBody,
  ): Promise<AvailabilityResponse> {
    return toAvailabilityResponse(await this.availability.put(ctx, body));
  }

  @Get('queue')
  @ApiOperation({ summary: 'Who waits for a person, the first in line first' })
  @ApiOkResponse({ standardSchema: pageSchema(handledEscalation) })
  async queue(@Ctx() ctx: RequestContext, @Query({ schema: listQuery }) { cursor, limit }: ListQuery) {
    await this.availability.seen(ctx);
    const after = decodeCursor(ctx, cursor, queuePosition);
    const { rows, workforce } = await this.reader.queue(ctx, {
      limit: limit + 1,
      after: after === null ? null : { at: after[0], id: after[1] },
    });
    return toPage(ctx, rows, {
      limit,
      map: (row) => toHandledEscalation(row, workforce),
      position: (row) => [row.waitingSince.toISOString(), row.id],
    });
  }

  @Get('escalations')
  @ApiOperation({ summary: 'List escalations, newest first' })
  @ApiOkResponse({ standardSchema: pageSchema(handledEscalation) })
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listEscalationsQuery }) query: z.infer<typeof listEscalationsQuery>,
  ) {
    await this.availability.seen(ctx);
    const { conversation_id: conversationId, cursor, limit, status, supporter_id: supporterId } = query;
    const before = decodeCursor(ctx, cursor, idPosition)?.[0] ?? null;
    const filter = { status, supporterId, conversationId };
    const { rows, workforce } = await this.reader.page(ctx, filter, { before, limit: limit + 1 });
    return toPage(ctx, rows, {
      limit,
      map: (row) => toHandledEscalation(row, workforce),
      position: (row) => [row.id],
    });
  }

  @Post('escalations')
  @Creates()
  @ApiOperation({ summary: 'Step into a conversation of any user; one that is open already is answered as it is' })
  @ApiCreatedResponse({ standardSchema: handledEscalation })
  async stepIn(
    @Ctx() ctx: RequestContext,
    @Body({ schema: staffEscalateBody }) { conversation_id: conversationId, reason, skill }: StaffEscalateBody,
  ): Promise<HandledEscalation> {
    const wish = { cause: 'staff' as const, reason, skill };
    return this.shown(ctx, await this.requests.request(ctx, conversationId, wish, { asStaff: true }));
  }

  @Get('escalations/:id')
  @ApiOperation({ summary: 'Read one, with what was said so far and the packet of what was asked and tried' })
  @ApiOkResponse({ standardSchema: escalationWithTranscript })
  async get(@Ctx() ctx: RequestContext, @Id() id: string) {
    const { escalation, transcript } = await this.service.get(ctx, id);
    return { ...(await this.shown(ctx, escalation)), transcript };
  }

  @Post('escalations/:id/accept')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Take a conversation that waits',
    description: 'What the agent is about to say is not said. Taken by somebody else: 409 with `supporter`.',
  })
  @ApiOkResponse({ standardSchema: handledEscalation })
  async accept(@Ctx() ctx: RequestContext, @Id() id: string): Promise<HandledEscalation> {
    return this.shown(ctx, await this.service.accept(ctx, id));
  }

  @Post('escalations/:id/reply')
  @HttpCode(200)
  @ApiOperation({ summary: 'Say something in a conversation that you have' })
  @ApiOkResponse({ standardSchema: messageSchema })
  reply(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: replyBody }) { client_message_id: clientMessageId, content }: ReplyBody,
  ) {
    return this.replies.reply(ctx, id, { content, clientMessageId: clientMessageId ?? null });
  }

  @Post('escalations/:id/assign')
  @HttpCode(200)
  @ApiOperation({ summary: 'Give it to somebody: what waits, what you have, or, as an admin, what anybody has' })
  @ApiOkResponse({ standardSchema: handledEscalation })
  async assign(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: assignBody }) { supporter_id: supporterId }: z.infer<typeof assignBody>,
  ): Promise<HandledEscalation> {
    return this.shown(ctx, await this.service.assign(ctx, id, supporterId));
  }

  @Post('escalations/:id/transfer')
  @HttpCode(200)
  @ApiOperation({ summary: 'Hand it on to a colleague, or into the queue for those with a skill' })
  @ApiOkResponse({ standardSchema: handledEscalation })
  async transfer(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: transferBody }) { skill = '', supporter_id: supporterId }: z.infer<typeof transferBody>,
  ): Promise<HandledEscalation> {
    const to = supporterId === undefined ? { skill } : { supporterId };
    return this.shown(ctx, await this.service.transfer(ctx, id, to));
  }

  @Post('escalations/:id/return-to-agent')
  @HttpCode(200)
  @ApiOperation({ summary: 'Let the agent go on, with a note of what it is to know' })
  @ApiOkResponse({ standardSchema: handledEscalation })
  async returnToAgent(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: returnBody }) { summary }: ReturnBody,
  ): Promise<HandledEscalation> {
    return this.shown(ctx, await this.service.returnToAgent(ctx, id, summary ?? null));
  }

  @Post('escalations/:id/reopen')
  @HttpCode(200)
  @ApiOperation({ summary: 'Take up again what was returned, resolved or closed' })
  @ApiOkResponse({ standardSchema: handledEscalation })
  async reopen(@Ctx() ctx: RequestContext, @Id() id: string): Promise<HandledEscalation> {
    return this.shown(ctx, await this.service.reopen(ctx, id));
  }

  @Post('escalations/:id/resolve')
  @HttpCode(200)
  @ApiOperation({ summary: 'What was wanted is done; the agent answers whatever comes next' })
  @ApiOkResponse({ standardSchema: handledEscalation })
  async resolve(@Ctx() ctx: RequestContext, @Id() id: string): Promise<HandledEscalation> {
    return this.shown(ctx, await this.service.resolve(ctx, id));
  }

  @Post('escalations/:id/close')
  @HttpCode(200)
  @ApiOperation({ summary: 'End the conversation' })
  @ApiOkResponse({ standardSchema: handledEscalation })
  async close(@Ctx() ctx: RequestContext, @Id() id: string): Promise<HandledEscalation> {
    return this.shown(ctx, await this.service.close(ctx, id));
  }

  private async shown(ctx: RequestContext, escalation: Escalation): Promise<HandledEscalation> {
    return toHandledEscalation(escalation, await this.reader.workforce(ctx, escalation));
  }
}
