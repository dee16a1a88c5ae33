import type { Journal, Sent } from './journal.js';
import type { StoredFrame, TurnBook, TurnSeen } from './turn-book.js';

/** What the database and REST say, in the contract's own words. */
export interface Truth {
  /** `app.turn(status)` */
  readonly turns: ReadonlyMap<string, { readonly status: string; readonly conversationId: string }>;
  /** `GET …/turns` of every conversation. */
  readonly restTurns: ReadonlyMap<
    string,
    { readonly status: string; readonly error: { readonly code: string } | null }
  >;
  /** `GET …/messages` of every conversation, ascending. */
  readonly messages: readonly StoredMessage[];
  /** Turns that were not at an end when waiting was given up. */
  readonly open: readonly string[];
}

export interface StoredMessage {
  readonly id: string;
  readonly turn_id: string | null;
  readonly conversation_id: string;
  readonly seq: number;
  readonly role: string;
  readonly content: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

export interface Verdict {
  readonly sent: number;
  readonly acked: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** Each list is empty when all is well; its lines say what happened to whom. */
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly open: readonly string[];
  /** Readers that were told of a turn and never of its end. */
  readonly waiting: readonly string[];
  /** Readers that were told something else than what is stored. */
  readonly wrong: readonly string[];
}

const ENDED = new Set(['completed', 'failed', 'cancelled', 'input_required', 'handed_off']);

/** Compares what clients were promised and told with what is stored. Pure: what it says depends on its arguments alone. */
export function checkJournal(journal: Journal, truth: Truth): Verdict {
  const lists = { lost: [] as string[], doubled: [] as string[], waiting: [] as string[], wrong: [] as string[] };
  const stored = new Stored(truth.messages);
  const outcomes: Record<string, number> = {};
  /** Failed turns whose question was sent again by somebody who had not heard of it. */
  const triedAgain = new Set<string>();
  for (const { ack, before, sent } of journal.sent.flatMap(acksOf)) {
    const turn = truth.turns.get(ack.turn_id);
    const status = turn?.status ?? 'gone';
    outcomes[status] = (outcomes[status] ?? 0) + 1;
    const label = `"${sent.content}" of ${sent.reader}`;
    // A repeat gets the same ack, but for one after a failure, which is a new attempt.
    if (before !== null && truth.turns.get(before)?.status === 'failed') triedAgain.add(before);
    else if (before !== null) lists.doubled.push(`${label}: acked again as turn ${ack.turn_id}`);
    if (turn === undefined) lists.lost.push(`${label}: turn ${ack.turn_id} was acked and is gone`);
    else {
      const rest = truth.restTurns.get(ack.turn_id);
      if (rest?.status !== turn.status)
        lists.wrong.push(`${label}: REST says ${rest?.status ?? 'nothing'}, the database ${turn.status}`);
      const times = stored.timesAsked(ack);
      // A person's Stop keeps the question; a failure leaves nothing in the conversation.
      if ((turn.status === 'completed' || turn.status === 'cancelled') && times !== 1)
        lists.lost.push(`${label}: the question of a ${turn.status} turn stands ${times} times in the conversation`);
      if (turn.status === 'completed' && stored.answersOf(ack.turn_id).length === 0)
        lists.lost.push(`${label}: completed without an answer`);
    }
  }
  for (const turnId of truth.turns.keys()) {
    const answers = stored.answersOf(turnId);
    if (answers.length > 1) lists.doubled.push(`turn ${turnId} has ${answers.length} answers`);
  }
  for (const [nonce, count] of countQuestions(truth))
    if (count > 1) lists.doubled.push(`the question ${nonce} stands ${count} times in its conversation`);
  for (const message of truth.messages)
    if (!message.content.isWellFormed())
      lists.wrong.push(`message ${message.id} has half a character: "${short(message.content)}"`);
  const numbers = new Numbers(truth.messages);
  for (const book of journal.books) {
    for (const seen of book.turns.values()) judge(book, seen, { truth, messages: stored, triedAgain }, lists);
    for (const frames of book.stored.values()) judgeOrder(book, frames, numbers, lists);
  }
  return {
    sent: journal.sent.length,
    acked: journal.sent.filter((sent) => sent.ack !== null).length,
    outcomes,
    ...lists,
    open: truth.open,
  };
}

type Ack = NonNullable<Sent['ack']>;

/** What one sender was told of its message, each turn once, and the turn that it was told before. */
function acksOf(sent: Sent): { sent: Sent; ack: Pick<Ack, 'turn_id' | 'message_id'>; before: string | null }[] {
  const told = new Map<string, Pick<Ack, 'turn_id' | 'message_id'>>();
  for (const ack of sent.ack === null ? [] : [sent.ack, ...(sent.otherAcks as unknown as Ack[])])
    if (!told.has(ack.turn_id)) told.set(ack.turn_id, ack);
  const acks = [...told.values()];
  return acks.map((ack, n) => ({ sent, ack, before: acks[n - 1]?.turn_id ?? null }));
}

/** The messages once more, by what they are looked up by: a storm leaves tens of thousands. */
class Stored {
  private readonly answers = new Map<string, StoredMessage[]>();
  /** By their own id and by their turn's. */
  private readonly questions = new Map<string, number>();

