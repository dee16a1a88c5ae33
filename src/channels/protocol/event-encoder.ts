import type { ConversationEvent, MessageEvent, MessageView, TokenEvent, TurnStateEvent } from '#conversations';
import type { ReaderOptions } from './reader-options.js';

/** Where an encoder's frames go. `seq` is undefined for direct answers, which have none. */
export type FrameSink = (type: string, seq: number | undefined, json: string) => void;

/** How one turn is told to one reader. */
interface TurnTelling {
  readonly conversationId: string;
  readonly options: ReaderOptions;
  /**
   * For readers that append (tokens and no messages): what they have of the current text. Others put the text together by
   * the offsets, and nothing is kept for them.
   */
  text: string;
  /** Which beginning of the turn the text belongs to; 0: not known yet. */
  start: number;
  /** True once text was told that no longer counts: the next text begins with a gap. */
  restarted: boolean;
}

interface ConversationTelling {
  readonly options: ReaderOptions;
  /** `,"session_id":"abc"` or nothing: put before the closing brace of every frame. */
  readonly suffix: string;
}

const GAP = '\n\n';
const STARTING_AGAIN = 'Starting the answer again...';

/**
 * Writes the events of conversations as one reader's frames: leaves out what it did not ask for, adds its own name of the
 * conversation, puts HTML in the place of Markdown.
 *
 * A reader that takes no `message` frames appends whatever it gets. So it is never told the same text twice (a snapshot after
 * `resume` is cut to what is new), gets a stored answer as a token when it has not got it, or its end when the live text
 * was cut off, and gets a status and an empty line before a text that starts over.
 */
export class EventEncoder {
  private readonly conversations = new Map<string, ConversationTelling>();
  private readonly turns = new Map<string, TurnTelling>();

  /** @param defaults for conversations and turns that nothing else was said about */
  constructor(
    private readonly defaults: ReaderOptions,
    private readonly sink: FrameSink,
  ) {}

  knows(conversationId: string): boolean {
    return this.conversations.has(conversationId);
  }

  /** Says how to tell a conversation. A client key that was named once stays. */
  conversation(conversationId: string, sessionId: string | number | null, options: ReaderOptions): void {
    const suffix = sessionId === null ? '' : `,"session_id":${JSON.stringify(sessionId)}`;
    this.conversations.set(conversationId, { options, suffix });
  }

  /** Says how to tell a turn; what was told of it already stays told. */
  turn(conversationId: string, turnId: string, options: ReaderOptions): void {
    const known = this.turns.get(turnId);
    this.turns.set(turnId, {
      conversationId,
      options,
      text: known?.text ?? '',
      start: known?.start ?? 0,
      restarted: known?.restarted ?? false,
    });
  }

  /** After `unsubscribe`: what comes of this conversation later is told from its beginning. */
  forget(conversationId: string): void {
    for (const [turnId, turn] of this.turns) if (turn.conversationId === conversationId) this.turns.delete(turnId);
  }

  /** Writes the frames that this reader gets for an event: none, one, or (for one that appends) several. */
  tell(event: ConversationEvent, ref?: string): void {
    const conversation = this.conversations.get(event.conversation_id);
    switch (event.type) {
      case 'token':
        return this.token(event, conversation);
      case 'message':
        return this.message(event, conversation);
      case 'turn':
        this.begun(event, conversation);
        break;
      case 'done':
        this.turns.delete(event.turn_id);
        break;
      case 'ack':
        return this.write('ack', undefined, plainJson(event), conversation, ref);
      case 'context_restored': {
        const { format } = conversation?.options ?? this.defaults;
        const json =
          format === 'html' ? JSON.stringify({ ...event, messages: event.messages.map(asHtml) }) : plainJson(event);
        return this.write('context_restored', undefined, json, conversation, ref);
      }
      case 'typing':
        return this.write('typing', undefined, plainJson(event), conversation);
      case 'escalation':
        // The answer to an `escalate` names the frame that asked.
        return this.write('escalation', event.seq, plainJson(event), conversation, ref);
      case 'conversation':
      case 'status':
      case 'payload':
      case 'error':
        break;
    }
    this.write(event.type, event.seq, plainJson(event), conversation);
  }

  private token(event: TokenEvent, conversation: ConversationTelling | undefined): void {
    const turn = this.telling(event, conversation);
    if (!turn.options.stream) return;
    // The hot path: everybody who streams and takes messages, and every reader whose text simply goes on.
    if (turn.options.final) return this.write('token', event.seq, plainJson(event), conversation);
    if (event.offset === turn.text.length && event.content !== '' && !turn.restarted) {
      turn.text += event.content;
      return this.write('token', event.seq, plainJson(event), conversation);
    }
    this.append(turn, event, conversation);
  }

