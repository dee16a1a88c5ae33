/**
 * Ties the open conversation together: the socket's frames into the reducer, the person's wishes into frames, and the
 * outbox so that nothing that was sent is lost or doubled by a reconnect or a reload. No DOM.
 */
import { Connection, type ConnectionStatus, type SocketLike } from './connection.js';
import { activeTurn, emptyConversation, reduce, type Action, type ConversationState } from './conversation-state.js';
import { Conversations } from './conversations.js';
import { Outbox } from './outbox.js';
import type { ServerFrame, UserMessageFrame } from './protocol.js';
import { RenewedToken } from './renewed-token.js';
import { RestClient, type TokenSource } from './rest.js';
import { type KeyValueStore, MemoryStore } from './store.js';

export interface ChatSnapshot {
  readonly conversation: ConversationState;
  readonly connection: ConnectionStatus;
}

export interface ChatOptions {
  /** Of the server, such as `https://chat.example.com`. */
  readonly url: string;
  /** A token of any kind; or how to ask for one, which is done again before it ends; or who has them. */
  readonly token: string | (() => Promise<string | null>) | TokenSource;
  /** The tenant's slug or id; without it the one that the server greets with. */
  readonly tenant?: string;
  /** Keeps messages on their way over a reload. `owner`: the user's id, so that nobody sends another's. Absent: they go with the page. */
  readonly keep?: { readonly store: KeyValueStore; readonly owner: string };
  /** A conversation got its id with the first ack. */
  readonly onConversationCreated?: (conversationId: string) => void;
  /** A turn of any of the user's conversations began or ended: lists may have changed. */
  readonly onActivity?: () => void;
  /** Every frame as it came, before it is applied. */
  readonly onFrame?: (frame: ServerFrame) => void;
  readonly createSocket?: (url: string) => SocketLike;
  readonly newId?: () => string;
}

/** One person's chat: the conversation that is open, over one connection. */
export class Chat {
  /** What REST knows of the person's conversations. */
  readonly conversations: Conversations;
  private conversation = emptyConversation();
  private status: ConnectionStatus = { state: 'connecting' };
  private earlierCursor: string | null = null;
  private tenant: string | undefined;
  private watched: ReadonlySet<string> = new Set();
  private readonly connection: Connection;
  private readonly outbox: Outbox;
  private readonly listeners = new Set<() => void>();
  private readonly stopListening: () => void;

  constructor(private readonly options: ChatOptions) {
    const tokens = sourceOf(options.token);
    const base = options.url.replace(/\/+$/, '');
    this.tenant = options.tenant;
    this.conversations = new Conversations(new RestClient(base, tokens), () => this.tenant ?? 'unknown');
    this.outbox = new Outbox(options.keep?.store ?? new MemoryStore(), options.keep?.owner ?? 'anybody');
    this.connection = new Connection({
      url: `${base.replace(/^http/, 'ws')}/ws/chat`,
      token: (fresh) => tokens.token(fresh),
      onFrame: (frame) => this.receive(frame),
      onReady: () => this.catchUp(),
      onStatus: (status) => {
        this.status = status;
        this.announce();
      },
      createSocket: options.createSocket,
    });
    this.stopListening = tokens.onRenewed?.((token) => this.connection.renew(token)) ?? (() => undefined);
  }