  constructor(messages: readonly StoredMessage[]) {
    for (const message of messages) {
      if (message.role === 'user')
        for (const id of [message.id, message.turn_id ?? '']) this.questions.set(id, (this.questions.get(id) ?? 0) + 1);
      if (message.role !== 'assistant' || message.turn_id === null) continue;
      this.answers.set(message.turn_id, [...this.answersOf(message.turn_id), message]);
    }
  }

  answersOf(turnId: string): readonly StoredMessage[] {
    return this.answers.get(turnId) ?? [];
  }

  /** An ack over HTTP does not say which message the question became. */
  timesAsked(ack: { readonly message_id: string | null; readonly turn_id: string }): number {
    return this.questions.get(ack.message_id ?? ack.turn_id) ?? 0;
  }
}

/**
 * The one number that each stored message has, wherever it is told. A question that is asked anew after a failure gets
 * another one, so the turn belongs to its name.
 */
class Numbers {
  private readonly known = new Map<string, { readonly seq: number; readonly by: string }>();
  /** Message → its place in what REST lists. */
  private readonly places = new Map<string, number>();

  constructor(messages: readonly StoredMessage[]) {
    for (const [place, { id, turn_id, seq }] of messages.entries()) {
      this.known.set(`${id} ${turn_id}`, { seq, by: 'REST' });
      this.places.set(`${id} ${turn_id}`, place);
    }
  }

  /** @returns what somebody else was told */
  differs({ messageId, turnId, seq }: StoredFrame, by: string): string | null {
    const name = `${messageId} ${turnId}`;
    const known = this.known.get(name);
    if (known === undefined) this.known.set(name, { seq, by });
    return known === undefined || known.seq === seq ? null : `${known.seq} by ${known.by}`;
  }