  /** Tells an appending reader what it lacks of the text that a token leads to. */
  private append(turn: TurnTelling, event: TokenEvent, conversation: ConversationTelling | undefined): void {
    const { text } = turn;
    const whole = text.slice(0, event.offset) + event.content;
    if (whole === '') {
      // Taken back: what was shown no longer counts, and perhaps nothing follows.
      if (text !== '') Object.assign(turn, { text: '', restarted: true });
      return this.write('token', event.seq, plainJson(event), conversation);
    }
    if (text.startsWith(whole)) return;
    if (whole.startsWith(text)) {
      if (turn.restarted) this.gap(turn, event, conversation);
      const rest = { ...event, content: whole.slice(text.length), offset: text.length };
      this.write('token', event.seq, JSON.stringify(rest), conversation);
    } else {
      this.gap(turn, event, conversation);
      this.write('token', event.seq, JSON.stringify({ ...event, content: whole, offset: 0 }), conversation);
    }
    turn.text = whole;
  }

  private gap(turn: TurnTelling, event: TokenEvent, conversation: ConversationTelling | undefined): void {
    const { conversation_id, turn_id, seq } = event;
    const place = { conversation_id, turn_id, seq };
    const status = { type: 'status', ...place, step: 'generating', message: STARTING_AGAIN };
    const line: TokenEvent = { type: 'token', ...place, role: 'assistant', content: GAP, offset: turn.text.length };
    this.write('status', seq, JSON.stringify(status), conversation);
    this.write('token', seq, JSON.stringify(line), conversation);
    turn.restarted = false;
  }

  /** A turn that is begun again says everything again. */
  private begun(event: TurnStateEvent, conversation: ConversationTelling | undefined): void {
    const turn = this.telling(event, conversation);
    if (event.start > Math.max(1, turn.start) && turn.text !== '') {
      Object.assign(turn, { text: '', restarted: true });
    }
    turn.start = Math.max(turn.start, event.start);
  }

  private message(event: MessageEvent, conversation: ConversationTelling | undefined): void {
    const turn = event.turn_id === null ? undefined : this.turns.get(event.turn_id);
    const options = turn?.options ?? conversation?.options ?? this.defaults;
    if (options.final) {
      const json = options.format === 'html' ? JSON.stringify(asHtml(event)) : plainJson(event);
      return this.write('message', event.seq, json, conversation);
    }
    if (!options.stream || event.role !== 'assistant' || event.turn_id === null) return;
    const stored = asToken(event, event.turn_id);
    if (turn === undefined) return this.write('token', event.seq, JSON.stringify(stored), conversation);
    // The words of the live text stand; only what it lacks at its end is added.
    if (stored.content.startsWith(turn.text)) this.append(turn, stored, conversation);
  }

  private telling(
    event: { readonly conversation_id: string; readonly turn_id: string },
    conversation: ConversationTelling | undefined,
  ): TurnTelling {
    let turn = this.turns.get(event.turn_id);
    if (turn === undefined) {
      const options = conversation?.options ?? this.defaults;
      turn = { conversationId: event.conversation_id, options, text: '', start: 0, restarted: false };
      this.turns.set(event.turn_id, turn);
    }
    return turn;
  }

  private write(
    type: string,
    seq: number | undefined,
    json: string,
    conversation: ConversationTelling | undefined,
    ref?: string,
  ): void {
    const suffix = conversation?.suffix ?? '';
    if (suffix === '' && ref === undefined) return this.sink(type, seq, json);
    this.sink(type, seq, `${json.slice(0, -1)}${suffix}${ref === undefined ? '' : `,"ref":${JSON.stringify(ref)}`}}`);
  }
}

let lastEvent: ConversationEvent | undefined;
let lastJson = '';

/**
 * An event's own JSON. Readers of a conversation are told of an event one right after the other, so remembering the last
 * one is enough to write each event once for all of them, and cheaper than a table of events.
 */
export function plainJson(event: ConversationEvent): string {
  if (event !== lastEvent) {
    lastJson = JSON.stringify(event);
    lastEvent = event;
  }
  return lastJson;
}

export function asHtml<M extends MessageView>(message: M): M {
  return { ...message, content: message.content_html };
}

function asToken(message: MessageEvent, turnId: string): TokenEvent {
  return {
    type: 'token',
    conversation_id: message.conversation_id,
    turn_id: turnId,
    seq: message.seq,
    role: 'assistant',
    content: message.content,
    offset: 0,
  };
}
