/**
 * The conversation of one page: connects when there is a reason to, remembers what is open and how far it was read, and tells
 * the launcher and the page what is news. No DOM but the page's visibility.
 */
import {
  activeTurn,
  Chat,
  type ConnectionStatus,
  type Conversation,
  type ConversationState,
  emptyConversation,
  type Page,
  type Passage,
  type ServerFrame,
} from '../../../sdk/index.js';
import type { PanelPlace } from '../contract.js';
import { OwnTyping } from './own-typing.js';
import { Reading } from './reading.js';
import { playNote } from './sound.js';

export type View = 'chat' | 'history';

export interface RoomState {
  readonly conversation: ConversationState;
  /** Null: nothing to connect for yet. */
  readonly connection: ConnectionStatus | null;
  readonly isOpen: boolean;
  readonly view: View;
  readonly hasSound: boolean;
  /** An address was left in this conversation. */
  readonly isContacted: boolean;
  /** Why nobody is let in; null: there is no reason. */
  readonly refusal: string | null;
}

export class Room {
  private chat: Chat | null = null;
  /** The chat connects, or is connected. */
  private isBegun = false;
  private isOpen = false;
  private isGoingOn = false;
  private view: View = 'chat';
  private refusal: string | null = null;
  /** Said before the first message had made a conversation. */
  private held: string[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly leaving = new AbortController();
  private readonly typing = new OwnTyping((on) => this.chat?.typing(on));
  private readonly reading: Reading;

  constructor(private readonly place: PanelPlace) {
    this.reading = new Reading(place);
    const { signal } = this.leaving;
    place.page.document.addEventListener('visibilitychange', () => this.update(), { signal });
    place.page.addEventListener('online', () => this.chat?.reconnectNow(), { signal });
    if (!place.isPreview && this.memory.chat !== null && place.visit.visitor.isKnown) void this.goOn();
  }

  get state(): RoomState {
    const snapshot = this.chat?.snapshot;
    const conversation = snapshot?.conversation ?? (this.isGoingOn ? COMING : NOTHING);
    return {
      conversation,
      connection: snapshot?.connection ?? null,
      isOpen: this.isOpen,
      view: this.view,
      hasSound: this.memory.hasSound,
      isContacted: this.memory.chat?.isContacted === true,
      refusal: this.mayChat ? this.refusal : this.place.words.signIn,
    };
  }

  /** A second message would make a second conversation until the server has named the first. */
  get awaitsFirstAck(): boolean {
    const { conversation } = this.state;
    return conversation.conversationId === null && activeTurn(conversation) !== null;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  setOpen(isOpen: boolean): void {
    this.isOpen = isOpen;
    this.update();
  }

  show(view: View): void {
    this.view = view;
    this.update();
  }

  send(text: string): void {
    const content = text.trim();
    if (content === '' || !this.mayChat) return;
    this.typing.stop();
    this.view = 'chat';
    if (this.awaitsFirstAck) {
      this.held.push(content);
      return;
    }
    this.started().send(content);
    this.place.emit('message', { id: '', role: 'user', content, conversation_id: this.conversationId });
  }

  stop(): void {
    this.chat?.stop();
  }

  /** Answers the question once more, in the place of the answer that was stopped; an earlier one is asked anew. */
  again(key: string, content: string): void {
    const isLast = this.state.conversation.items.at(-1)?.key === key;
    if (!isLast || this.chat?.regenerate(key) !== true) this.send(content);
  }

  retry(key: string): void {
    this.chat?.retry(key);
  }

  dismiss(): void {
    this.chat?.dismissNotice();
  }

  reconnect(): void {
    this.chat?.reconnectNow();
  }

  loadEarlier(): Promise<void> {
    return this.chat?.loadEarlier() ?? Promise.resolve();
  }

  async rate(messageId: string, rating: 'up' | 'down', comment?: string): Promise<void> {
    await this.chat?.rate(messageId, rating, comment);
  }

  async rateConversation(score: number, comment?: string): Promise<void> {
    const { conversationId } = this;
    if (conversationId !== null) await this.chat?.conversations.rateConversation(conversationId, score, comment);
  }

  passage(messageId: string, n: number): Promise<Passage> {
    const { chat, conversationId } = this;
    if (chat === null || conversationId === null) return Promise.reject(new Error('There is no conversation'));
    return chat.conversations.citation(conversationId, messageId, n);
  }

  /** In the conversation that is open; where there is none, asking begins one. */
  talkToPerson(): void {
    this.view = 'chat';
    if (this.chat?.escalate() === true) this.update();
    else this.send(this.place.words.wantsPerson);
  }

  /** Where to write to, since nobody is there; what it is about becomes part of the conversation. @throws RestError */
  async leaveAddress({ email, text }: { email: string; text: string }): Promise<void> {
    const { chat, conversationId } = this;
    if (chat === null || conversationId === null) return;
    await chat.conversations.escalate(conversationId, { email });
    if (this.memory.chat !== null) this.memory.chat = { ...this.memory.chat, isContacted: true };
    if (text === '') this.update();
    else this.send(text);
  }

  /** The person writes: whoever is at the other end may know. */
  typed(isEmpty: boolean): void {
    if (this.chat === null || this.state.conversation.people.owner !== 'human') return;
    this.typing.typed(isEmpty);
  }

  async history(cursor: string | null): Promise<Page<Conversation>> {
    if (!this.place.visit.visitor.isKnown) return { data: [] };
    return this.made().conversations.list(cursor);
  }

  openConversation(id: string): void {
    this.memory.chat = { id, of: this.place.visit.visitor.id, seen: 0 };
    this.reading.opensOld();
    this.view = 'chat';
    if (this.chat === null || this.chat.snapshot.connection.state === 'stopped') this.restart();
    else this.begin(this.chat, id);
    this.update();
  }

  newConversation(): void {
    this.memory.chat = null;
    this.view = 'chat';
    this.chat?.open(null);
    this.update();
  }

  setSound(on: boolean): void {
    this.memory.hasSound = on;
    // Also what makes browsers let it be heard: somebody asked for it.
    if (on) playNote(this.place.page);
    this.update();
  }

  /** One and the same conversation goes on, under another name; unless it is somebody else's. */
  visitorChanged(): void {
    const { chat, conversationId } = this;
    this.refusal = null;
    if (chat === null) return this.update();
    if (conversationId !== null && this.memory.chat?.id !== conversationId) return this.reset();
    if (this.isBegun) chat.signInAgain();
    this.update();
  }

  reset(): void {
    this.chat?.close();
    this.chat = null;
    this.held = [];
    this.refusal = null;
    this.view = 'chat';
    this.reading.forget();
    this.update();
  }

  leave(): void {
    this.leaving.abort();
    this.chat?.close();
    this.listeners.clear();
  }

  private get memory() {
    return this.place.visit.memory;
  }

  private get conversationId(): string | null {
    return this.chat?.snapshot.conversation.conversationId ?? null;
  }

  private get mayChat(): boolean {
    return this.place.config.identity !== 'required' || this.place.visit.visitor.isIdentified;
  }

  /** With what was left open; unless it turns out to be somebody else's, which the memory forgets then. */
  private async goOn(): Promise<void> {
    this.isGoingOn = true;
    // Not reached: the connection says so, and tries again.
    await this.place.visit.visitor.token().catch(() => undefined);
    this.isGoingOn = false;
    if (this.chat === null && this.memory.chat !== null) this.started();
    this.update();
  }

  private restart(): void {
    this.chat?.close();
    this.chat = null;
    this.started();
  }

  /** Connected, or on the way. */
  private started(): Chat {
    const isNew = this.chat === null;
    const chat = this.made();
    const last = this.place.visit.visitor.isKnown && !this.place.isPreview ? this.memory.chat : null;
    if (isNew || !this.isBegun) this.begin(chat, last?.id ?? null);
    return chat;
  }

  private begin(chat: Chat, id: string | null): void {
    if (this.isBegun) return chat.open(id);
    this.isBegun = true;
    chat.start(id);
  }

  private made(): Chat {
    if (this.chat !== null) return this.chat;
    const { base, visit } = this.place;
    this.isBegun = false;
    const chat = new Chat({
      url: base,
      tenant: visit.tenant,
      token: () => this.token(),
      keep: { store: this.memory.tab, owner: this.memory.owner },
      onConversationCreated: (id) => this.created(id),
      onFrame: (frame) => this.heard(frame),
    });
    chat.subscribe(() => this.update());
    this.chat = chat;
    return chat;
  }

  /** Null ends the attempts to connect: asking again would be refused again. */
  private async token(): Promise<string | null> {
    try {
      const token = await this.place.visit.visitor.token();
      this.refusal = null;
      return token;
    } catch (error) {
      const { message, status = 0 } = error as { message: string; status?: number };
      const isFinal = status >= 400 && status < 500 && status !== 429;
      this.place.emit('error', { message });
      if (!isFinal) throw error;
      this.refusal = status === 401 ? this.place.words.signIn : this.place.words.refused;
      return null;
    }
  }

  private created(id: string): void {
    this.memory.chat = { id, of: this.place.visit.visitor.id, seen: 0 };
    for (const content of this.held.splice(0)) this.chat?.send(content);
  }

  private heard(frame: ServerFrame): void {
    if (frame.type !== 'context_restored') return;
    // Moved by a page that is somebody's by now, or another visitor's altogether.
    const { chat } = this.memory;
    if (chat !== null && chat.of === null) this.memory.chat = { ...chat, of: this.place.visit.visitor.id };
    void this.chat?.refresh().catch(() => undefined);
  }

  private update(): void {
    const isSeen = this.isOpen && this.view === 'chat' && this.place.page.document.visibilityState === 'visible';
    this.reading.look(this.state.conversation, isSeen);
    for (const listener of this.listeners) listener();
  }
}

const NOTHING = emptyConversation();
const COMING = { ...NOTHING, restoring: true };
