import { Injectable } from '@nestjs/common';
import { ConversationService, FeedbackService, TurnService, Typing } from '#conversations';
import { EscalationReader, EscalationRequests, QueueFeed, Replies, stateFor } from '#escalations';
import type { RequestContext } from '#platform/context';
import { NotFoundError, UnauthorizedError } from '#platform/errors';
import { isAllowed } from '#platform/http';
import { messageLimitOf, TenantSettingsCache } from '#tenants';
import { type ConversationName, NEW_CONVERSATION } from '../protocol/conversation-name.js';
import { MOST_CONTENT, MOST_FRAME_BYTES } from '../protocol/field-schemas.js';
import type {
  AbortFrame,
  EscalateFrame,
  FeedbackFrame,
  RegenerateFrame,
  ResumeFrame,
  TypingFrame,
  UnsubscribeFrame,
  UserMessageFrame,
} from '../protocol/parse-frame.js';
import { assertDelivers, type ConnectionOptions, readerOptions } from '../protocol/reader-options.js';
import type { ChatConnection, Welcome } from './chat-connection.js';
import type { SocketIdentity } from './socket-identity.js';

/** How many messages of a conversation wait for the turn that runs (PROTOCOL §1); `conversations` refuses the next one. */
const QUEUE = 5;

/** What the frames of a socket do to conversations. Answers reach the socket through its subscription. */
@Injectable()
export class ChatCommands {
  constructor(
    private readonly turns: TurnService,
    private readonly conversations: ConversationService,
    private readonly feedback: FeedbackService,
    private readonly settings: TenantSettingsCache,
    private readonly requests: EscalationRequests,
    private readonly escalations: EscalationReader,
    private readonly replies: Replies,
    private readonly queue: QueueFeed,
    private readonly typing: Typing,
  ) {}

  async welcome({ ctx }: SocketIdentity, options: ConnectionOptions): Promise<Welcome> {
    const { websocket, messagesPerMinute, queueMode } = await this.settings.get(ctx);
    return {
      defaults: readerOptions([options], websocket, false),
      limits: {
        content: MOST_CONTENT,
        frame_bytes: MOST_FRAME_BYTES,
        messages_per_minute: messageLimitOf(ctx, { messagesPerMinute }),
        queue: queueMode === 'reject' ? 0 : QUEUE,
      },
    };
  }

  /** Resolves when the message has been accepted and acknowledged; its answer follows. */
  async submit(connection: ChatConnection, frame: UserMessageFrame, options: ConnectionOptions): Promise<void> {
    const ctx = contextOf(connection);
    const { websocket: tenant } = await this.settings.get(ctx);
    const name = frame.conversation ?? connection.conversation ?? NEW_CONVERSATION;
    const { reference, sessionId } = name;
    const byKey = reference.kind === 'key';
    const conversation = readerOptions([options], tenant, byKey);
    const turn = readerOptions([frame, options], tenant, byKey);
    assertDelivers(turn);
    connection.expect({
      ref: frame.echo.ref,
      turn,
      conversation: reference.kind === 'id' ? null : { sessionId, options: conversation },
    });
    if (reference.kind === 'id' && isAllowed(ctx.principal, 'escalations.handle')) {
      const { clientMessageId, content } = frame;
      if ((await this.replies.onSocket(ctx, reference.id, { content, clientMessageId }, connection)) !== null) {
        if (!connection.knows(reference.id)) connection.nameConversation(reference.id, null, conversation);
        return;
      }
    }
    const submit = () =>
      this.turns.submit(
        ctx,
        {
          conversation: reference,
          conversationAsSent: (frame.conversation ?? NEW_CONVERSATION).reference,
          content: frame.content,
          clientMessageId: frame.clientMessageId,
          metadata: frame.metadata,
          agent: frame.agent ?? ctx.principal.widget?.agent ?? null,
          channel: ctx.principal.widget === undefined ? 'websocket' : 'widget',
          onDisconnect: frame.onDisconnect ?? options.onDisconnect ?? tenant.onDisconnect,
        },
        connection,
      );
    if (reference.kind !== 'id' || connection.knows(reference.id)) {
      await submit();
      return;
    }
    await connection.catchingUp(reference.id, async () => {
      const { conversationId, clientKey } = await submit();
      connection.nameConversation(conversationId, clientKey, conversation);
    });
  }

  /** Resolves when the question has been accepted once more and acknowledged; its new answer follows. */
  async regenerate(connection: ChatConnection, frame: RegenerateFrame, options: ConnectionOptions): Promise<void> {
    const ctx = contextOf(connection);
    const { websocket: tenant } = await this.settings.get(ctx);
    const { conversationId } = await this.turns.placeOf(ctx, frame.turnId);
    const telling = readerOptions([options], tenant, false);
    assertDelivers(telling);
    connection.expect({ ref: frame.echo.ref, turn: telling, conversation: null });
    const regenerate = () =>
      this.turns.regenerate(
        ctx,
        { turnId: frame.turnId, conversationId },
        {
          channel: ctx.principal.widget === undefined ? 'websocket' : 'widget',
          onDisconnect: options.onDisconnect ?? tenant.onDisconnect,
          subscriber: connection,
        },
      );
    if (connection.knows(conversationId)) {
      await regenerate();
      return;
    }
    await connection.catchingUp(conversationId, async () => {
      const { clientKey } = await regenerate();
      connection.nameConversation(conversationId, clientKey, telling);
    });
  }

