import { Injectable } from '@nestjs/common';
import type { RequestContext } from '#platform/context';
import type { HttpRequest } from '#platform/http';
import type { Response } from 'express';
import { EventStreams } from './event-streams.js';
import { HttpChatService, type Said } from './http-chat.service.js';
import { SseResponse } from './sse-response.js';

/** What was said over HTTP is answered as the client accepts it: by events, or by one answer. */
@Injectable()
export class ChatResponses {
  constructor(
    private readonly chats: HttpChatService,
    private readonly streams: EventStreams,
  ) {}

  async tell(ctx: RequestContext, said: Said, request: HttpRequest, response: Response): Promise<void> {
    if (wantsEvents(request)) {
      await this.chats.stream(ctx, said, (onEnd) => new SseResponse(ctx, response, this.streams, onEnd));
      return;
    }
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const answer = await this.chats.answer(ctx, said, gone.signal);
    if (answer !== null && !response.destroyed) response.json(answer);
  }
}

function wantsEvents(request: HttpRequest): boolean {
  return request.headers.accept !== undefined && request.accepts(['json', 'text/event-stream']) === 'text/event-stream';
}
