/**
 * Messages on their way, kept over a reload of the tab: one without an ack is sent again with the same
 * `client_message_id`, and one whose turn failed can be. The frame is kept word for word, because a repeat with
 * another content or conversation would be a different message to the server.
 */
import type { UserMessageFrame } from './protocol.js';
import type { KeyValueStore } from './store.js';

export interface OutboxEntry {
  frame: UserMessageFrame;
  /** False once the server has answered, with an ack or with a refusal. */
  awaitingAnswer: boolean;
  /** From the first ack on; null before. */
  conversationId: string | null;
  turnId: string | null;
}

/** Failed messages that nobody sends again must not pile up. */
const KEPT = 20;

export class Outbox {
  private readonly key: string;
  private entries: OutboxEntry[];

  /** `owner`: the user's id; another user of the same tab must not send this one's messages. */
  constructor(
    private readonly store: KeyValueStore,
    owner: string,
  ) {
    this.key = `switchboard.outbox.${owner}`;
    this.entries = readEntries(store.getItem(this.key));
  }

  add(frame: UserMessageFrame): void {
    this.write([...this.entries, { frame, awaitingAnswer: true, conversationId: null, turnId: null }]);
  }

  acked(clientMessageId: string, conversationId: string | null, turnId: string | null): void {
    // Without a turn nothing can fail any more: a person has it.
    if (turnId === null) this.write(this.entries.filter((entry) => entry.frame.client_message_id !== clientMessageId));
    else this.patch(clientMessageId, { awaitingAnswer: false, conversationId, turnId });
  }

  /** Not sent again by itself, but kept for the person's "try again". */
  refused(clientMessageId: string): void {
    this.patch(clientMessageId, { awaitingAnswer: false });
  }

  sendingAgain(clientMessageId: string): void {
    this.patch(clientMessageId, { awaitingAnswer: true, turnId: null });
  }

  finished(turnId: string): void {
    if (this.entries.some((entry) => entry.turnId === turnId)) {
      this.write(this.entries.filter((entry) => entry.turnId !== turnId));
    }
  }

  byTurn(turnId: string): OutboxEntry | null {
    return this.entries.find((entry) => entry.turnId === turnId) ?? null;
  }

  byClientMessageId(id: string): OutboxEntry | null {
    return this.entries.find((entry) => entry.frame.client_message_id === id) ?? null;
  }

  /** What the server has not answered yet, oldest first. */
  get pending(): OutboxEntry[] {
    return this.entries.filter((entry) => entry.awaitingAnswer);
  }

  private patch(clientMessageId: string, fields: Partial<OutboxEntry>): void {
    this.write(
      this.entries.map((entry) =>
        entry.frame.client_message_id === clientMessageId ? { ...entry, ...fields } : entry,
      ),
    );
  }

  private write(entries: OutboxEntry[]): void {
    this.entries = entries.slice(-KEPT);
    this.store.setItem(this.key, JSON.stringify(this.entries));
  }
}

function readEntries(text: string | null): OutboxEntry[] {
  if (!text) return [];
  try {
    const entries: unknown = JSON.parse(text);
    return Array.isArray(entries) ? (entries as OutboxEntry[]) : [];
  } catch {
    return [];
  }
}
