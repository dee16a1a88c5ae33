import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { RequestContext } from '#platform/context';
import { Ctx, Id, idSchema, RequirePermission } from '#platform/http';
import type { z } from 'zod';
import { RatingService } from '../desk/rating.service.js';
import { EscalationRequests } from '../lifecycle/escalation-requests.js';
import {
  type EscalateBody,
  escalateBody,
  type EscalationResponse,
  escalationResponse,
  ratingBody,
  type RatingResponse,
  ratingResponse,
  toEscalationResponse,
} from './escalation.dto.js';
import { EscalationReader } from './escalation-reader.js';

/** What the user of a conversation asks of people. */
@ApiTags('conversations')
@ApiBearerAuth('bearer')
@RequirePermission('chat')
@Controller('api/:tenant/conversations')
export class EscalateController {
  constructor(
    private readonly requests: EscalationRequests,
    private readonly reader: EscalationReader,
    private readonly ratings: RatingService,
  ) {}

  @Post(':id/rating')
  @HttpCode(200)
  @ApiOperation({ summary: 'Say how it was, after the end; said again, it replaces what was said before' })
  @ApiOkResponse({ standardSchema: ratingResponse })
  async rate(
    @Ctx() ctx: RequestContext,
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: ratingBody }) body: z.infer<typeof ratingBody>,
  ): Promise<RatingResponse> {
    const { comment, conversationId, createdAt, escalationId, score, updatedAt } = await this.ratings.rate(
      ctx,
      id,
      body,
    );
    return {
      conversation_id: conversationId,
      escalation_id: escalationId,
      ...{ score, comment },
      created_at: createdAt.toISOString(),
      updated_at: updatedAt.toISOString(),
    };
  }

  @Post(':id/escalate')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Ask for a person',
    description:
      'The agent goes on helping until somebody has the conversation. One that is open already is answered as it is; `email` ' +
      'is where to write to, when nobody is there (`contact_form`).',
  })
  @ApiOkResponse({ standardSchema: escalationResponse })
  async escalate(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: escalateBody }) { email, language, reason, skill }: EscalateBody,
  ): Promise<EscalationResponse> {
    const wish = { cause: 'requested' as const, reason, email, language, skill };
    const escalation = await this.requests.request(ctx, id, wish);
    return toEscalationResponse(escalation, await this.reader.workforce(ctx, escalation));
  }
}
