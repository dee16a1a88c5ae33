import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { TenantScope } from '#platform/context';
import { type TenantTx, UnitOfWork } from '#platform/database';
import { EventBus, NewsMissed } from '#platform/events';
import { Lanes } from '#platform/limits';
import { LOGGER, type Logger } from '#platform/logging';
import { z } from 'zod';
import type { ConversationEvent } from '../model/conversation-event.js';
import { ConversationChanged } from '../model/conversation.events.js';
import { PeopleRegistry } from '../model/people-registry.js';
import { ConversationRepository } from '../store/conversation.repository.js';
import type { ConversationStream, Parties, PartyEvent } from './conversation-stream.js';
import { ConversationStreams } from './conversation-streams.js';

const AT_ONCE = 4;

const changed = z
  .object({ tenantId: z.guid(), conversationId: z.guid() })
  .transform(({ conversationId, tenantId }) => new ConversationChanged(tenantId, conversationId));

interface Known {
  readonly parties: Parties;
  readonly events: readonly PartyEvent[];
  readonly changedAt: number;
}

/**
 * Tells readers who takes part in their conversation: `conversation` and `escalation` frames, from the rows.
 *
 *   a change is committed ─▶ ConversationChanged (ids only, to every instance) ─▶ tell: one reading for all readers here
 *   `resume` ─▶ known: the same frames, read in the transaction that catches the reader up
 *
 * What is told is what the rows say at the time of reading, so that news which come late, twice or in another order do no harm.
 */
@Injectable()
export class PartyNews implements OnModuleInit, OnApplicationShutdown {
  private readonly reading = new Map<ConversationStream, { again: boolean; done: Promise<void> }>();
  private readonly lanes = new Lanes(AT_ONCE);
  private off: (() => void)[] = [];

  constructor(
    private readonly uow: UnitOfWork,
    private readonly conversations: ConversationRepository,
    private readonly people: PeopleRegistry,
    private readonly streams: ConversationStreams,
    private readonly events: EventBus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.events.share(ConversationChanged, { name: 'conversation.changed', schema: changed });
    this.off = [
      this.events.on(ConversationChanged, ({ conversationId, tenantId }) => this.tell({ tenantId }, conversationId)),
      this.events.on(NewsMissed, () => {
        for (const stream of this.streams.listened())
          if (stream.parties !== null) void this.tell(stream.scope, stream.conversationId);
      }),
    ];
  }

  onApplicationShutdown(): void {
    for (const off of this.off.splice(0)) off();
  }

  /** Says to every instance that something has changed. Resolves when the readers here were told. */
  async announce(scope: TenantScope, conversationId: string): Promise<void> {
    await this.events.publish(new ConversationChanged(scope.tenantId, conversationId));
  }

  /** The places in the queue have moved: those of the tenant who wait, and listen here, are told theirs. */
  async tellWaiting({ tenantId }: TenantScope): Promise<void> {
    const waiting = this.streams
      .listened()
      .filter(({ parties, scope }) => scope.tenantId === tenantId && parties?.waiting === true);
    await Promise.all(waiting.map((stream) => this.tell(stream.scope, stream.conversationId)));
  }

  /** Never rejects. @param except a reader that is answered directly */
  tell(scope: TenantScope, conversationId: string, except?: string): Promise<void> {
    const stream = this.streams.find(scope, conversationId);
    if (stream === undefined || stream.subscriberCount === 0) return Promise.resolve();
    const running = this.reading.get(stream);
    if (running !== undefined) {
      running.again = true;
      return running.done;
    }
    const entry = { again: false, done: Promise.resolve() };
    this.reading.set(stream, entry);
    entry.done = this.read(stream, entry, except);
    return entry.done;
  }

  /** In a reader's own transaction; null when the conversation is gone. */
  async known(tx: TenantTx, conversationId: string): Promise<Known | null> {
    const conversation = await this.conversations.findAny(tx, conversationId);
    if (conversation === null) return null;
    const { changedAt, escalation, supporter } = await this.people.stateOf(tx, conversationId);
    const { owner, status, title } = conversation;
    const shown = owner === 'human' && supporter !== null ? { name: supporter.name } : null;
    const place = { conversation_id: conversationId };
    return {
      changedAt,
      parties: {
        userId: conversation.user_id,
        supporterId: owner === 'human' ? (supporter?.id ?? null) : null,
        waiting: escalation?.status === 'waiting',
      },
      events: [
        { type: 'conversation', ...place, owner, status, title, supporter: shown },
        ...(escalation === null ? [] : [{ type: 'escalation' as const, ...place, ...escalation }]),
      ],
    };
  }

  /** What a reader that comes now has to be told beside the messages: nothing of a conversation that the agent alone has. */
  async forLateReader(
    tx: TenantTx,
    conversationId: string,
    reader: { readonly upTo: number; readonly afterSeq: number | 'now' },
  ): Promise<{ readonly parties: Parties | null; readonly events: readonly ConversationEvent[] }> {
    const known = await this.known(tx, conversationId);
    if (known === null) return { parties: null, events: [] };
    const isOpen = known.parties.waiting || known.parties.supporterId !== null;
    const isNews = reader.afterSeq !== 'now' && known.changedAt > reader.afterSeq;
    const events = isOpen || isNews ? known.events.map((event) => ({ ...event, seq: reader.upTo })) : [];
    return { parties: known.parties, events };
  }

  private async read(stream: ConversationStream, entry: { again: boolean }, except?: string): Promise<void> {
    try {
      do {
        await this.lanes.run(async () => {
          entry.again = false;
          const known = await this.uow.run(stream.scope, (tx) => this.known(tx, stream.conversationId));
          if (known !== null) stream.tellParties(known.parties, known.events, except);
        });
      } while (entry.again);
    } catch (error) {
      // The next change, or the next `resume`, tells it.
      this.logger.warn({ err: error, conversation: stream.conversationId }, 'readers were not told who takes part');
    } finally {
      this.reading.delete(stream);
    }
  }
}
