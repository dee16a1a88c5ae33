import { json, RestClient, RestError, type ServerFrame, type Session, type StoredMessage } from '../sdk/index.js';
import {
  asRead,
  type Availability,
  type Case,
  type DeskState,
  EMPTY_DESK,
  nameOf,
  withCase,
  withTyping,
  withUnread,
} from './desk-state.js';

/** Events come in bursts; lists are read again once for all of them. */
const READ_AFTER_MS = 250;
/** `typing` says on, and may never say off. */
const TYPING_MS = 6000;
/** Tells the server that somebody is there, and finds what no frame told of. */
const LOOK_EVERY_MS = 60_000;

export interface DeskNews {
  readonly kind: 'waiting' | 'message';
  readonly title: string;
  readonly text: string;
  readonly caseId: string | null;
}

export interface Note {
  readonly id: string;
  readonly content: string;
  readonly author_id: string | null;
  readonly created_at: string;
}

export interface CannedReply {
  readonly id: string;
  readonly title: string;
  readonly content: string;
}

interface DeskOptions {
  readonly session: Session;
  readonly tenant: string;
  /** The supporter's own id. */
  readonly me: string;
  /** The conversation on the screen: its messages are read. */
  readonly openConversation: () => string | null;
  /** Follows conversations beside the one that is open. */
  readonly watch: (conversationIds: readonly string[]) => void;
  readonly onNews: (news: DeskNews) => void;
}

/**
 * A supporter's desk: lists by REST, changes by frames of the one connection.
 *
 *   frames ──▶ receive ──▶ unread, typing, "something changed" ──▶ lists are read again
 *   accept, reply, return, … ──▶ REST ──▶ the changed case
 */
export class Desk {
  private state: DeskState = EMPTY_DESK;
  private readonly rest: RestClient;
  private readonly listeners = new Set<() => void>();
  private readonly typingEnds = new Map<string, ReturnType<typeof setTimeout>>();
  private known: ReadonlySet<string> | null = null;
  private availabilityChanges: Promise<void> = Promise.resolve();
  private reading: ReturnType<typeof setTimeout> | undefined;
  private looking: ReturnType<typeof setInterval> | undefined;

  constructor(private readonly options: DeskOptions) {
    this.rest = new RestClient('', options.session);
  }

