import { Controller, HttpCode, Param, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { RequestContext } from '#platform/context';
import { CountsAgainst, Ctx, type HttpRequest, Id, idSchema, RequirePermission } from '#platform/http';
import type { Response } from 'express';
import { ChatResponses } from './chat-responses.js';
import { chatAnswer } from './chat.dto.js';

/** The last question, asked again. */
@ApiTags('conversations')
@ApiBearerAuth('bearer')
@RequirePermission('chat')
@Controller('api/:tenant/conversations')
export class RegenerateController {
  constructor(private readonly responses: ChatResponses) {}

  @Post(':id/turns/:turn_id/regenerate')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Answer the last question again',
    description:
      'A new turn of the same question, answered as `POST chat` is. Its answer takes the place of the earlier one ' +
      '(`metadata.replaces`) once it is complete; should it fail or be stopped, the earlier one stays.',
  })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiOkResponse({ standardSchema: chatAnswer })
  @CountsAgainst('budget')
  async regenerate(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Param('turn_id', { schema: idSchema }) turnId: string,
    @Req() request: HttpRequest,
    @Res() response: Response,
  ): Promise<void> {
    const conversation = { reference: { kind: 'id', id }, sessionId: null } as const;
    const unsaid = { stream: undefined, final: undefined, format: undefined, onDisconnect: undefined, echo: {} };
    const said = { type: 'regenerate', conversation, conversationId: id, turnId, ...unsaid } as const;
    await this.responses.tell(ctx, said, request, response);
  }
}