  /** @throws TurnNotFoundError when nothing was there to stop */
  async abort(connection: ChatConnection, frame: AbortFrame): Promise<void> {
    const { conversation, turnId } = frame;
    const named = conversation !== undefined || turnId !== undefined;
    await this.turns.abort(
      contextOf(connection),
      named ? { conversation: conversation?.reference, turnId } : { startedBy: connection.id },
    );
  }

  async resume(connection: ChatConnection, frame: ResumeFrame, options: ConnectionOptions): Promise<void> {
    connection.expect({ ref: frame.echo.ref, turn: null, conversation: null });
    const id = await this.idOf(contextOf(connection), frame.conversation);
    await this.catchUp(connection, { id, name: frame.conversation, afterSeq: frame.afterSeq, options });
  }

  /** The socket follows the conversation from now on, and gets the answer once it is stored. */
  async escalate(connection: ChatConnection, frame: EscalateFrame, options: ConnectionOptions): Promise<void> {
    const ctx = contextOf(connection);
    const id = await this.idOf(ctx, frame.conversation);
    const { conversationId } = await this.requests.request(
      ctx,
      id,
      { cause: 'requested', reason: frame.reason },
      { answers: connection.id },
    );
    const found = await this.escalations.latestOf(ctx, conversationId);
    if (!this.conversations.follows(ctx, id, connection.id)) {
      const { websocket: tenant } = await this.settings.get(ctx);
      const telling = readerOptions([options], tenant, frame.conversation.reference.kind === 'key');
      connection.nameConversation(id, frame.conversation.sessionId, telling);
      await connection.catchingUp(id, async () => {
        await this.conversations.resume(ctx, id, 'now', connection, { context: false, parties: false });
      });
    }
    connection.expect({ ref: frame.echo.ref, turn: null, conversation: null });
    if (found !== null) {
      const { escalation, workforce } = found;
      const seq = this.conversations.nextSeq(ctx, id);
      connection.answer({ type: 'escalation', conversation_id: id, seq, ...stateFor(escalation, workforce) });
    }
  }

  /** @throws ConversationNotFoundError for one that the socket does not follow, or has no part in */
  async type(connection: ChatConnection, { conversation, on }: TypingFrame): Promise<void> {
    const ctx = contextOf(connection);
    await this.typing.say(ctx, await this.idOf(ctx, conversation), { on, subscriberId: connection.id });
  }

  left(connection: ChatConnection): void {
    this.queue.leave(connection.id);
  }

  /** @throws NotFoundError for a conversation that this socket does not follow */
  async unsubscribe(connection: ChatConnection, frame: UnsubscribeFrame): Promise<void> {
    const id = await this.idOf(contextOf(connection), frame.conversation);
    if (!this.conversations.leave(id, connection.id)) throw new NotFoundError(NOT_FOLLOWED);
    connection.forget(id);
  }

  /** @throws NotFoundError for what is not an answer to the caller */
  async rate(connection: ChatConnection, { comment, messageId, rating }: FeedbackFrame): Promise<string> {
    const rated = await this.feedback.rate(contextOf(connection), { messageId }, { rating, comment });
    return rated.conversationId;
  }

  /** What the address asks for on connecting. A key that was never used yet has nothing to restore. */
  async restore(connection: ChatConnection, options: ConnectionOptions): Promise<void> {
    const ctx = contextOf(connection);
    this.queue.join(ctx, connection);
    const { conversation } = options;
    if (conversation !== undefined && conversation.reference.kind !== 'new') {
      const id = await this.idOf(ctx, conversation).catch((error: unknown) => {
        if (conversation.reference.kind === 'key' && isNotFound(error)) return null;
        throw error;
      });
      if (id !== null) await this.catchUp(connection, { id, name: conversation, afterSeq: 'now', options });
      return;
    }
    if (conversation !== undefined || !options.resumeLatest) return;
    const id = await this.conversations.latest(ctx);
    if (id === null) return;
    const name: ConversationName = { reference: { kind: 'id', id }, sessionId: null };
    connection.conversation = name;
    await this.catchUp(connection, { id, name, afterSeq: 'now', options });
  }

  private async catchUp(
    connection: ChatConnection,
    resume: { id: string; name: ConversationName; afterSeq: number | 'now'; options: ConnectionOptions },
  ): Promise<void> {
    const ctx = contextOf(connection);
    const { id, name } = resume;
    const { websocket: tenant } = await this.settings.get(ctx);
    const telling = readerOptions([resume.options], tenant, name.reference.kind === 'key');
    assertDelivers(telling);
    await connection.catchingUp(id, async () => {
      const { clientKey } = await this.conversations.resume(ctx, id, resume.afterSeq, connection);
      // One that this socket knows by its own key already stays known by it.
      if (name.sessionId !== null || !connection.knows(id)) {
        connection.nameConversation(id, name.sessionId ?? clientKey, telling);
      }
    });
  }

  private async idOf(ctx: RequestContext, { reference }: ConversationName): Promise<string> {
    return reference.kind === 'id' ? reference.id : this.conversations.resolve(ctx, reference);
  }
}

/** The words for a conversation that is not the caller's: neither tells the other. */
const NOT_FOLLOWED = 'Conversation not found or access denied';

function contextOf(connection: ChatConnection): RequestContext {
  if (connection.identity === null) throw new UnauthorizedError();
  return connection.identity.ctx;
}

function isNotFound(error: unknown): boolean {
  return error instanceof NotFoundError || (error instanceof Error && 'kind' in error && error.kind === 'not_found');
}
