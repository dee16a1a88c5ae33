import type {
  ConversationEvent,
  DoneEvent,
  ErrorEvent,
  EscalationEvent,
  MessageEvent,
  PayloadEvent,
  Subscriber,
} from '#conversations';
import { newId } from '#platform/database';

/** What an HTTP request keeps of its turn. */
export interface HeardTurn {
  readonly message: MessageEvent | null;
  readonly payloads: readonly PayloadEvent[];
  readonly error: ErrorEvent | null;
  readonly escalation: EscalationEvent | null;
  readonly done: DoneEvent;
}

/**
 * Follows one turn of a conversation: the one whose acknowledgement comes first. Others that run in the same conversation
 * pass by. An acknowledgement without a turn (a person owns the conversation) is all there will be.
 */
export class TurnReader implements Subscriber {
  readonly id = newId();
  private turnId: string | null = null;
  private start = 0;
  private message: MessageEvent | null = null;
  private readonly payloads: PayloadEvent[] = [];
  private error: ErrorEvent | null = null;
  private escalation: EscalationEvent | null = null;
  private resolve: (heard: HeardTurn) => void = () => undefined;
  /** Resolves with the turn's `done`. */
  readonly heard = new Promise<HeardTurn>((resolve) => (this.resolve = resolve));

  /** @param tell is given each event of the turn, in order */
  constructor(private readonly tell: (event: ConversationEvent) => void = () => undefined) {}

  deliver(event: ConversationEvent): void {
    if (event.type === 'context_restored' || event.type === 'conversation' || event.type === 'typing') return;
    // Of the conversation and not of a turn: the wish for a person that this turn has led to.
    if (event.type === 'escalation') {
      if (this.turnId === null) return;
      this.escalation = event;
      return this.tell(event);
    }
    if (event.type === 'ack') this.turnId ??= event.turn_id;
    else if (this.turnId === null) return;
    if (event.turn_id !== this.turnId) return;
    this.tell(event);
    switch (event.type) {
      case 'message':
        if (event.role === 'assistant') this.message = event;
        break;
      case 'payload':
        this.payloads.push(event);
        break;
      case 'error':
        this.error = event;
        break;
      case 'done':
        this.resolve({
          message: this.message,
          payloads: this.payloads,
          error: this.error,
          escalation: this.escalation,
          done: event,
        });
        break;
      case 'turn':
        // Begun again: what it had found so far no longer counts.
        if (event.start > this.start) this.payloads.length = 0;
        this.start = event.start;
        break;
      case 'ack':
      case 'status':
      case 'token':
        break;
    }
  }
}
