import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Bus } from '#platform/bus';
import type { RequestContext, TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { LOGGER, type Logger } from '#platform/logging';
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { ConversationNotFoundError } from '../model/errors.js';
import { ConversationRepository } from '../store/conversation.repository.js';
import { ConversationStreams } from './conversation-streams.js';
import { PartyNews } from './party-news.js';

const NAMES = { max: 5000, ttl: 60_000 };

const typingMessage = z.object({ tenant: z.guid(), conversation: z.guid(), by: z.guid(), on: z.boolean() });

/**
 * "… is typing", to whoever is at the other end. Stored nowhere and promised to nobody: it goes to the readers here and, by
 * ids alone, over the bus; names are looked up where they are shown.
 */
@Injectable()
export class Typing implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly names = new LRUCache<string, string>(NAMES);
  private off: () => void = () => undefined;

  constructor(
    private readonly uow: UnitOfWork,
    private readonly conversations: ConversationRepository,
    private readonly streams: ConversationStreams,
    private readonly parties: PartyNews,
    private readonly bus: Bus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.off = this.bus.on('conversation.typing', (message) => {
      const typing = typingMessage.safeParse(message).data;
      if (typing === undefined) return;
      this.show({ tenantId: typing.tenant }, typing.conversation, typing).catch((error: unknown) =>
        this.logger.debug({ err: error }, 'typing was not shown'),
      );
    });
  }

  onApplicationShutdown(): void {
    this.off();
  }

  /**
   * @param subscriberId the socket that says so; it must follow the conversation
   * @throws ConversationNotFoundError for one that it does not follow, or in which the caller has no part
   */
  async say(ctx: RequestContext, conversationId: string, typing: { on: boolean; subscriberId: string }): Promise<void> {
    const stream = this.streams.find(ctx, conversationId);
    if (stream === undefined || !stream.has(typing.subscriberId)) throw new ConversationNotFoundError();
    if (stream.parties === null) await this.parties.tell(ctx, conversationId);
    const by = ctx.principal.id;
    if (stream.parties?.userId !== by && stream.parties?.supporterId !== by) throw new ConversationNotFoundError();
    // With the agent there is nobody who would look.
    if (stream.parties.supporterId === null) return;
    const { on } = typing;
    this.bus.broadcast('conversation.typing', { tenant: ctx.tenantId, conversation: conversationId, by, on });
    await this.show(ctx, conversationId, { by, on });
  }

  private async show(
    scope: TenantScope,
    conversationId: string,
    { by, on }: { readonly by: string; readonly on: boolean },
  ): Promise<void> {
    const stream = this.streams.find(scope, conversationId);
    if (stream === undefined || stream.subscriberCount === 0) return;
    if (stream.parties === null) await this.parties.tell(scope, conversationId);
    const name = await this.nameOf(scope, by);
    const { parties } = stream;
    const from = parties?.userId === by ? 'user' : 'supporter';
    if (from === 'supporter' && parties?.supporterId !== by) return;
    stream.tellTyping({ type: 'typing', conversation_id: conversationId, on, from, name }, by);
  }

  private async nameOf(scope: TenantScope, id: string): Promise<string | null> {
    const key = `${scope.tenantId}/${id}`;
    let name = this.names.get(key);
    if (name === undefined) {
      name = (await this.uow.run(scope, (tx) => this.conversations.nameOf(tx, id))) ?? '';
      this.names.set(key, name);
    }
    return name === '' ? null : name;
  }
}
