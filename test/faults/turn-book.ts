import type { Frame } from '../support/chat-client.js';
import { eventually } from './waiting.js';

/** A frame that stands for something stored: a `message`, a turn's `error` or its `done`. */
export interface StoredFrame {
  readonly type: string;
  /** What it tells: a message of a turn, or the turn's end. The same question asked anew is another one. */
  readonly key: string;
  /** Of a `message`. */
  readonly messageId: string | null;
  readonly turnId: string | null;
  readonly seq: number;
  readonly connection: number;
}

/** What one reader has seen of one turn. */
export interface TurnSeen {
  readonly turnId: string;
  readonly conversationId: string;
  /** Types of its frames in order, runs of tokens as one, `|` where the reader had to connect again. */
  readonly trail: string[];
  /** Put together as the contract says: `text = text.slice(0, offset) + content`. */
  text: string;
  /** Over which connection the last token came. */
  textConnection: number;
  /** What a client that appends whatever comes has got over that connection. */
  appended: string;
  /** A token that began behind the text there was: something in between never came. */
  gap: string | null;
  readonly starts: number[];
  readonly answerIds: Set<string>;
  readonly messages: { readonly id: string; readonly content: string }[];
  readonly errors: Frame[];
  readonly dones: { readonly frame: Frame; readonly at: number; readonly connection: number }[];
  readonly firstAt: number;
  /** How often this reader sent the turn's message again: a repeat is answered by the end once more. */
  repeats: number;
}

/** A reader's memory of the turns that it was told of; keeps no single token, since a storm has millions. */
export class TurnBook {
  readonly turns = new Map<string, TurnSeen>();
  /** Conversation → the highest number seen in it: where to resume. */
  readonly lastSeq = new Map<string, number>();
  /** Conversation → what was told of it that is stored, in the order in which it came. */
  readonly stored = new Map<string, StoredFrame[]>();
  connection = 0;

  /** @param takesMessages false: it asked for tokens alone, and appends them */
  constructor(
    readonly reader: string,
    readonly takesMessages = true,
  ) {}

  /** False once the reader has left by itself: nobody owes it an end then. */
  staying = true;

  /** What was seen of a turn, once it is as it should be; says what it was instead when it never is. */
  async until(turnId: string, what: (turn: TurnSeen) => boolean, label: string, ms = 10_000): Promise<TurnSeen> {
    await eventually(
      () => this.turns.has(turnId) && what(this.turn(turnId)),
      () => `${this.reader} to see ${label}; saw: ${this.turns.get(turnId)?.trail.join(' ') ?? 'nothing'}`,
      ms,
    );
    return this.turn(turnId);
  }

  take(frame: Frame): void {
    const conversation = frame['conversation_id'];
    if (typeof conversation === 'string' && typeof frame['seq'] === 'number')
      this.lastSeq.set(conversation, Math.max(frame['seq'], this.lastSeq.get(conversation) ?? 0));
    if (frame['type'] === 'context_restored') {
      if (typeof frame['last_seq'] === 'number' && typeof conversation === 'string' && !this.lastSeq.has(conversation))
        this.lastSeq.set(conversation, frame['last_seq']);
      return;
    }
    this.keepStored(frame);
    const turnId = frame['turn_id'];
    if (typeof turnId !== 'string') return;
    // The answer to a refused frame only names the turn.
    if (frame['type'] === 'error' && frame['scope'] === 'frame') return;
    this.write(this.turn(turnId, conversation), frame);
  }

  turn(turnId: string, conversationId = ''): TurnSeen {
    let seen = this.turns.get(turnId);
    if (seen === undefined) {
      seen = {
        turnId,
        conversationId,
        trail: [],
        text: '',
        textConnection: -1,
        appended: '',
        gap: null,
        starts: [],
        answerIds: new Set(),
        messages: [],
        errors: [],
        dones: [],
        firstAt: Date.now(),
        repeats: 0,
      };
      this.turns.set(turnId, seen);
    }
    return seen;
  }

  private keepStored(frame: Frame): void {
    const { type, seq, conversation_id: conversation } = frame;
    const told = type === 'message' || type === 'done' || (type === 'error' && frame['scope'] === 'turn');
    if (!told || typeof conversation !== 'string' || typeof seq !== 'number') return;
    const messageId = type === 'message' ? String(frame['id']) : null;
    const turnId = typeof frame['turn_id'] === 'string' ? frame['turn_id'] : null;
    const entry = { type, key: `${type} ${messageId ?? ''} ${turnId}`, messageId, turnId, seq };
    const frames = this.stored.get(conversation);
    const kept = { ...entry, connection: this.connection };
    if (frames === undefined) this.stored.set(conversation, [kept]);
    else frames.push(kept);
  }

  private write(seen: TurnSeen, frame: Frame): void {
    const last = seen.trail.at(-1)?.split(' ')[0];
    const type = String(frame['type']);
    if (last !== type || !['token', 'status'].includes(type)) seen.trail.push(this.mark(seen, frame));
    switch (type) {
      case 'turn':
        if (frame['status'] === 'running') seen.starts.push(Number(frame['start']));
        seen.answerIds.add(String(frame['answer_id']));
        return;
      case 'token': {
        const offset = Number(frame['offset']);
        if (offset > seen.text.length)
          seen.gap = `a token at ${offset} behind ${seen.text.length} characters (${seen.trail.join(' ')})`;
        seen.text = seen.text.slice(0, offset) + String(frame['content']);
        seen.appended = (seen.textConnection === this.connection ? seen.appended : '') + String(frame['content']);
        seen.textConnection = this.connection;
        return;
      }
      case 'message':
        if (frame['role'] === 'assistant') seen.messages.push({ id: frame['id'], content: frame['content'] });
        return;
      case 'error':
        seen.errors.push(frame);
        return;
      case 'done':
        seen.dones.push({ frame, at: Date.now(), connection: this.connection });
    }
  }

  private mark(seen: TurnSeen, frame: Frame): string {
    const detail = { turn: `${frame['status']},${frame['start']}`, done: frame['status'], error: frame['code'] };
    const type = String(frame['type']);
    const word = type in detail ? `${type}(${detail[type as keyof typeof detail]})` : type;
    const moved = seen.dones.length === 0 && seen.textConnection >= 0 && seen.textConnection !== this.connection;
    return moved ? `| ${word}` : word;
  }
}
