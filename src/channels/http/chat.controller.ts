import { Body, Controller, HttpCode, Post, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import type { RequestContext } from '#platform/context';
import { CountsAgainst, Ctx, type HttpRequest, RequirePermission } from '#platform/http';
import type { z } from 'zod';
import { parseUserMessage, type UserMessageFrame } from '../protocol/parse-frame.js';
import { ChatResponses } from './chat-responses.js';
import { chatAnswer, chatBody } from './chat.dto.js';
import { clientMessageIdOf } from './idempotency-key.js';

/** Chat for those who do not want a socket. */
@ApiTags('chat')
@ApiBearerAuth('bearer')
@RequirePermission('chat')
@Controller('api/:tenant/chat')
export class ChatController {
  constructor(private readonly responses: ChatResponses) {}

  @Post()
  @HttpCode(200)
  @ApiOperation({
    summary: 'Say something and get the answer',
    description:
      'One JSON answer (`stream` and `final` mean nothing for it), or with `Accept: text/event-stream` the frames of the ' +
      'WebSocket (`ack`, `turn`, `status`, `token`, `payload`, `message`, `done`) as server-sent events, ending after `done`. ' +
      'A turn that was stopped answers with what there was of it; one that failed with a problem that names its `turn_id`.',
  })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'Does what `client_message_id` does' })
  @ApiProduces('application/json', 'text/event-stream')
  @ApiOkResponse({ standardSchema: chatAnswer })
  @CountsAgainst('budget')
  async chat(
    @Ctx() ctx: RequestContext,
    @Body({ schema: chatBody }) body: z.output<typeof chatBody>,
    @Req() request: HttpRequest,
    @Res() response: Response,
  ): Promise<void> {
    const message = identified(parseUserMessage(body), request.headers['idempotency-key']);
    await this.responses.tell(ctx, message, request, response);
  }
}

/** A `client_message_id` in the body goes before the header. */
function identified(message: UserMessageFrame, key: string | string[] | undefined): UserMessageFrame {
  if (typeof key !== 'string') return message;
  const id = clientMessageIdOf(key);
  return message.clientMessageId === null ? { ...message, clientMessageId: id } : message;
}
