import type { ConversationEvent, MessageEvent, MessageView, TokenEvent } from '#conversations';
import type { ReaderOptions } from './reader-options.js';

/** How one turn is told to one reader. */
interface TurnTelling extends ReaderOptions {
  /** True once the reader has got text of this turn. */
  spoken: boolean;
}

interface ConversationTelling {
  readonly options: ReaderOptions;
  /** `,"session_id":"abc"` or nothing: put before the closing brace of every frame. */
  readonly suffix: string;
}

/**
 * Writes the events of conversations as one reader's frames: leaves out what it did not ask for, adds its own name of the
 * conversation, puts HTML in the place of Markdown.
 *
 * A reader that takes no `message` frames and has got no text of a turn (it ran before, or elsewhere) gets the stored answer
 * as one token at offset 0, since it would otherwise never see it.
 */
export class EventEncoder {
  private readonly conversations = new Map<string, ConversationTelling>();
  private readonly turns = new Map<string, TurnTelling>();

  /** @param defaults for conversations and turns that nothing else was said about */
  constructor(private readonly defaults: ReaderOptions) {}

  knows(conversationId: string): boolean {
    return this.conversations.has(conversationId);
  }

  /** Says how to tell a conversation. A client key that was named once stays. */
  conversation(conversationId: string, sessionId: string | number | null, options: ReaderOptions): void {
    const suffix = sessionId === null ? '' : `,"session_id":${JSON.stringify(sessionId)}`;
    this.conversations.set(conversationId, { options, suffix });
  }

  turn(turnId: string, options: ReaderOptions): void {
    this.turns.set(turnId, { ...options, spoken: false });
  }

  /** @returns the frame as JSON, or null when this reader does not get it */
  encode(event: ConversationEvent, ref?: string): string | null {
    const conversation = this.conversations.get(event.conversation_id);
    switch (event.type) {
      case 'token': {
        let turn = this.turns.get(event.turn_id);
        if (turn === undefined) {
          turn = { ...(conversation?.options ?? this.defaults), spoken: false };
          this.turns.set(event.turn_id, turn);
        }
        if (!turn.stream) return null;
        turn.spoken = true;
        return this.complete(plainJson(event), conversation, undefined);
      }
      case 'message':
        return this.message(event, conversation);
      case 'done':
        this.turns.delete(event.turn_id);
        break;
      case 'context_restored': {
        const { format } = conversation?.options ?? this.defaults;
        if (format === 'html') {
          const json = JSON.stringify({ ...event, messages: event.messages.map(asHtml) });
          return this.complete(json, conversation, ref);
        }
        break;
      }
      case 'ack':
      case 'status':
      case 'payload':
      case 'error':
        break;
    }
    return this.complete(plainJson(event), conversation, ref);
  }

  private message(event: MessageEvent, conversation: ConversationTelling | undefined): string | null {
    const turn = event.turn_id === null ? undefined : this.turns.get(event.turn_id);
    const options = turn ?? conversation?.options ?? this.defaults;
    if (options.final) {
      const json = options.format === 'html' ? JSON.stringify(asHtml(event)) : plainJson(event);
      return this.complete(json, conversation, undefined);
    }
    const unheard = options.stream && event.role === 'assistant' && turn?.spoken !== true && event.turn_id !== null;
    return unheard ? this.complete(JSON.stringify(asToken(event, event.turn_id)), conversation, undefined) : null;
  }

  private complete(json: string, conversation: ConversationTelling | undefined, ref: string | undefined): string {
    const suffix = conversation?.suffix ?? '';
    if (suffix === '' && ref === undefined) return json;
    return `${json.slice(0, -1)}${suffix}${ref === undefined ? '' : `,"ref":${JSON.stringify(ref)}`}}`;
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
