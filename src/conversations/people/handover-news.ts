import { Injectable } from '@nestjs/common';
import { Bus } from '#platform/bus';
import type { TenantScope } from '#platform/context';
import { CATCH_UP_MS, CatchUp } from '../live/catch-up.js';
import { ConversationStreams } from '../live/conversation-streams.js';
import { PartyNews } from '../live/party-news.js';
import type { AckEvent, MessageView, Subscriber } from '../model/conversation-event.js';
import { TurnCancelled } from '../model/errors.js';
import { MessageRepository } from '../store/message.repository.js';
import type { PersonsMessage, Said } from '../store/person.repository.js';
import type { HandedOff } from '../store/turn.repository.js';
import { TurnRunner } from '../turns/turn-runner.js';
import { TurnScheduler } from '../turns/turn-scheduler.js';

/** What a transaction changed, for those who are told of it after the commit. */
export interface PeopleChange {
  readonly conversationId: string;
  readonly handedOff: HandedOff | null;
  /** The highest number that it gave out; 0: none. */
  readonly seq: number;
}

/** What readers are told, on every instance, of what `HandoverService` has changed; always after the commit. */
@Injectable()
export class HandoverNews {
  constructor(
    private readonly messages: MessageRepository,
    private readonly streams: ConversationStreams,
    private readonly catchUp: CatchUp,
    private readonly parties: PartyNews,
    private readonly runner: TurnRunner,
    private readonly scheduler: TurnScheduler,
    private readonly bus: Bus,
  ) {}

  /** After the commit. Resolves when the readers here were told. @param except a reader that is answered directly */
  async told(scope: TenantScope, { conversationId, handedOff, seq }: PeopleChange, except?: string): Promise<void> {
    for (const { id, lease_owner: owner } of handedOff?.turns ?? []) {
      if (this.runner.stop(id, new TurnCancelled()) || owner === null) continue;
      this.bus.send(owner, 'turn.abort', { turn: id });
    }
    const highest = Math.max(seq, handedOff?.seq ?? 0);
    if (highest > 0) {
      const stream = this.streams.find(scope, conversationId);
      stream?.raise(highest);
      if (stream !== undefined && stream.subscriberCount > 0) await this.catchUp.runWithin(CATCH_UP_MS, stream);
      this.scheduler.announce(scope, conversationId, highest);
    }
    if (except !== undefined) await this.parties.tell(scope, conversationId, except);
    await this.parties.announce(scope, conversationId);
  }

  /** The places in the queue have moved. */
  queueMoved(scope: TenantScope): Promise<void> {
    return this.parties.tellWaiting(scope);
  }

  /**
   * After the commit of a person's message: the sender gets the `ack`, everybody else the message.
   * @param sender its socket, which follows the conversation from now on; null: by REST
   */
  async tellSaid(
    scope: TenantScope,
    message: PersonsMessage,
    said: Said,
    sender: Subscriber | null,
  ): Promise<MessageView> {
    const { clientMessageId, conversationId } = message;
    const view = this.messages.saidView(message, said);
    if (sender !== null) {
      const stream = this.streams.subscribe(scope, conversationId, sender, said.seq);
      if (!said.repeated) stream.asked(said.id, sender.id);
      const ack: AckEvent = {
        type: 'ack',
        client_message_id: clientMessageId,
        message_id: said.id,
        turn_id: null,
        conversation_id: conversationId,
      };
      sender.deliver(ack);
    }
    if (said.repeated) return view;
    const stream = this.streams.find(scope, conversationId);
    if (stream !== undefined && !stream.tellCommitted([{ type: 'message', ...view }], said.previous, said.seq))
      await this.catchUp.runWithin(CATCH_UP_MS, stream);
    this.scheduler.announce(scope, conversationId, said.seq);
    return view;
  }
}
