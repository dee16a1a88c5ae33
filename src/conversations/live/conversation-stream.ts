import type { TenantScope } from '#platform/context';
import type { AnswerPayload } from '#agents';
import type {
  ConversationEvent,
  DoneEvent,
  ErrorEvent,
  EscalationEvent,
  MessageEvent,
  PayloadEvent,
  StateEvent,
  StatusEvent,
  Subscriber,
  TokenEvent,
  TurnStateEvent,
  TypingEvent,
} from '../model/conversation-event.js';
import type { LiveTurn, TurnBeginning } from './live-turn.js';

export type StoredEvent = MessageEvent | ErrorEvent | DoneEvent;

interface Subscription {
  readonly subscriber: Subscriber;
  /** Stored events up to this number are known to it: it was caught up to here. */
  floor: number;
  /** Stored events that came while it is being caught up; null once it is live. */
  held: StoredEvent[] | null;
  /** What was stored up to here was told to nobody while it is being caught up: it must read that far. */
  readTo: number;
  /** It was live before it is being caught up (again). */
  known: boolean;
}

/** A turn that is not over, as the readers of this stream were told. */
export interface ToldTurn {
  readonly status: 'queued' | 'running';
  readonly start: number;
  readonly fence: number;
  /** The instance that runs it; null while it waits. */
  readonly owner: string | null;
}

/** Whose conversation it is, and who answers in the agent's place. */
export interface Parties {
  readonly userId: string;
  readonly supporterId: string | null;
  /** The user waits for a person. */
  readonly waiting: boolean;
}

/** `conversation` and `escalation` frames without what the stream adds. */
export type PartyEvent = Omit<StateEvent, 'seq'> | Omit<EscalationEvent, 'seq'>;

/**
 * The live side of one conversation on this instance: who listens, the running turn's state, the numbering, and what the
 * listeners have been told of what is stored.
 *
 *   this instance's commits ─┐ tellStored (in the order of their numbers, nothing left out)
 *   other instances' commits ┴─▶ CatchUp reads them ─▶ tellStored
 *   this instance's run ─▶ token / status / payload ─┬─▶ subscribers
 *   another instance's run ─▶ follow.* ──────────────┘
 *
 * Numbers start at what the last commit gave out (the database's clock in µs) and are counted forward here, so that a token
 * needs no database. Losing them with the process is harmless: the next commit's clock is ahead of anything counted.
 */
export class ConversationStream {
  private readonly subscriptions = new Map<string, Subscription>();
  /** Who asked which question: its own message is not told to the sender, who has the `ack`. */
  private readonly askers = new Map<string, string>();
  private seq = 0;
  /** All that is stored up to this number has been told; null before anything was read. */
  private told: number | null = null;
  /** Something was stored while all readers were being caught up. */
  private stale = false;
  live: LiveTurn | null = null;
  /** Turns that are not over, by what was told of them. */
  readonly open = new Map<string, ToldTurn>();
  /** The conversation was deleted, and its readers know. */
  gone = false;
  /** Who takes part, as the readers were told last; null: never asked about. */
  parties: Parties | null = null;
  /** How often that was told: whoever is being caught up meanwhile has to be told again. */
  partiesTold = 0;
  private partiesText = '';

