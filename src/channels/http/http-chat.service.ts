import { Injectable } from '@nestjs/common';
import { ConversationService, type EscalationState, type Submitted, TurnService } from '#conversations';
import type { RequestContext } from '#platform/context';
import { DomainError, SuspendedError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { EscalationReader, stateFor } from '#escalations';
import { TenantSettingsCache, type TenantSettings, TenantSuspended } from '#tenants';
import { ChannelsState } from '../channels-state.js';
import { NEW_CONVERSATION } from '../protocol/conversation-name.js';
import { kindOfFailure } from '../protocol/error-frame.js';
import { asHtml, EventEncoder } from '../protocol/event-encoder.js';
import type { UserMessageFrame } from '../protocol/parse-frame.js';
import { assertDelivers, readerOptions } from '../protocol/reader-options.js';
import type { ChatAnswer } from './chat.dto.js';
import type { SseResponse } from './sse-response.js';
import { type HeardTurn, TurnReader } from './turn-reader.js';

/** Longer than any queue of turns can take: turns end by themselves, this is for the day on which one does not. */
const LONGEST_MS = 6 * 3600 * 1000;
/** How long a suspended tenant's running turn has to be told of its end. */
const SUSPENDED_MS = 2000;

/** A question that is asked again is told as a message in its conversation. */
export type Said =
  | UserMessageFrame
  | (Pick<UserMessageFrame, 'conversation' | 'stream' | 'final' | 'format' | 'onDisconnect' | 'echo'> & {
      readonly type: 'regenerate';
      readonly conversationId: string;
      readonly turnId: string;
    });

/** One message over HTTP: its turn as events, or as one answer. */
@Injectable()
export class HttpChatService {
  constructor(
    private readonly turns: TurnService,
    private readonly conversations: ConversationService,
    private readonly settings: TenantSettingsCache,
    private readonly state: ChannelsState,
    private readonly events: EventBus,
    private readonly escalations: EscalationReader,
  ) {}

  /**
   * Submits and waits for the end.
   * @param gone aborted when the client has left
   * @returns null when there is nobody left to answer
   * @throws what refuses the message, or what the turn failed with (its `turn_id` in the details)
   */
  async answer(ctx: RequestContext, message: Said, gone: AbortSignal): Promise<ChatAnswer | null> {
    const { websocket: tenant } = await this.settings.get(ctx);
    const reader = new TurnReader();
    try {
      const submitted = await this.submit(ctx, message, tenant, { reader, channel: 'http' });
      const { ack } = submitted;
      const { sessionId } = message.conversation ?? NEW_CONVERSATION;
      const place = {
        turn_id: ack.turn_id,
        conversation_id: ack.conversation_id,
        ...(sessionId === null ? {} : { session_id: sessionId }),
      };
      if (ack.turn_id === null) {
        const escalation = await this.escalationOf(ctx, ack.conversation_id);
        return { ...NO_ANSWER, ...place, escalation };
      }
      const heard = await this.ended(ctx, submitted, reader, gone);
      if (heard === null) return null;
      const { done } = heard;
      if (done.status === 'failed') throw failureOf(heard, place);
      // Deleted while it ran: the turn was cancelled and nothing is kept, not even what this answer would name.
      if (done.status === 'cancelled' && heard.message === null) await this.conversations.get(ctx, ack.conversation_id);
      const { format } = readerOptions([message], tenant, false);
      return {
        status: done.status,
        message: heard.message === null ? null : shown(heard.message, format),
        payloads: payloadsOf(heard.message?.payloads ?? heard.payloads),
        input_required: null,
        escalation:
          done.status === 'handed_off'
            ? await this.escalationOf(ctx, ack.conversation_id)
            : heard.escalation === null
              ? null
              : ofFrame(heard.escalation),
        usage: done.usage,
        ...place,
      };
    } finally {
      this.conversations.unsubscribe(reader.id);
    }
  }

  /**
   * Submits and sends the turn's frames; ends the stream after `done`.
   * @param open makes the stream; its argument is called when the stream has ended, whoever ended it
   * @throws what refuses the message, as long as nothing was sent
   */
  async stream(ctx: RequestContext, message: Said, open: (onEnd: () => void) => SseResponse): Promise<void> {
    const { websocket: tenant } = await this.settings.get(ctx);
    const { reference, sessionId } = message.conversation ?? NEW_CONVERSATION;
    const options = readerOptions([message], tenant, reference.kind === 'key');
    assertDelivers(options);
    const encoder = new EventEncoder(options, (type, seq, json) => stream.event(type, seq, json));
    const reader = new TurnReader((event) => {
      if (event.type === 'ack') encoder.conversation(event.conversation_id, sessionId, options);
      encoder.tell(event, message.echo.ref);
      if (event.type === 'done') stream.end();
    });
    const gone = new AbortController();
    const stream = open(() => {
      gone.abort();
      this.conversations.unsubscribe(reader.id);
    });
    const submitted = await this.submit(ctx, message, tenant, { reader, channel: 'sse' });
    // One that had gone before it was listened to: nothing tells us again.
    if (!stream.open) this.conversations.unsubscribe(reader.id);
    else if (submitted.ack.turn_id !== null) await this.ended(ctx, submitted, reader, gone.signal).catch(() => null);
    stream.end();
  }

  /** What became of the wish for a person, where one answers. */
  private async escalationOf(ctx: RequestContext, conversationId: string): Promise<EscalationState | null> {
    const found = await this.escalations.latestOf(ctx, conversationId);
    return found === null ? null : stateFor(found.escalation, found.workforce);
  }

  private submit(
    ctx: RequestContext,
    message: Said,
    tenant: TenantSettings['websocket'],
    by: { reader: TurnReader; channel: 'http' | 'sse' },
  ): Promise<Submitted> {
    const channel = ctx.principal.widget === undefined ? by.channel : 'widget';
    const onDisconnect = message.onDisconnect ?? tenant.onDisconnect;
    if (message.type === 'regenerate')
      return this.turns.regenerate(ctx, message, { channel, onDisconnect, subscriber: by.reader });
    return this.turns.submit(
      ctx,
      {
        conversation: (message.conversation ?? NEW_CONVERSATION).reference,
        content: message.content,
        clientMessageId: message.clientMessageId,
        metadata: message.metadata,
        agent: message.agent ?? ctx.principal.widget?.agent ?? null,
        channel,
        onDisconnect,
      },
      by.reader,
    );
  }

  /**
   * The turn's end; null when the reader has gone.
   * @throws when this server goes and leaves the turn to another one: the same message again, there, finds it
   */
  private async ended(
    ctx: RequestContext,
    { ack }: Submitted,
    reader: TurnReader,
    gone: AbortSignal,
  ): Promise<HeardTurn | null> {
    const { ended } = this.state;
    let stop: () => void = () => undefined;
    const left = new Promise<'gone' | 'leaving' | 'overdue' | 'suspended'>((resolve) => {
      const overdue = setTimeout(() => resolve('overdue'), LONGEST_MS);
      const onGone = (): void => resolve('gone');
      const onEnd = (): void => resolve('leaving');
      gone.addEventListener('abort', onGone);
      ended.addEventListener('abort', onEnd);
      // A turn that runs is ended, and told, at once; one that waits goes on when its tenant does.
      let suspended: NodeJS.Timeout | undefined;
      const off = this.events.on(TenantSuspended, ({ tenantId }) => {
        if (tenantId === ctx.tenantId) suspended ??= setTimeout(() => resolve('suspended'), SUSPENDED_MS);
      });
      if (gone.aborted) onGone();
      if (ended.aborted) onEnd();
      stop = () => {
        clearTimeout(overdue);
        gone.removeEventListener('abort', onGone);
        ended.removeEventListener('abort', onEnd);
        clearTimeout(suspended);
        off();
      };
    });
    const outcome = await Promise.race([reader.heard, left]).finally(() => stop());
    if (outcome === 'gone') return null;
    if (typeof outcome === 'object') return outcome;
    if (outcome === 'suspended') throw new SuspendedError();
    throw new DomainError({
      code: outcome === 'leaving' ? 'DRAINING' : 'UNAVAILABLE',
      kind: 'unavailable',
      retryable: true,
      retryAfterMs: 2000,
      message:
        'The answer is being written elsewhere: send the same message again, or read the conversation in a moment',
      details: { turn_id: ack.turn_id, conversation_id: ack.conversation_id },
    });
  }
}

function ofFrame(frame: EscalationState): EscalationState {
  const { contact_form, escalation_id, eta_s, position, reason, status, supporter } = frame;
  return { escalation_id, status, position, eta_s, reason, supporter, contact_form };
}

/** A person owns the conversation and will answer in their own time. */
const NO_ANSWER = {
  status: 'handed_off',
  message: null,
  payloads: [],
  input_required: null,
  escalation: null,
  usage: null,
} satisfies Partial<ChatAnswer>;

function failureOf({ done, error }: HeardTurn, details: Readonly<Record<string, unknown>>): DomainError {
  const { code, message, retryable } = done.error ??
    error ?? { code: 'INTERNAL', message: 'Something went wrong. Please try again.', retryable: true };
  return new DomainError({
    code,
    kind: kindOfFailure(code),
    message,
    retryable,
    retryAfterMs: error?.retry_after_ms,
    details,
  });
}

function payloadsOf(payloads: HeardTurn['payloads'] | NonNullable<HeardTurn['message']>['payloads']) {
  return payloads.map(({ payload_type, items, offset }) => ({ payload_type, items: [...items], offset }));
}

function shown(event: NonNullable<HeardTurn['message']>, format: 'markdown' | 'html'): ChatAnswer['message'] {
  const { type: _, ...message } = format === 'html' ? asHtml(event) : event;
  const { citations, ...known } = message.metadata;
  const metadata = citations === undefined ? known : { ...known, citations: [...citations] };
  return { ...message, metadata, payloads: payloadsOf(message.payloads) };
}
