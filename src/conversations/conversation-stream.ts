import { Injectable } from '@nestjs/common';
import type { AnswerPayload } from '#agents';
import type { ConversationEvent, Subscriber, TokenEvent } from './conversation-event.js';

/** What a running turn has said so far. */
export interface LiveTurn {
  readonly turnId: string;
  text: string;
  /** Number of the last token, so that a late reader's snapshot of the text takes its place in the order. */
  textSeq: number;
  agent: string | null;
  /** Everything but tokens, for late readers and for the event log. */
  readonly events: ConversationEvent[];
  readonly payloads: AnswerPayload[];
}

interface Subscription {
  readonly subscriber: Subscriber;
  /** Events that came while the subscriber is being caught up; null once it is live. */
  held: ConversationEvent[] | null;
}

/**
 * The live side of one conversation on this instance: who listens, the running turn's text, and the numbering.
 *
 * Numbers start at what the last commit gave out (the database's clock in µs) and are counted forward here, so that a token
 * needs no database; each commit returns the next floor. Losing them with the process is harmless: the next commit's clock
 * is ahead of anything counted.
 */
export class ConversationStream {
  private readonly subscriptions = new Map<string, Subscription>();
  private seq = 0;
  live: LiveTurn | null = null;

  constructor(
    readonly conversationId: string,
    private readonly onIdle: (stream: ConversationStream) => void,
  ) {}

  get lastSeq(): number {
    return this.seq;
  }
  get subscriberCount(): number {
    return this.subscriptions.size;
  }
  get idle(): boolean {
    return this.subscriptions.size === 0 && this.live === null;
  }

  /** Takes over a number that a commit gave out. */
  raise(seq: number): void {
    if (seq > this.seq) this.seq = seq;
  }

  nextSeq(): number {
    return ++this.seq;
  }

  has(subscriberId: string): boolean {
    return this.subscriptions.has(subscriberId);
  }

  /** Adds a reader that gets everything from now on; one that is already here stays as it is. */
  subscribe(subscriber: Subscriber): void {
    if (!this.subscriptions.has(subscriber.id)) this.subscriptions.set(subscriber.id, { subscriber, held: null });
  }

  /** Adds a reader whose events are held until `release`, so that nothing falls between a read and the stream. */
  hold(subscriber: Subscriber): void {
    this.subscriptions.set(subscriber.id, { subscriber, held: [] });
  }

  /** Ends a `hold` and hands over what came meanwhile; from here on the reader is live. */
  release(subscriberId: string): ConversationEvent[] {
    const subscription = this.subscriptions.get(subscriberId);
    const held = subscription?.held ?? [];
    if (subscription !== undefined) subscription.held = null;
    return held;
  }

  unsubscribe(subscriberId: string): void {
    if (this.subscriptions.delete(subscriberId)) this.onIdle(this);
  }

  /** @param except a reader that gets this in another way */
  publish(event: ConversationEvent, except?: string): void {
    for (const [id, subscription] of this.subscriptions) {
      if (id === except) continue;
      if (subscription.held === null) subscription.subscriber.deliver(event);
      else subscription.held.push(event);
    }
  }

  begin(turnId: string): LiveTurn {
    this.live = { turnId, text: '', textSeq: 0, agent: null, events: [], payloads: [] };
    return this.live;
  }

  end(): void {
    this.live = null;
    this.onIdle(this);
  }

  /** Appends to the running turn's answer. On the token path: one object, no await. */
  token(live: LiveTurn, content: string): void {
    const event: TokenEvent = {
      type: 'token',
      conversation_id: this.conversationId,
      turn_id: live.turnId,
      seq: this.nextSeq(),
      role: 'assistant',
      content,
      offset: live.text.length,
    };
    live.text += content;
    live.textSeq = event.seq;
    this.publish(event);
  }

  /** A running turn's event that is kept for replay. */
  record(live: LiveTurn, event: ConversationEvent): void {
    live.events.push(event);
    this.publish(event);
  }

  /** The running turn's text as the one token that a late reader gets, or null while there is none. */
  textSoFar(): TokenEvent | null {
    if (this.live === null || this.live.text === '') return null;
    return {
      type: 'token',
      conversation_id: this.conversationId,
      turn_id: this.live.turnId,
      seq: this.live.textSeq,
      role: 'assistant',
      content: this.live.text,
      offset: 0,
    };
  }
}

/** The streams of this instance. One exists while somebody listens or a turn runs. */
@Injectable()
export class ConversationStreams {
  private readonly streams = new Map<string, ConversationStream>();
  /** Which conversations a reader listens to, so that its leaving does not walk through all of them. */
  private readonly watched = new Map<string, Set<ConversationStream>>();
  /** Told when the last reader of a conversation has gone. */
  onUnwatched: (conversationId: string) => void = () => undefined;

  open(conversationId: string): ConversationStream {
    let stream = this.streams.get(conversationId);
    if (stream === undefined) {
      stream = new ConversationStream(conversationId, (idle) => {
        if (idle.idle) this.streams.delete(conversationId);
      });
      this.streams.set(conversationId, stream);
    }
    return stream;
  }

  /** Forgets a stream that was opened for one event and that nobody listens to. */
  release(stream: ConversationStream): void {
    if (stream.idle) this.streams.delete(stream.conversationId);
  }

  find(conversationId: string): ConversationStream | undefined {
    return this.streams.get(conversationId);
  }

  /** Adds a reader that is live at once. */
  subscribe(conversationId: string, subscriber: Subscriber): ConversationStream {
    const stream = this.watch(conversationId, subscriber);
    stream.subscribe(subscriber);
    return stream;
  }

  /** Adds a reader that is caught up first; `stream.release` makes it live. */
  hold(conversationId: string, subscriber: Subscriber): ConversationStream {
    const stream = this.watch(conversationId, subscriber);
    stream.hold(subscriber);
    return stream;
  }

  /** Takes a reader out of every conversation. */
  unsubscribe(subscriberId: string): void {
    const streams = this.watched.get(subscriberId);
    this.watched.delete(subscriberId);
    for (const stream of streams ?? []) {
      stream.unsubscribe(subscriberId);
      if (stream.subscriberCount === 0) this.onUnwatched(stream.conversationId);
    }
  }

  /** Takes a reader out of one conversation. */
  leave(conversationId: string, subscriberId: string): void {
    const stream = this.streams.get(conversationId);
    if (stream === undefined) return;
    this.watched.get(subscriberId)?.delete(stream);
    stream.unsubscribe(subscriberId);
  }

  private watch(conversationId: string, subscriber: Subscriber): ConversationStream {
    const stream = this.open(conversationId);
    const watched = this.watched.get(subscriber.id);
    if (watched === undefined) this.watched.set(subscriber.id, new Set([stream]));
    else watched.add(stream);
    return stream;
  }
}