  get snapshot(): DeskState {
    return this.state;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  async start(): Promise<void> {
    this.looking = setInterval(() => void this.read(), LOOK_EVERY_MS);
    await Promise.all([this.read(), this.readAvailability()]);
  }

  stop(): void {
    clearInterval(this.looking);
    clearTimeout(this.reading);
    for (const timer of this.typingEnds.values()) clearTimeout(timer);
  }

  /** Every frame of the connection, in its order. */
  receive(frame: ServerFrame): void {
    switch (frame.type) {
      case 'ready':
      case 'escalation':
        clearTimeout(this.reading);
        this.reading = setTimeout(() => void this.read(), READ_AFTER_MS);
        return;
      case 'typing':
        if (frame.from === 'user' && frame.conversation_id) this.typing(frame.conversation_id, frame.on === true);
        return;
      case 'message':
        this.said(frame);
        return;
      default:
        // Of the open conversation alone, which is the chat's.
        return;
    }
  }

  opened(conversationId: string): void {
    this.set(asRead(this.state, conversationId));
  }

  /** One change after the other: each says what it leaves as it was. */
  setAvailability(change: Partial<Availability> & Pick<Availability, 'status'>): Promise<void> {
    const changed = this.availabilityChanges.then(async () => {
      const availability = (await this.rest.request(this.at('availability'), json('PUT', change))) as Availability;
      this.set({ ...this.state, availability });
    });
    this.availabilityChanges = changed.catch(() => undefined);
    return changed;
  }

  /** @throws RestError; taken by somebody else: 409, in words that name them */
  accept(id: string): Promise<Case> {
    return this.step(id, 'accept', {});
  }

  resolve(id: string): Promise<Case> {
    return this.step(id, 'resolve', {});
  }

  close(id: string): Promise<Case> {
    return this.step(id, 'close', {});
  }

  reopen(id: string): Promise<Case> {
    return this.step(id, 'reopen', {});
  }

  returnToAgent(id: string, summary: string): Promise<Case> {
    return this.step(id, 'return-to-agent', summary === '' ? {} : { summary });
  }

  transfer(id: string, to: { readonly supporter_id: string } | { readonly skill: string }): Promise<Case> {
    return this.step(id, 'transfer', to);
  }

  /** Safe to repeat with the same `clientMessageId`. */
  async reply(id: string, content: string, clientMessageId: string): Promise<StoredMessage> {
    const body = { content, client_message_id: clientMessageId };
    return (await this.rest.request(this.at(`escalations/${id}/reply`), json('POST', body))) as StoredMessage;
  }

  /** What the agent would say. */
  async suggest(id: string): Promise<string> {
    const answer = await this.rest.request(this.at(`escalations/${id}/suggest`), json('POST', {}));
    return (answer as { content: string }).content;
  }

  /** The oldest first. */
  async notes(id: string): Promise<readonly Note[]> {
    return (await this.rest.get<{ data: Note[] }>(this.at(`escalations/${id}/notes?limit=100`))).data.toReversed();
  }

  /** Colleagues are known by the conversations that they have or had. */
  nameOf(authorId: string | null): string {
    if (authorId === this.options.me) return 'You';
    const { mine, recent } = this.state;
    return [...mine, ...recent].find(({ supporter }) => supporter?.id === authorId)?.supporter?.name ?? 'A colleague';
  }

  async addNote(id: string, content: string): Promise<Note> {
    return (await this.rest.request(this.at(`escalations/${id}/notes`), json('POST', { content }))) as Note;
  }

  async cannedReplies(): Promise<readonly CannedReply[]> {
    return (await this.rest.get<{ data: CannedReply[] }>(this.at('canned-replies?limit=100'))).data;
  }

  private async step(id: string, step: string, body: object): Promise<Case> {
    try {
      const changed = (await this.rest.request(this.at(`escalations/${id}/${step}`), json('POST', body))) as Case;
      this.set(withCase(this.state, changed, this.options.me));
      this.follow();
      return changed;
    } catch (error) {
      // Somebody was quicker: what stands now is shown beside the refusal.
      if (error instanceof RestError && error.status === 409) void this.read();
      throw error;
    }
  }

  private async read(): Promise<void> {
    const { me } = this.options;
    try {
      const [waiting, mine, recent] = await Promise.all([
        this.list('queue?limit=100'),
        this.list(`escalations?status=assigned&supporter_id=${me}&limit=100`),
        this.list('escalations?limit=100'),
      ]);
      this.set({ ...this.state, waiting, mine, recent, error: null });
      this.tellNew(waiting);
      this.follow();
    } catch (error) {
      this.set({ ...this.state, error: error instanceof Error ? error.message : 'The queue could not be read.' });
    }
  }

  private async readAvailability(): Promise<void> {
    try {
      const availability = await this.rest.get<Availability>(this.at('availability'));
      this.set({ ...this.state, availability });
    } catch {
      // The switch stays away; the lists say what is wrong.
    }
  }

  private async list(path: string): Promise<Case[]> {
    return (await this.rest.get<{ data: Case[] }>(this.at(path))).data;
  }

  private follow(): void {
    this.options.watch(this.state.mine.map(({ conversation_id: id }) => id));
  }

  private tellNew(waiting: readonly Case[]): void {
    const before = this.known;
    this.known = new Set(waiting.map(({ id }) => id));
    if (before === null) return;
    for (const one of waiting.filter(({ id }) => !before.has(id))) {
      const text = one.reason || (one.summary.asked.at(-1) ?? '');
      this.options.onNews({ kind: 'waiting', title: `${nameOf(one)} waits for a person`, text, caseId: one.id });
    }
  }

  private said(frame: Extract<ServerFrame, { type: 'message' }>): void {
    const { conversation_id: conversationId, content, role } = frame as typeof frame & { conversation_id?: string };
    if (conversationId === undefined || role !== 'user') return;
    this.typing(conversationId, false);
    const own = this.state.mine.find((one) => one.conversation_id === conversationId);
    if (own === undefined || (this.options.openConversation() === conversationId && !document.hidden)) return;
    if (this.options.openConversation() !== conversationId) this.set(withUnread(this.state, conversationId));
    this.options.onNews({ kind: 'message', title: nameOf(own), text: content, caseId: own.id });
  }

  private typing(conversationId: string, on: boolean): void {
    clearTimeout(this.typingEnds.get(conversationId));
    this.set(withTyping(this.state, conversationId, on));
    if (!on) return;
    const end = setTimeout(() => this.set(withTyping(this.state, conversationId, false)), TYPING_MS);
    this.typingEnds.set(conversationId, end);
  }

  private at(path: string): string {
    return `/api/${this.options.tenant}/supporter/${path}`;
  }

  private set(next: DeskState): void {
    if (next === this.state) return;
    this.state = next;
    for (const listener of this.listeners) listener();
  }
}
