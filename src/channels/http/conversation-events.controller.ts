import { Controller, Get, Headers, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiHeader, ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';
import { type ConversationEvent, ConversationService } from '#conversations';
import type { RequestContext } from '#platform/context';
import { newId } from '#platform/database';
import { Ctx, type HttpRequest, Id, parseInput, RequirePermission } from '#platform/http';
import { TenantSettingsCache } from '#tenants';
import { z } from 'zod';
import { EventEncoder } from '../protocol/event-encoder.js';
import { assertDelivers, readerOptions } from '../protocol/reader-options.js';
import { eventsQuery, lastEventId } from './chat.dto.js';
import { EventStreams } from './event-streams.js';
import { SseResponse } from './sse-response.js';

/** A reader that does not keep up with what happens while it is caught up. */
const MOST_HELD_EVENTS = 20_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A conversation's frames as they happen, for readers without a socket. */
@ApiTags('conversations')
@ApiBearerAuth('bearer')
@RequirePermission('chat')
@Controller('api/:tenant/conversations')
export class ConversationEventsController {
  constructor(
    private readonly conversations: ConversationService,
    private readonly streams: EventStreams,
    private readonly settings: TenantSettingsCache,
  ) {}

  @Get(':id/events')
  @ApiOperation({
    summary: 'Follow a conversation',
    description:
      'Server-sent events: `context_restored`, stored frames after the given number, a running turn’s text so far as one ' +
      '`token`, then whatever happens. Ends with the session; reconnect with `Last-Event-ID`.',
  })
  @ApiHeader({ name: 'Last-Event-ID', required: false })
  @ApiProduces('text/event-stream')
  @ApiOkResponse({ description: 'Frames', schema: { type: 'string' } })
  async events(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Query({ schema: eventsQuery }) query: z.output<typeof eventsQuery>,
    @Headers('last-event-id') lastId: string | undefined,
    @Req() request: HttpRequest,
    @Res() response: Response,
  ): Promise<void> {
    const afterSeq =
      lastId === undefined || lastId === ''
        ? (query.after_seq ?? 'now')
        : parseInput(z.object({ 'Last-Event-ID': lastEventId }), { 'Last-Event-ID': lastId })['Last-Event-ID'];
    const { websocket: tenant } = await this.settings.get(ctx);
    const options = readerOptions([query], tenant, false);
    assertDelivers(options);
    const encoder = new EventEncoder(options, (type, seq, json) => stream.event(type, seq, json));

    const readerId = newId();
    const giveBack = this.streams.take(ctx);
    const stream = new SseResponse(ctx, response, this.streams, () => {
      giveBack();
      clearTimeout(expiry);
      this.conversations.unsubscribe(readerId);
    });
    const expiry = endWith(request, stream);
    // Held until the replay is out, which goes at the reader's own speed.
    let held: ConversationEvent[] | null = [];
    const deliver = (event: ConversationEvent): void => {
      if (held === null) encoder.tell(event);
      else if (held.push(event) > MOST_HELD_EVENTS) stream.end();
    };
    try {
      const { clientKey } = await this.conversations.resume(ctx, id, afterSeq, { id: readerId, deliver });
      encoder.conversation(id, clientKey, options);
      stream.begin();
      for (let next = held.shift(); next !== undefined && stream.open; next = held.shift()) {
        encoder.tell(next);
        await stream.drained();
      }
      held = null;
    } finally {
      // One that had gone before it was listened to: nothing tells us again.
      if (!stream.open) {
        giveBack();
        this.conversations.unsubscribe(readerId);
      }
    }
  }
}

/** The stream lives no longer than the token that opened it. */
function endWith(request: HttpRequest, stream: SseResponse): NodeJS.Timeout | undefined {
  const expiresAt = request.user?.expiresAt?.getTime();
  if (expiresAt === undefined) return undefined;
  const left = Math.min(LONGEST_TIMER_MS, Math.max(0, expiresAt - Date.now()));
  return setTimeout(() => stream.end(), left).unref();
}
