import { Injectable } from '@nestjs/common';
import { ConversationService, type Submitted, TurnService } from '#conversations';
import type { RequestContext } from '#platform/context';
import { DomainError, UnavailableError } from '#platform/errors';
import { TenantSettingsCache, type TenantSettings } from '#tenants';
import { NEW_CONVERSATION } from '../protocol/conversation-name.js';
import { kindOfFailure } from '../protocol/error-frame.js';
import { asHtml, EventEncoder } from '../protocol/event-encoder.js';
import type { UserMessageFrame } from '../protocol/parse-frame.js';
import { readerOptions } from '../protocol/reader-options.js';
import type { ChatAnswer } from './chat.dto.js';
import type { SseResponse } from './sse-response.js';
import { type HeardTurn, TurnReader } from './turn-reader.js';

/** Longer than any queue of turns can take. */
const LONGEST_MS = 6 * 3600 * 1000;

/** One message over HTTP: its turn as events, or as one answer. */
@Injectable()
export class HttpChatService {
  constructor(
    private readonly turns: TurnService,
    private readonly conversations: ConversationService,
    private readonly settings: TenantSettingsCache,
  ) {}

  /**
   * Submits and waits for the end.
   * @param gone aborted when the client has left
   * @throws what refuses the message, or what the turn failed with (its `turn_id` in the details)
   */
  async answer(ctx: RequestContext, message: UserMessageFrame, gone: AbortSignal): Promise<ChatAnswer> {
    const { websocket: tenant } = await this.settings.get(ctx);
    const reader = new TurnReader();
    const leave = (): void => this.conversations.unsubscribe(reader.id);
    gone.addEventListener('abort', leave, { once: true });
    try {
      const submitted = await this.submit(ctx, message, tenant, { reader, channel: 'http' });
      if (gone.aborted) leave();
      const heard = await this.ended(submitted, reader);
      return answerOf(submitted, heard, message, readerOptions([message], tenant, false).format);
    } finally {
      gone.removeEventListener('abort', leave);
      leave();
    }
  }

  /**
   * Submits and sends the turn's frames; ends the stream after `done`.
   * @param open makes the stream; its argument is called when the stream has ended, whoever ended it
   * @throws what refuses the message, as long as nothing was sent
   */
  async stream(
    ctx: RequestContext,
    message: UserMessageFrame,
    open: (onEnd: () => void) => SseResponse,
  ): Promise<void> {
    const { websocket: tenant } = await this.settings.get(ctx);
    const { reference, sessionId } = message.conversation ?? NEW_CONVERSATION;
    const options = readerOptions([message], tenant, reference.kind === 'key');
    const encoder = new EventEncoder(options);
    const reader = new TurnReader((event) => {
      if (event.type === 'ack') encoder.conversation(event.conversation_id, sessionId, options);
      const data = encoder.encode(event, event.type === 'ack' ? message.echo.ref : undefined);
      if (data !== null)
        stream.event(event.type === 'message' && !options.final ? 'token' : event.type, event.seq, data);
      if (event.type === 'done') stream.end();
    });
    const stream = open(() => this.conversations.unsubscribe(reader.id));
    const submitted = await this.submit(ctx, message, tenant, { reader, channel: 'sse' });
    if (!stream.open) this.conversations.unsubscribe(reader.id);
    await this.ended(submitted, reader).finally(() => stream.end());
  }

  private submit(
    ctx: RequestContext,
    message: UserMessageFrame,
    tenant: TenantSettings['websocket'],
    by: { reader: TurnReader; channel: 'http' | 'sse' },
  ): Promise<Submitted> {
    return this.turns.submit(
      ctx,
      {
        conversation: (message.conversation ?? NEW_CONVERSATION).reference,
        content: message.content,
        clientMessageId: message.clientMessageId,
        metadata: message.metadata,
        agent: message.agent,
        channel: by.channel,
        onDisconnect: message.onDisconnect ?? tenant.onDisconnect,
      },
      by.reader,
    );
  }

  /** The turn's end; or, should this instance have lost the turn, an error instead of a request that never ends. */
  private async ended({ ack }: Submitted, reader: TurnReader): Promise<HeardTurn> {
    const settled = this.turns.settled(ack.turn_id, LONGEST_MS).then(() => null);
    const heard = await Promise.race([reader.heard, settled]);
    if (heard !== null) return heard;
    throw new UnavailableError('The answer is being written elsewhere: read the conversation in a moment');
  }
}

function answerOf(
  { ack }: Submitted,
  { message, payloads, error, done }: HeardTurn,
  asked: UserMessageFrame,
  format: 'markdown' | 'html',
): ChatAnswer {
  const place = { turn_id: ack.turn_id, conversation_id: ack.conversation_id };
  if (done.status === 'failed') {
    throw new DomainError({
      code: error?.code ?? 'INTERNAL',
      kind: kindOfFailure(error?.code ?? 'INTERNAL'),
      message: error?.message ?? 'Something went wrong. Please try again.',
      retryable: error?.retryable ?? true,
      retryAfterMs: error?.retry_after_ms,
      details: place,
    });
  }
  const sessionId = asked.conversation?.sessionId ?? null;
  return {
    status: done.status,
    message: message === null ? null : shown(message, format),
    payloads: [...(message?.payloads ?? payloads)].map(({ payload_type, items }) => ({
      payload_type,
      items: [...items],
    })),
    input_required: null,
    escalation: null,
    usage: done.usage,
    ...place,
    ...(sessionId === null ? {} : { session_id: sessionId }),
  };
}

function shown(event: NonNullable<HeardTurn['message']>, format: 'markdown' | 'html'): ChatAnswer['message'] {
  const { type: _, ...message } = format === 'html' ? asHtml(event) : event;
  return { ...message, payloads: message.payloads.map((payload) => ({ ...payload, items: [...payload.items] })) };
}
