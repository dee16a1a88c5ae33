import { Injectable } from '@nestjs/common';
import type { TenantScope } from '#platform/context';
import type { Subscriber } from '../model/conversation-event.js';
import { ConversationStream } from './conversation-stream.js';

/**
 * The streams of this instance. One exists while somebody listens or a turn runs. Found by tenant and conversation: whoever
 * names a conversation of another tenant gets a stream that holds nothing, and not that tenant's.
 */
@Injectable()
export class ConversationStreams {
  private readonly streams = new Map<string, ConversationStream>();
  /** Which conversations a reader listens to, so that its leaving does not walk through all of them. */
  private readonly watched = new Map<string, Set<ConversationStream>>();

  open(scope: TenantScope, conversationId: string): ConversationStream {
    const key = keyOf(scope, conversationId);
    let stream = this.streams.get(key);
    if (stream === undefined) {
      stream = new ConversationStream({ tenantId: scope.tenantId }, conversationId, (idle) => this.release(idle));
      this.streams.set(key, stream);
    }
    return stream;
  }

  find(scope: TenantScope, conversationId: string): ConversationStream | undefined {
    return this.streams.get(keyOf(scope, conversationId));
  }

  /** Those that somebody listens to. */
  listened(): ConversationStream[] {
    return [...this.streams.values()].filter((stream) => stream.subscriberCount > 0);
  }

  /** Adds a reader that is live at once; stored events up to `floor` are not for it. */
  subscribe(scope: TenantScope, conversationId: string, subscriber: Subscriber, floor: number): ConversationStream {
    const stream = this.watch(scope, conversationId, subscriber);
    stream.subscribe(subscriber, floor);
    return stream;
  }

  /** Adds a reader that is caught up first; `stream.release` makes it live. */
  hold(scope: TenantScope, conversationId: string, subscriber: Subscriber): ConversationStream {
    const stream = this.watch(scope, conversationId, subscriber);
    stream.hold(subscriber);
    return stream;
  }

  /** Takes a reader out of every conversation. @returns those that nobody listens to any more */
  unsubscribe(subscriberId: string): ConversationStream[] {
    const streams = [...(this.watched.get(subscriberId) ?? [])];
    this.watched.delete(subscriberId);
    for (const stream of streams) stream.unsubscribe(subscriberId);
    return streams.filter((stream) => stream.subscriberCount === 0);
  }

  /** Takes a reader out of one conversation. @returns the stream it listened to */
  leave(conversationId: string, subscriberId: string): ConversationStream | null {
    const watched = this.watched.get(subscriberId);
    for (const stream of watched ?? []) {
      if (stream.conversationId !== conversationId) continue;
      watched?.delete(stream);
      if (watched?.size === 0) this.watched.delete(subscriberId);
      return stream.unsubscribe(subscriberId) ? stream : null;
    }
    return null;
  }

  private watch(scope: TenantScope, conversationId: string, subscriber: Subscriber): ConversationStream {
    const stream = this.open(scope, conversationId);
    const watched = this.watched.get(subscriber.id);
    if (watched === undefined) this.watched.set(subscriber.id, new Set([stream]));
    else watched.add(stream);
    return stream;
  }

  private release(stream: ConversationStream): void {
    const key = keyOf(stream.scope, stream.conversationId);
    if (stream.idle && this.streams.get(key) === stream) this.streams.delete(key);
  }
}

function keyOf({ tenantId }: TenantScope, conversationId: string): string {
  return `${tenantId}/${conversationId}`;
}
