import type {
  ConversationEvent,
  PayloadEvent,
  StatusEvent,
  TokenEvent,
  TurnStateEvent,
} from '../model/conversation-event.js';

/** What tells a turn's run from every other. */
export interface TurnBeginning {
  readonly turnId: string;
  readonly attempt: number;
  readonly start: number;
  readonly fence: number;
  readonly questionId: string;
  readonly answerId: string;
  readonly agent: string | null;
  /** The instance that runs it. */
  readonly owner: string;
}

/** Where a turn's live events also go while another instance follows it. Called on the token path: it must not block. */
export interface LiveFollowers {
  push(event: TokenEvent | StatusEvent | PayloadEvent): void;
}

/** What a running turn has said so far: of this instance's own run, or as it was heard from another one. */
export class LiveTurn {
  readonly turnId: string;
  readonly beginning: TurnStateEvent;
  readonly payloads: PayloadEvent[] = [];
  status: StatusEvent | null = null;
  agent: string | null;
  /** On this process's clock (`performance.now()`). */
  readonly begunAt = performance.now();
  /** Its end is written; what is left is to tell it. */
  over = false;
  /** null: nobody elsewhere listens, and nothing is spent on it. */
  followed: LiveFollowers | null = null;
  /** Of a turn elsewhere: the number of what was heard last; null while its state is awaited. */
  heard: number | null = null;
  /** Its row is being read. */
  reading = false;
  private written = '';
  /** Number of the last token, so that a late reader's copy of the text takes its place in the order. */
  private textSeq = 0;

  /** @param mine this instance runs it */
  constructor(
    private readonly conversationId: string,
    readonly run: TurnBeginning,
    public mine: boolean,
    seq: number,
  ) {
    this.turnId = run.turnId;
    this.agent = run.agent;
    this.beginning = {
      type: 'turn',
      conversation_id: conversationId,
      turn_id: run.turnId,
      seq,
      status: 'running',
      attempt: run.attempt,
      start: run.start,
      question_id: run.questionId,
      answer_id: run.answerId,
      agent: run.agent,
    };
  }

  get text(): string {
    return this.written;
  }

  get lastSeq(): number {
    return this.textSeq;
  }

  append(content: string, seq: number): void {
    this.written += content;
    this.textSeq = seq;
  }

  replace(offset: number, content: string, seq: number): void {
    this.written = this.written.slice(0, offset) + content;
    this.textSeq = seq;
  }

  /** The state as a late reader gets it: the turn, its payloads, and its text as one token at offset 0. */
  soFar(): ConversationEvent[] {
    const turn = { ...this.beginning, agent: this.agent };
    if (this.written === '') return [turn, ...(this.status === null ? [] : [this.status]), ...this.payloads];
    const text: TokenEvent = {
      type: 'token',
      conversation_id: this.conversationId,
      turn_id: this.turnId,
      seq: this.textSeq,
      role: 'assistant',
      content: this.written,
      offset: 0,
    };
    return [turn, ...this.payloads, text];
  }
}