  constructor(
    readonly scope: TenantScope,
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
  /** Up to which stored number the readers have been told; what is above is to be read. */
  get toldUpTo(): number {
    return this.told ?? 0;
  }

  /** Takes over a number that a commit gave out. */
  raise(seq: number): void {
    if (seq > this.seq) this.seq = seq;
  }

  nextSeq(): number {
    return ++this.seq;
  }

  // ── readers ───────────────────────────────────────────────────────────────────────────────────────────────────────

  has(subscriberId: string): boolean {
    return this.subscriptions.has(subscriberId);
  }

  /**
   * Adds a reader that gets everything from now on; one that is already here stays as it is.
   * @param floor stored events up to this number are not for it
   */
  subscribe(subscriber: Subscriber, floor: number): void {
    if (this.subscriptions.has(subscriber.id)) return;
    this.beginTelling(floor);
    this.subscriptions.set(subscriber.id, { subscriber, floor, held: null, readTo: 0, known: true });
  }

  /** Adds a reader that is told nothing until `release`, so that nothing falls between a read and the stream. */
  hold(subscriber: Subscriber): void {
    const former = this.subscriptions.get(subscriber.id);
    const floor = former?.held === null ? Math.max(former.floor, this.toldUpTo) : (former?.floor ?? 0);
    // One that is being caught up already keeps what is held for it: the reading under way does not know of it.
    const { held = [], known = false, readTo = 0 } = former ?? {};
    this.subscriptions.set(subscriber.id, { subscriber, floor, held: held ?? [], readTo, known });
  }

  /** @returns false when something was stored after `floor` that was told to nobody: the reader must read again */
  covers(subscriberId: string, floor: number): boolean {
    return floor >= (this.subscriptions.get(subscriberId)?.readTo ?? 0);
  }

  /** Ends a `hold` whose reading failed. @returns false when the reader was not here before, and has to go */
  resume(subscriberId: string): boolean {
    const subscription = this.subscriptions.get(subscriberId);
    if (subscription === undefined || !subscription.known) return false;
    if (subscription.held !== null) this.release(subscriberId, subscription.floor, [], null);
    return true;
  }

  /**
   * Ends a `hold`: what was read up to `floor` is handed over, then what the others were told since, then the running turn as
   * it is now; from here on the reader is live.
   * @param open the turns that were not over at `floor`: one that ended by then is not told as running, though this instance
   *   has not heard so. null: not known
   * @returns whether something was stored meanwhile that nobody has been told yet: read it (`CatchUp`)
   */
  release(
    subscriberId: string,
    floor: number,
    read: readonly ConversationEvent[],
    open: ReadonlySet<string> | null,
  ): boolean {
    const subscription = this.subscriptions.get(subscriberId);
    if (subscription === undefined) return false;
    this.beginTelling(floor);
    const { held, subscriber } = subscription;
    subscription.held = null;
    subscription.floor = floor;
    subscription.known = true;
    for (const event of read) subscriber.deliver(event);
    for (const event of held ?? []) if (event.seq > floor) subscriber.deliver(event);
    const { live } = this;
    if (live !== null && (open === null || open.has(live.turnId) || live.beginning.seq > floor))
      this.tellLive(subscriber);
    const stale = this.stale;
    this.stale = false;
    return stale;
  }

  /** Tells one reader of the turn that runs, as it is now. */
  tellLive(subscriber: Subscriber): void {
    if (this.live?.over === false) for (const event of this.live.soFar()) subscriber.deliver(event);
  }

  unsubscribe(subscriberId: string): boolean {
    if (!this.subscriptions.delete(subscriberId)) return false;
    this.onIdle(this);
    return true;
  }

  /**
   * Without a reader there was nobody to tell what others stored: telling begins where the first one was caught up. Never
   * further back: what was told meanwhile is held for whoever is being caught up, and would come to it twice.
   */
  private beginTelling(floor: number): void {
    if (this.told === null || (!this.listening && floor > this.told)) {
      this.told = floor;
      for (const subscription of this.subscriptions.values()) subscription.readTo = floor;
    }
    this.raise(floor);
  }

  /** Whether some reader is live, and not only being caught up. */
  get listening(): boolean {
    for (const { held } of this.subscriptions.values()) if (held === null) return true;
    return false;
  }

  // ── what is stored ────────────────────────────────────────────────────────────────────────────────────────────────

  /** Something was stored that could not be told now, since all readers are being caught up. */
  missed(): void {
    this.stale = true;
  }

  asked(messageId: string, subscriberId: string): void {
    this.askers.set(messageId, subscriberId);
  }

  /**
   * Tells what a commit of this instance stored, if nothing that others stored lies before it.
   * @param previous the highest number that a commit had given out before
   * @returns false: nothing was told, the gap must be read first (`CatchUp`)
   */
  tellCommitted(events: readonly StoredEvent[], previous: number, upTo: number): boolean {
    if (!this.listening) {
      this.stale = this.subscriptions.size > 0;
      this.raise(upTo);
      for (const event of events) this.forgetEnded(event);
      return true;
    }
    if (previous > this.toldUpTo) return false;
    this.tellStored(events, upTo);
    return true;
  }

  /** Tells stored events in their order; those that were told are passed over. */
  tellStored(events: readonly StoredEvent[], upTo: number): void {
    for (const event of events) {
      const asker = event.type === 'message' ? this.takeAsker(event.id) : undefined;
      if (event.seq <= this.toldUpTo) continue;
      this.raise(event.seq);
      if (event.type === 'message' && event.role === 'assistant') this.completeText(event);
      if (event.type === 'done' && event.status === 'handed_off') this.withdrawText(event);
      for (const [id, { floor, held, subscriber }] of this.subscriptions) {
        if (id === asker || event.seq <= floor) continue;
        if (held === null) subscriber.deliver(event);
        else held.push(event);
      }
      this.told = event.seq;
      this.forgetEnded(event);
    }
    this.told = Math.max(this.toldUpTo, upTo);
    this.raise(upTo);
  }

  /** A message is told once, and its asker forgotten. */
  private takeAsker(messageId: string): string | undefined {
    const asker = this.askers.get(messageId);
    this.askers.delete(messageId);
    return asker;
  }

  /** What the readers still wait for ends without a trace: the conversation was deleted. */
  tellGone(): void {
    this.gone = true;
    for (const turnId of this.open.keys()) {
      this.publish({
        type: 'done',
        conversation_id: this.conversationId,
        turn_id: turnId,
        seq: this.nextSeq(),
        status: 'cancelled',
        usage: null,
      });
    }
    this.open.clear();
    if (this.live?.mine === false) this.live = null;
    this.onIdle(this);
  }

  /** Turns that the database does not have open any more: their ends were told to whoever was here. A run of ours stays. */
  closeAllBut(open: ReadonlySet<string>): void {
    for (const turnId of this.open.keys()) {
      const live = this.live?.turnId === turnId ? this.live : null;
      if (open.has(turnId) || live?.mine === true) continue;
      this.open.delete(turnId);
      if (live !== null) this.live = null;
    }
  }

  private forgetEnded(event: StoredEvent): void {
    if (event.type !== 'done') return;
    this.open.delete(event.turn_id);
    // A run of ours that is over is ended by whoever ran it; one that is not was ended by somebody else, and falls silent.
    if (this.live?.turnId === event.turn_id && !(this.live.mine && this.live.over)) this.live = null;
  }

  /**
   * The words that the readers of a turn that ended elsewhere lack when its stored text comes: the last ones, or all of
   * them (it was too short to be followed, or was begun again). Those who build the text from tokens have it whole then.
   */
  private completeText(event: MessageEvent): void {
    const { live } = this;
    const turnId = event.turn_id;
    if (turnId === null || !this.open.has(turnId)) return;
    const known = live?.turnId === turnId ? live : null;
    // What this instance wrote itself stands as it was streamed. A run of ours that is not over was overtaken: its words
    // are not the answer's.
    if ((known?.mine === true && known.over) || (known?.text ?? '') === event.content) return;
    const offset = known !== null && event.content.startsWith(known.text) ? known.text.length : 0;
    this.precede(event, {
      type: 'token',
      conversation_id: this.conversationId,
      turn_id: turnId,
      seq: this.nextSeq(),
      role: 'assistant',
      content: event.content.slice(offset),
      offset,
    });
  }

  /** A person took over while the turn ran: its text is no message. */
  private withdrawText(event: DoneEvent): void {
    this.precede(event, {
      type: 'token',
      conversation_id: this.conversationId,
      turn_id: event.turn_id,
      seq: this.nextSeq(),
      role: 'assistant',
      content: '',
      offset: 0,
    });
  }

  /** Tells those who are about to be told what is stored; who was caught up past it has all of it. */
  private precede(stored: StoredEvent, event: ConversationEvent): void {
    for (const { floor, held, subscriber } of this.subscriptions.values())
      if (held === null && stored.seq > floor) subscriber.deliver(event);
  }

  // ── what is live ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Tells every live reader. Those that are being caught up get the running turn's state instead. */
  publish(event: ConversationEvent): void {
    for (const { held, subscriber } of this.subscriptions.values()) if (held === null) subscriber.deliver(event);
  }

  /**
   * Tells who takes part, if it is not what was told last.
   * @param except a reader that is answered directly
   */
  tellParties(parties: Parties, events: readonly PartyEvent[], except?: string): void {
    this.parties = parties;
    const text = JSON.stringify(events);
    if (text === this.partiesText) return;
    this.partiesText = text;
    this.partiesTold++;
    for (const event of events) {
      const told: ConversationEvent = { ...event, seq: this.nextSeq() };
      for (const { held, subscriber } of this.subscriptions.values())
        if (held === null && subscriber.id !== except) subscriber.deliver(told);
    }
  }

  /** Somebody types: told to the others. */
  tellTyping(event: TypingEvent, by: string): void {
    for (const { held, subscriber } of this.subscriptions.values())
      if (held === null && subscriber.principalId !== by) subscriber.deliver(event);
  }

  /** A turn waits. */
  waits(
    turn: Omit<TurnStateEvent, 'type' | 'conversation_id' | 'seq' | 'status'>,
    fence: number,
    message: string,
  ): void {
    this.open.set(turn.turn_id, { status: 'queued', start: turn.start, fence, owner: null });
    const place = { conversation_id: this.conversationId, turn_id: turn.turn_id };
    this.publish({
      type: 'turn',
      ...turn,
      ...place,
      seq: this.nextSeq(),
      status: 'queued',
      start: Math.max(1, turn.start),
    });
    this.publish({ type: 'status', ...place, seq: this.nextSeq(), step: 'queued', message });
  }

  /** A turn runs, here or elsewhere; a turn that is begun again begins with an empty text. */
  begin(make: (seq: number) => LiveTurn, beginning: TurnBeginning): LiveTurn {
    const live = make(this.nextSeq());
    this.live = live;
    this.open.set(live.turnId, {
      status: 'running',
      start: beginning.start,
      fence: beginning.fence,
      owner: beginning.owner,
    });
    this.publish(live.beginning);
    return live;
  }

  /** It is no longer this instance that runs it; what was heard of it so far stands. */
  disown(live: LiveTurn): void {
    live.mine = false;
  }

  /** It has ended. */
  end(live: LiveTurn): void {
    if (this.live === live) this.live = null;
    this.onIdle(this);
  }

  /**
   * Appends to the running turn's answer. On the token path: one object, no await. A run that was overtaken is heard no more:
   * its words would stand among those of the one that took its place.
   */
  token(live: LiveTurn, content: string): void {
    if (this.live !== live) return;
    const event: TokenEvent = {
      type: 'token',
      conversation_id: this.conversationId,
      turn_id: live.turnId,
      seq: this.nextSeq(),
      role: 'assistant',
      content,
      offset: live.text.length,
    };
    live.append(content, event.seq);
    this.publish(event);
    if (live.followed !== null) live.followed.push(event);
  }

  status(live: LiveTurn, event: Omit<StatusEvent, 'conversation_id' | 'turn_id' | 'seq'>): void {
    if (this.live !== live) return;
    const told: StatusEvent = {
      ...event,
      conversation_id: this.conversationId,
      turn_id: live.turnId,
      seq: this.nextSeq(),
    };
    live.status = told;
    if (told.agent !== undefined) live.agent = told.agent;
    this.publish(told);
    live.followed?.push(told);
  }

  payload(live: LiveTurn, payload: AnswerPayload): void {
    if (this.live !== live) return;
    const event: PayloadEvent = {
      type: 'payload',
      conversation_id: this.conversationId,
      turn_id: live.turnId,
      seq: this.nextSeq(),
      ...payload,
    };
    live.payloads.push(event);
    this.publish(event);
    live.followed?.push(event);
  }

  /** Text of a turn that another instance runs. */
  follow(live: LiveTurn, content: string, offset: number, seq: number): void {
    live.replace(offset, content, seq);
    this.raise(seq);
    this.publish({
      type: 'token',
      conversation_id: this.conversationId,
      turn_id: live.turnId,
      seq,
      role: 'assistant',
      content,
      offset,
    });
  }

  /** Another event of a turn that another instance runs. */
  followEvent(live: LiveTurn, event: StatusEvent | PayloadEvent): void {
    if (event.type === 'status') {
      live.status = event;
      if (event.agent !== undefined) live.agent = event.agent;
    } else live.payloads.push(event);
    this.raise(event.seq);
    this.publish(event);
  }
}