  place({ messageId, turnId }: StoredFrame): number | undefined {
    return this.places.get(`${messageId} ${turnId}`);
  }
}

/**
 * What is stored has one order, and each reader is told in that order, each thing once: over one connection, and over
 * several, since it asks for what lies behind the last number that it saw. Whoever sends a message again is told its end
 * again.
 */
function judgeOrder(
  book: TurnBook,
  frames: readonly StoredFrame[],
  numbers: Numbers,
  lists: { wrong: string[]; doubled: string[] },
): void {
  const times = new Map<string, number>();
  let highest: StoredFrame | undefined;
  let furthest: { readonly frame: StoredFrame; readonly place: number } | undefined;
  for (const frame of frames) {
    const label = `${book.reader}: ${frame.type} ${frame.messageId ?? `of turn ${frame.turnId}`}`;
    const other = frame.messageId === null ? null : numbers.differs(frame, book.reader);
    if (other !== null) lists.wrong.push(`${label} was told as number ${frame.seq}, and as ${other}`);
    const name = `${frame.key} ${frame.connection}`;
    const told = (times.get(name) ?? 0) + 1;
    times.set(name, told);
    const repeats = frame.turnId === null ? 0 : (book.turns.get(frame.turnId)?.repeats ?? 0);
    if (frame.messageId !== null && told > 1 + repeats)
      lists.doubled.push(`${label} was told ${told} times over one connection`);
    if (repeats > 0) continue;
    if (highest !== undefined && frame.seq <= highest.seq)
      lists.wrong.push(`${label} was told as number ${frame.seq} after ${highest.seq} (${highest.key.trim()})`);
    else highest = frame;
    const place = numbers.place(frame);
    if (place === undefined) continue;
    if (furthest !== undefined && place < furthest.place)
      lists.wrong.push(`${label} was told after ${furthest.frame.messageId}, REST lists it before`);
    else furthest = { frame, place };
  }
}

function countQuestions(truth: Truth): Map<string, number> {
  const counts = new Map<string, number>();
  for (const message of truth.messages) {
    const nonce = message.role === 'user' ? /nonce:([\w-]+)/.exec(message.content)?.[1] : undefined;
    if (nonce !== undefined) counts.set(nonce, (counts.get(nonce) ?? 0) + 1);
  }
  return counts;
}

function judge(
  book: TurnBook,
  seen: TurnSeen,
  { truth, messages, triedAgain }: { truth: Truth; messages: Stored; triedAgain: ReadonlySet<string> },
  lists: { lost: string[]; waiting: string[]; wrong: string[]; doubled: string[] },
): void {
  const label = `${book.reader}, turn ${seen.turnId} (${seen.trail.join(' ')})`;
  const stored = truth.turns.get(seen.turnId);
  const [done] = seen.dones;
  if (seen.gap !== null) lists.wrong.push(`${book.reader}: ${seen.gap}`);
  if (done === undefined) {
    const goesOn = seen.repeats > 0 && triedAgain.has(seen.turnId);
    if (book.staying && stored !== undefined && ENDED.has(stored.status) && !goesOn)
      lists.waiting.push(`${label} was never told: ${stored.status}`);
    return;
  }
  if (seen.dones.length > 1 + seen.repeats) lists.doubled.push(`${label} was told ${seen.dones.length} ends`);
  for (const { frame } of seen.dones)
    if (stored !== undefined && frame['status'] !== stored.status)
      lists.wrong.push(`${label} was told ${frame['status']}, the database says ${stored.status}`);
  if (new Set(seen.messages.map((message) => message.id)).size > 1)
    lists.doubled.push(`${label} was sent ${seen.messages.length} different answers`);
  if (stored?.status === 'failed' && seen.errors.length === 0) lists.wrong.push(`${label} failed without an error`);
  const [answer] = messages.answersOf(seen.turnId);
  if (stored?.status !== 'completed' && stored?.status !== 'cancelled') return;
  // Text that came over the same connection as the end is whole.
  const whole = seen.textConnection === done.connection;
  if (answer === undefined) {
    // What a dead owner had written is gone with it; what a living one had shown is kept.
    if (stored.status === 'cancelled' && whole && seen.text !== '' && !seen.starts.some((start) => start > 1))
      lists.lost.push(`${label} saw "${short(seen.text)}" of a cancelled turn that kept nothing of it`);
    return;
  }
  if (stored.status === 'cancelled' && answer.metadata['partial'] !== true)
    lists.wrong.push(`${label}: what is kept of a cancelled turn is not marked as partial`);
  const told = seen.messages[0]?.content;
  if (told === undefined) {
    if (book.takesMessages) lists.wrong.push(`${label} was never sent the stored message`);
  } else if (told !== answer.content)
    lists.wrong.push(`${label} was sent "${short(told)}", stored is "${short(answer.content)}"`);
  if (!whole) return;
  // A Stop may cut between the two; an appending reader gets the rest of it.
  const cut = stored.status === 'cancelled' && book.takesMessages;
  const fits = cut
    ? seen.text.startsWith(answer.content) || answer.content.startsWith(seen.text)
    : seen.text === answer.content;
  if (!fits) lists.wrong.push(`${label} put together "${short(seen.text)}", stored is "${short(answer.content)}"`);
  // Text that was begun again stands below an empty line there.
  if (
    !book.takesMessages &&
    stored.status === 'completed' &&
    seen.starts.every((start) => start < 2) &&
    seen.appended !== answer.content
  )
    lists.wrong.push(`${label} appended "${short(seen.appended)}", stored is "${short(answer.content)}"`);
}

function short(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 25)}…(${text.length})…${text.slice(-25)}`;
}

/** Everything that must not be, in one list. */
export function faultsOf(verdict: Verdict): string[] {
  const few = verdict.sent > 0 && verdict.acked < 0.95 * verdict.sent;
  return [
    ...(few ? [`only ${verdict.acked} of ${verdict.sent} sends were acked: the run does not count`] : []),
    ...verdict.lost.map((line) => `lost: ${line}`),
    ...verdict.doubled.map((line) => `doubled: ${line}`),
    ...verdict.open.map((line) => `open: ${line}`),
    ...verdict.waiting.map((line) => `waiting: ${line}`),
    ...verdict.wrong.map((line) => `wrong: ${line}`),
  ];
}