  get snapshot(): ChatSnapshot {
    return { conversation: this.conversation, connection: this.status };
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Opens a conversation (null: a new one) and connects when that has not happened yet. */
  start(conversationId: string | null): void {
    this.open(conversationId);
    if (conversationId === null) this.showPending(null);
    this.connection.connect();
  }

  open(conversationId: string | null): void {
    this.earlierCursor = null;
    this.dispatch({ type: 'open', conversationId });
    if (conversationId === null) return;
    this.showPending(conversationId);
    this.resume();
  }

  /** Conversations whose frames come to `onFrame` beside those of the open one. */
  watch(conversationIds: Iterable<string>): void {
    const before = this.watched;
    this.watched = new Set(conversationIds);
    for (const id of before) if (!this.watched.has(id) && id !== this.conversation.conversationId) this.leave(id);
    for (const id of this.watched) if (!before.has(id)) this.follow(id);
  }

  /** Sends a message; it goes out as soon as the connection allows. */
  send(content: string): void {
    const frame: UserMessageFrame = {
      type: 'user_message',
      content,
      conversation_id: this.conversation.conversationId ?? 'new',
      client_message_id: (this.options.newId ?? randomId)(),
    };
    this.outbox.add(frame);
    this.dispatch({ type: 'send', frame, at: new Date().toISOString() });
    if (this.connection.accepting) this.connection.send(frame);
  }

  /** Sends a failed message again: the very same one where it is at hand, so that the server knows it. */
  retry(key: string): void {
    const turn = this.conversation.items.find((item) => item.kind === 'turn' && item.key === key);
    if (turn?.kind !== 'turn') return;
    const entry =
      (turn.clientMessageId ? this.outbox.byClientMessageId(turn.clientMessageId) : null) ??
      (turn.turnId ? this.outbox.byTurn(turn.turnId) : null);
    if (!entry) {
      if (turn.question) this.send(turn.question.content);
      return;
    }
    this.outbox.sendingAgain(entry.frame.client_message_id);
    this.dispatch({ type: 'send', frame: entry.frame, at: new Date().toISOString(), key });
    if (this.connection.accepting) this.connection.send(entry.frame);
  }

  /** Asks the last question again; what it was answered stays until the new answer is complete. @returns false while not connected */
  regenerate(key: string): boolean {
    const turn = this.conversation.items.find((item) => item.kind === 'turn' && item.key === key);
    if (turn?.kind !== 'turn' || turn.turnId === null || !this.connection.accepting) return false;
    return this.connection.send({ type: 'regenerate', turn_id: turn.turnId, ref: `regenerate:${turn.turnId}` });
  }

  /** One's opinion of an answer; said again it replaces what was said before. @throws RestError */
  async rate(messageId: string, rating: 'up' | 'down', comment?: string): Promise<void> {
    const { conversationId } = this.conversation;
    if (conversationId !== null) await this.conversations.rate(conversationId, messageId, rating, comment);
  }

  /** Stops the running turn. */
  stop(): void {
    const turn = activeTurn(this.conversation);
    const conversationId = this.conversation.conversationId;
    if (!turn?.turnId || conversationId === null) return;
    const sent = this.connection.send({
      type: 'abort',
      conversation_id: conversationId,
      turn_id: turn.turnId,
      ref: 'abort',
    });
    if (sent) this.dispatch({ type: 'stopping', turnId: turn.turnId });
  }

  /** Asks for a person, in the conversation that is open. @returns false when there is none, or no connection */
  escalate(reason?: string): boolean {
    const { conversationId } = this.conversation;
    if (conversationId === null) return false;
    return this.connection.send({
      type: 'escalate',
      conversation_id: conversationId,
      ...(reason === undefined ? {} : { reason }),
      ref: 'escalate',
    });
  }

  /** Tells the person at the other end, where there is one. */
  typing(on: boolean): void {
    const { conversationId, people } = this.conversation;
    if (conversationId === null || people.owner !== 'human') return;
    this.connection.send({ type: 'typing', conversation_id: conversationId, on });
  }

  /** Asks who owns the open conversation and whether it has ended, which no frame says again. @throws RestError */
  async refresh(): Promise<void> {
    const { conversationId } = this.conversation;
    if (conversationId === null) return;
    this.dispatch({ type: 'known', conversation: await this.conversations.get(conversationId) });
  }

  /** Fetches the messages before the ones that are shown. @throws RestError */
  async loadEarlier(): Promise<void> {
    const id = this.conversation.conversationId;
    if (id === null) return;
    const page = await this.conversations.messages(id, this.earlierCursor);
    if (id !== this.conversation.conversationId) return;
    this.earlierCursor = page.next_cursor ?? null;
    const shown = this.conversation.items.length;
    const messages = [...page.data].reverse();
    this.dispatch({ type: 'earlier', messages, hasEarlier: this.earlierCursor !== null });
    // The first page repeats what the server restored; go on to one that has news.
    if (this.earlierCursor !== null && this.conversation.items.length === shown) await this.loadEarlier();
  }

  dismissNotice(): void {
    this.dispatch({ type: 'dismiss' });
  }

  /** Goes on with another token, in the same conversation: the token's owner has changed, or is somebody by now. */
  signInAgain(): void {
    this.connection.signInAgain();
  }

  reconnectNow(): void {
    this.connection.retryNow();
  }

  close(): void {
    this.stopListening();
    this.connection.close();
  }

  private receive(frame: ServerFrame): void {
    if (frame.type === 'ready') this.tenant ??= frame.tenant?.slug;
    this.options.onFrame?.(frame);
    this.track(frame);
    const before = this.conversation.conversationId;
    this.dispatch({ type: 'frame', frame });
    const { conversationId } = this.conversation;
    if (before === null && conversationId !== null) this.options.onConversationCreated?.(conversationId);
    if (this.conversation.needsResume) this.resume();
    if (frame.type === 'ack' || frame.type === 'done') this.options.onActivity?.();
    if (frame.type === 'context_restored' && frame.turn?.status === 'failed')
      void this.findQuestion(frame.turn.turn_id);
  }

  private track(frame: ServerFrame): void {
    if (frame.type === 'ack' && frame.client_message_id) {
      this.outbox.acked(frame.client_message_id, frame.conversation_id ?? null, frame.turn_id ?? null);
    }
    if (frame.type === 'error' && frame.client_message_id) this.outbox.refused(frame.client_message_id);
    if (frame.type === 'done' && frame.turn_id && frame.status !== 'failed') this.outbox.finished(frame.turn_id);
  }

  /** After each (re)connection: what was missed, then what the server has not answered. */
  private catchUp(): void {
    if (this.conversation.conversationId !== null) this.resume();
    for (const id of this.watched) this.follow(id);
    for (const entry of this.outbox.pending) this.connection.send(entry.frame);
  }

  private follow(conversationId: string): void {
    if (conversationId !== this.conversation.conversationId)
      this.connection.send({ type: 'resume', conversation_id: conversationId });
  }

  private leave(conversationId: string): void {
    this.connection.send({ type: 'unsubscribe', conversation_id: conversationId });
  }

  private resume(): void {
    const conversationId = this.conversation.conversationId;
    if (conversationId === null) return;
    // Nothing on the screen yet: the latest messages will do.
    const { items, lastSeq } = this.conversation;
    const sent = this.connection.send({
      type: 'resume',
      conversation_id: conversationId,
      ...(items.length === 0 ? {} : { after_seq: lastSeq }),
      ref: `resume:${conversationId}`,
    });
    if (sent) this.dispatch({ type: 'resuming' });
  }

  /** After a reload: shows what is still on its way. */
  private showPending(conversationId: string | null): void {
    const shown = this.outbox.pending.filter(
      (entry) => (entry.conversationId ?? entry.frame.conversation_id) === (conversationId ?? 'new'),
    );
    // Each message into a "new" conversation makes one of its own: only the last can be the one on the screen.
    const own = conversationId === null ? shown.slice(-1) : shown;
    for (const { frame } of own) this.dispatch({ type: 'send', frame, at: new Date().toISOString() });
  }

  /** A failed turn is no part of the history; its question is asked for, so that it can be sent again. */
  private async findQuestion(turnId: string): Promise<void> {
    const conversationId = this.conversation.conversationId;
    const turn = this.conversation.items.find((item) => item.kind === 'turn' && item.turnId === turnId);
    if (conversationId === null || turn?.kind !== 'turn' || turn.question) return;
    const content =
      this.outbox.byTurn(turnId)?.frame.content ??
      (await this.conversations.turn(conversationId, turnId).catch(() => null))?.content;
    if (content) this.dispatch({ type: 'question', turnId, content });
  }

  private dispatch(action: Action): void {
    const next = reduce(this.conversation, action);
    if (next === this.conversation) return;
    this.conversation = next;
    this.announce();
  }

  private announce(): void {
    for (const listener of this.listeners) listener();
  }
}

function sourceOf(token: ChatOptions['token']): TokenSource {
  if (typeof token === 'function') return new RenewedToken(token);
  if (typeof token !== 'string') return token;
  // When it is refused there is no other.
  return { token: (fresh) => Promise.resolve(fresh ? null : token) };
}

/** `crypto.randomUUID` exists in secure contexts only, and the page may be tried over plain HTTP in a local network. */
function randomId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
