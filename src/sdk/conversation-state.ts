/**
 * One open conversation as the page shows it: a pure reducer over the server's frames.
 *
 *   send ──▶ sending ──ack──▶ running ──status/token/payload──▶ running ──message──▶ done(completed)
 *               │                │                                            └────▶ done(failed|cancelled|…)
 *               └──error─────────┴──error──▶ failed ──send again, ack with a new turn_id──▶ running
 *
 * Every frame may arrive again (another tab, a resume, a repeated send), so each one is applied by identity (message
 * id, turn id, token offset) and never by being the next in line.
 */
import { NOBODY, type People, peopleOf, reducePeople } from './people.js';
import type {
  Conversation,
  Payload,
  RestoredTurn,
  ServerFrame,
  StoredMessage,
  TurnFault,
  UserMessageFrame,
} from './protocol.js';

/** `unanswered`: a stored question whose turn is not known to run, for example one that was stopped before a word. */
export type TurnStatus =
  'sending' | 'running' | 'unanswered' | 'completed' | 'failed' | 'cancelled' | 'input_required' | 'handed_off';

export interface Step {
  step: string;
  message: string;
  agent: string | null;
  /** What people call it; null: not said. */
  agentName: string | null;
  tool: string | null;
  seq: number | null;
}

export interface TurnError {
  code: string;
  message: string;
  retryable: boolean;
  retryAfterMs: number | null;
}

/** A question with all that came of it; `question` is null where only the answer is known (cut-off history). */
export interface TurnView {
  kind: 'turn';
  /** Stable over the turn's life: for rendering. */
  key: string;
  clientMessageId: string | null;
  turnId: string | null;
  status: TurnStatus;
  /** Waits for the turn before it. */
  queued: boolean;
  /** How often the server has begun it; 0: not known. */
  start: number;
  question: { id: string | null; content: string; seq?: number } | null;
  createdAt: string;
  steps: Step[];
  /** The answer as streamed so far, UTF-16. */
  text: string;
  lastTokenSeq: number;
  payloads: Payload[];
  answer: StoredMessage | null;
  /** The answer that is being replaced: it comes back should the new attempt come to nothing. */
  earlier: StoredMessage | null;
  prompt: string | null;
  error: TurnError | null;
  degraded: boolean;
  stopping: boolean;
}

/** A message outside any turn: from a supporter or the system. */
export interface NoteView {
  kind: 'note';
  key: string;
  createdAt: string;
  message: StoredMessage;
  /** What became of the wish for a person, where the note tells that. */
  escalation?: { status: string; supporter: string | null };
}

export type Item = TurnView | NoteView;

export interface ConversationState {
  conversationId: string | null;
  items: Item[];
  /** The highest `seq` seen: what `resume` sends as `after_seq`. */
  lastSeq: number;
  /** `last_seq` of the last `context_restored`: frames up to here are replayed history, not news. */
  restoredSeq: number;
  /** True while a conversation is being opened and `context_restored` has not come yet. */
  restoring: boolean;
  /** A hole in the streamed text was seen: ask the server again with `resume`. */
  needsResume: boolean;
  /** Older messages than the restored ones may exist. */
  hasEarlier: boolean;
  /** An error that belongs to no turn. */
  notice: TurnError | null;
  people: People;
}

export type Action =
  | { type: 'frame'; frame: ServerFrame }
  /** `key`: the failed turn that this message tries again. */
  | { type: 'send'; frame: UserMessageFrame; at: string; key?: string }
  | { type: 'open'; conversationId: string | null }
  | { type: 'resuming' }
  | { type: 'stopping'; turnId: string }
  | { type: 'earlier'; messages: StoredMessage[]; hasEarlier: boolean }
  | { type: 'question'; turnId: string; content: string }
  /** What REST says of the conversation. */
  | { type: 'known'; conversation: Conversation }
  | { type: 'dismiss' };

/** How many messages `context_restored` holds at most. */
const RESTORED_MESSAGES = 20;

const OUTCOME_UNKNOWN: TurnError = {
  code: 'INTERNAL',
  message: 'The connection was lost, and what became of this message is no longer on record. Send it again.',
  retryable: true,
  retryAfterMs: null,
};

const UNEXPLAINED_FAILURE: TurnError = {
  code: 'INTERNAL',
  message: 'Something went wrong. Please try again.',
  retryable: true,
  retryAfterMs: null,
};

export function emptyConversation(conversationId: string | null = null): ConversationState {
  return {
    conversationId,
    items: [],
    lastSeq: 0,
    restoredSeq: 0,
    restoring: conversationId !== null,
    needsResume: false,
    hasEarlier: false,
    notice: null,
    people: NOBODY,
  };
}

export function reduce(state: ConversationState, action: Action): ConversationState {
  switch (action.type) {
    case 'frame':
      return applyFrame(state, action.frame);
    case 'send':
      return applySend(state, action);
    case 'open':
      return emptyConversation(action.conversationId);
    case 'resuming':
      return { ...state, needsResume: false };
    case 'stopping':
      return patchTurn(state, (turn) => turn.turnId === action.turnId, { stopping: true });
    case 'earlier':
      return { ...state, items: mergeMessages(state.items, action.messages), hasEarlier: action.hasEarlier };
    case 'question':
      return patchTurn(state, (turn) => turn.turnId === action.turnId && turn.question === null, {
        question: { id: null, content: action.content },
      });
    case 'known':
      if (action.conversation.id !== state.conversationId) return state;
      return { ...state, people: peopleOf(state.people, action.conversation) };
    case 'dismiss':
      return { ...state, notice: null };
  }
}

/** The turn that runs (or waits for its ack), if any: the newest one. */
export function activeTurn(state: ConversationState): TurnView | null {
  return (
    state.items.findLast(
      (item): item is TurnView => item.kind === 'turn' && (item.status === 'running' || item.status === 'sending'),
    ) ?? null
  );
}

export function isSettled(turn: TurnView): boolean {
  return turn.status !== 'sending' && turn.status !== 'running' && turn.status !== 'unanswered';
}

/** The agents that took part, in the order in which they were seen. */
export function agentsOf(turn: TurnView): string[] {
  const named = (turn.answer?.metadata?.agents ?? []).map(agentName);
  const seen = turn.steps.map((step) => step.agent);
  return [...new Set([...named, ...seen].filter((name): name is string => Boolean(name)))];
}

/** What people call an agent of the turn; `job_matches` as a person would write it where nobody said. */
export function agentLabel(turn: TurnView, agent: string): string {
  const named = turn.answer?.metadata?.sections?.find((section) => section.agent === agent)?.name;
  const said = turn.steps.find((step) => step.agent === agent)?.agentName;
  return named ?? said ?? agent.replaceAll(/[_-]+/g, ' ');
}

function agentName(agent: unknown): string | null {
  if (typeof agent === 'string') return agent;
  if (typeof agent !== 'object' || agent === null) return null;
  const { key, agent: inner, name } = agent as { key?: unknown; agent?: unknown; name?: unknown };
  return [key, inner, name].find((value): value is string => typeof value === 'string') ?? null;
}

/**
 * The contract's one rule for text: `text.slice(0, offset) + content`, offset in UTF-16 units.
 * A repeat that is older than what was applied last is dropped: its words are in the text already.
 */
export function applyToken(
  turn: Pick<TurnView, 'text' | 'lastTokenSeq'>,
  token: { content: string; offset: number; seq?: number },
): { text: string; lastTokenSeq: number; gap: boolean } {
  const { content, offset } = token;
  const seq = token.seq ?? turn.lastTokenSeq;
  const continues = offset === turn.text.length || offset === 0;
  if (!continues && seq < turn.lastTokenSeq) return { text: turn.text, lastTokenSeq: turn.lastTokenSeq, gap: false };
  return {
    text: turn.text.slice(0, offset) + content,
    lastTokenSeq: seq,
    gap: offset > turn.text.length,
  };
}

/** What a new attempt of the same question starts from. */
const FRESH_ATTEMPT = {
  status: 'running',
  queued: false,
  start: 0,
  steps: [],
  text: '',
  lastTokenSeq: 0,
  payloads: [],
  answer: null,
  earlier: null,
  prompt: null,
  error: null,
  stopping: false,
} satisfies Partial<TurnView>;

/** The same question, from the beginning. */
function attemptedAnew(turn: TurnView): Partial<TurnView> {
  return { ...FRESH_ATTEMPT, earlier: turn.answer ?? turn.earlier };
}

/** A new attempt came to nothing: what there was before is there again. */
function withEarlier(turn: TurnView, earlier: StoredMessage): TurnView {
  return { ...turn, ...FRESH_ATTEMPT, ...answered(turn, earlier), turnId: earlier.turn_id ?? turn.turnId };
}

function newTurn(fields: Partial<TurnView> & { key: string }): TurnView {
  return {
    kind: 'turn',
    clientMessageId: null,
    turnId: null,
    question: null,
    createdAt: '',
    degraded: false,
    ...FRESH_ATTEMPT,
    ...fields,
  };
}

function applySend(state: ConversationState, action: Extract<Action, { type: 'send' }>): ConversationState {
  const { frame, at, key } = action;
  const id = frame.client_message_id;
  const known = (turn: TurnView) => turn.clientMessageId === id || turn.key === key;
  if (state.items.some((item) => item.kind === 'turn' && known(item))) {
    return patchTurn(state, known, { ...FRESH_ATTEMPT, status: 'sending', turnId: null, clientMessageId: id });
  }
  const turn = newTurn({
    key: id,
    clientMessageId: id,
    status: 'sending',
    question: { id: null, content: frame.content },
    createdAt: at,
  });
  return { ...state, items: [...state.items, turn], notice: null };
}

function applyFrame(state: ConversationState, frame: ServerFrame): ConversationState {
  if (!concernsThis(state, frame)) return state;
  const people = reducePeople(state.people, frame);
  const seen = { ...state, people, lastSeq: Math.max(state.lastSeq, frame.seq ?? 0) };
  switch (frame.type) {
    case 'ack':
      return applyAck(seen, frame);
    case 'turn':
      return applyTurn(seen, frame);
    case 'status': {
      const step: Step = {
        step: frame.step,
        message: frame.message ?? frame.step,
        agent: frame.agent ?? null,
        agentName: frame.agent_name ?? null,
        tool: frame.tool ?? null,
        seq: frame.seq ?? null,
      };
      return onTurn(seen, frame, (turn) => ({
        ...turn,
        status: isSettled(turn) ? turn.status : 'running',
        steps: hasStep(turn.steps, step) ? turn.steps : [...turn.steps, step],
        degraded: turn.degraded || frame.degraded === true,
      }));
    }
    case 'token':
      return applyTokenFrame(seen, frame);
    case 'payload': {
      const payload: Payload = { payload_type: frame.payload_type, items: frame.items };
      return onTurn(seen, frame, (turn) =>
        turn.answer ? turn : { ...turn, payloads: addPayload(turn.payloads, payload) },
      );
    }
    case 'input_required':
      return onTurn(seen, frame, (turn) => ({ ...turn, prompt: frame.prompt ?? null }));
    case 'message': {
      const { type: _type, conversation_id: _conversation, ref: _ref, ...message } = frame;
      return { ...seen, items: mergeMessages(seen.items, [message], true) };
    }
    case 'context_restored':
      return applyRestored(seen, frame);
    case 'done':
      return applyDone(seen, frame);
    case 'error':
      return applyError(seen, frame);
    case 'escalation':
      return applyEscalation(seen, frame);
    case 'ready':
    case 'pong':
    case 'server_draining':
      return state;
    default:
      return seen;
  }
}

/** Frames of other conversations come over the same socket; before the first ack only our own message's count. */
function concernsThis(state: ConversationState, frame: ServerFrame): boolean {
  if (state.conversationId !== null) {
    return frame.conversation_id === undefined || frame.conversation_id === state.conversationId;
  }
  if (frame.type !== 'ack' && frame.type !== 'error') return false;
  const id = frame.client_message_id;
  if (id === undefined) return frame.type === 'error';
  return state.items.some((item) => item.kind === 'turn' && item.clientMessageId === id);
}

function applyAck(state: ConversationState, frame: Extract<ServerFrame, { type: 'ack' }>): ConversationState {
  const adopted = { ...state, conversationId: state.conversationId ?? frame.conversation_id ?? null };
  const turnId = frame.turn_id ?? null;
  // What a faster frame of this turn started is the same turn: keep one.
  const stray = adopted.items.find(
    (item): item is TurnView =>
      item.kind === 'turn' &&
      turnId !== null &&
      item.turnId === turnId &&
      item.clientMessageId !== frame.client_message_id,
  );
  const items = stray ? adopted.items.filter((item) => item !== stray) : adopted.items;
  return {
    ...adopted,
    items: items.map((item) => {
      if (item.kind !== 'turn' || item.clientMessageId === null) return item;
      if (item.clientMessageId !== frame.client_message_id) return item;
      const question = { id: frame.message_id ?? null, content: item.question?.content ?? '' };
      // No turn answers: a person does.
      if (turnId === null) return { ...item, ...FRESH_ATTEMPT, question, status: 'handed_off' };
      if (item.turnId !== null && item.turnId === turnId) {
        // A repeat of a turn that ended: its stored message and done follow.
        return { ...item, question, status: item.status === 'sending' ? 'running' : item.status };
      }
      const found = stray
        ? {
            steps: stray.steps,
            text: stray.text,
            payloads: stray.payloads,
            answer: stray.answer,
            status: stray.status,
            queued: stray.queued,
            start: stray.start,
          }
        : {};
      return { ...item, ...attemptedAnew(item), ...found, question, turnId };
    }),
  };
}

function applyDone(state: ConversationState, frame: Extract<ServerFrame, { type: 'done' }>): ConversationState {
  let notice = state.notice;
  const next = onTurn(state, frame, (turn) => {
    const error = frame.status === 'failed' ? (turn.error ?? failureOf(frame.error)) : null;
    const isInVain = frame.status === 'failed' || frame.status === 'cancelled';
    if (isInVain && turn.earlier !== null && turn.answer === null) {
      notice = error ?? notice;
      return withEarlier(turn, turn.earlier);
    }
    return { ...turn, status: frame.status, stopping: false, queued: false, earlier: null, error };
  });
  return { ...next, notice };
}

/** A turn waits, starts, or starts again. It is never replayed, so it always means a turn that has not ended. */
function applyTurn(state: ConversationState, frame: Extract<ServerFrame, { type: 'turn' }>): ConversationState {
  const turnId = frame.turn_id ?? null;
  if (turnId === null) return state;
  const start = frame.start ?? 1;
  const index = state.items.findIndex(
    (item) => item.kind === 'turn' && (item.turnId === turnId || asksAgain(item, frame)),
  );
  const item = index >= 0 ? state.items[index] : undefined;
  const known = item?.kind === 'turn' ? item : newTurn({ key: turnId, turnId });
  if (known.turnId === turnId && isSettled(known)) return state;
  const isNew = known.turnId !== turnId || (start > known.start && known.start > 0);
  const turn: TurnView = {
    ...known,
    ...(isNew ? { ...attemptedAnew(known), stopping: known.turnId === turnId && known.stopping } : {}),
    turnId,
    status: 'running',
    queued: frame.status === 'queued',
    start,
  };
  return { ...state, items: index >= 0 ? state.items.with(index, turn) : [...state.items, turn] };
}

/** A new attempt of a question that is on the screen, started in another tab. */
function asksAgain(item: TurnView, frame: { attempt?: number; question_id?: string }): boolean {
  const isLater = (frame.attempt ?? 1) > 1 && frame.question_id !== undefined;
  return isLater && item.question?.id === frame.question_id && isSettled(item);
}

function failureOf(fault: TurnFault | null | undefined): TurnError {
  if (!fault) return UNEXPLAINED_FAILURE;
  return {
    code: fault.code ?? 'INTERNAL',
    message: fault.message ?? UNEXPLAINED_FAILURE.message,
    retryable: fault.retryable !== false,
    retryAfterMs: null,
  };
}

function applyTokenFrame(state: ConversationState, frame: Extract<ServerFrame, { type: 'token' }>): ConversationState {
  let gap = false;
  const next = onTurn(state, frame, (turn) => {
    if (isSettled(turn)) return turn;
    const applied = applyToken(turn, frame);
    gap = applied.gap;
    return { ...turn, status: 'running', text: applied.text, lastTokenSeq: applied.lastTokenSeq };
  });
  return gap ? { ...next, needsResume: true } : next;
}

function applyError(state: ConversationState, frame: Extract<ServerFrame, { type: 'error' }>): ConversationState {
  const error: TurnError = {
    code: frame.code,
    message: frame.message,
    retryable: frame.retryable === true,
    retryAfterMs: frame.retry_after_ms ?? null,
  };
  // Nothing left to stop: the turn ended a moment before.
  if (frame.ref?.startsWith('abort')) return state;
  // The question stays answered as it was.
  if (frame.ref?.startsWith('regenerate')) return { ...state, notice: error };
  const matches = (turn: TurnView) =>
    (frame.client_message_id !== undefined && turn.clientMessageId === frame.client_message_id) ||
    (frame.turn_id !== undefined && turn.turnId === frame.turn_id);
  if (!state.items.some((item) => item.kind === 'turn' && matches(item))) {
    if (isReplay(state, frame)) return state;
    return { ...state, notice: error, restoring: false };
  }
  return patchTurn(state, matches, { status: 'failed', error, stopping: false });
}

function applyRestored(
  state: ConversationState,
  frame: Extract<ServerFrame, { type: 'context_restored' }>,
): ConversationState {
  const messages = frame.messages ?? [];
  const news = state.items.filter((item) => item.kind === 'note' && item.escalation !== undefined) as NoteView[];
  const merged = news.reduce(withNews, mergeMessages(state.items, messages));
  let items = frame.turn ? withRestoredTurn(merged, frame.turn) : merged;
  if (frame.snapshot) items = items.map((item) => giveUpOn(item, frame.turn?.turn_id));
  return {
    ...state,
    items,
    lastSeq: Math.max(state.lastSeq, frame.last_seq ?? 0),
    restoredSeq: Math.max(state.restoredSeq, frame.last_seq ?? 0),
    restoring: false,
    hasEarlier: state.items.length === 0 ? messages.length >= RESTORED_MESSAGES : state.hasEarlier,
  };
}

/** After a snapshot no frame will tell how this turn ended; say so rather than spin for ever. */
function giveUpOn(item: Item, runningTurnId: string | undefined): Item {
  const lost = item.kind === 'turn' && item.status === 'running' && item.turnId !== runningTurnId;
  return lost ? { ...item, status: 'failed', error: OUTCOME_UNKNOWN, stopping: false } : item;
}

function withRestoredTurn(items: Item[], restored: RestoredTurn): Item[] {
  const index = items.findIndex((item) => item.kind === 'turn' && item.turnId === restored.turn_id);
  const base = index >= 0 ? items[index] : undefined;
  const turn = base?.kind === 'turn' ? base : newTurn({ key: restored.turn_id, turnId: restored.turn_id });
  if (turn.status === 'completed') return items;
  const status = restoredStatus(restored.status);
  const next: TurnView = {
    ...turn,
    status,
    text: restoredText(turn, restored),
    queued: restored.status === 'queued',
    start: restored.start ?? turn.start,
    error: status === 'failed' ? failureOf(restored.error) : null,
  };
  return index >= 0 ? items.with(index, next) : [...items, next];
}

/** The longer one, as long as both belong to the same beginning of the turn. */
function restoredText(turn: TurnView, restored: RestoredTurn): string {
  const text = restored.text ?? '';
  const begunAgain = turn.start > 0 && (restored.start ?? turn.start) > turn.start;
  return begunAgain || text.length > turn.text.length ? text : turn.text;
}

function restoredStatus(status: string): TurnStatus {
  switch (status) {
    case 'completed':
    case 'failed':
    case 'cancelled':
    case 'input_required':
    case 'handed_off':
      return status;
    default:
      return 'running';
  }
}

/**
 * Merges stored messages (ascending) into the items: known ones are updated in place, unknown ones come after the
 * last known one before them. `live`: the messages arrived as `message` frames, so a question's turn is running.
 */
function mergeMessages(items: Item[], messages: StoredMessage[], live = false): Item[] {
  const first = messages[0]?.created_at;
  const result = [...items];
  // A live one is the newest, whatever this machine's clock says of the ones before.
  const younger = first && !live ? result.findIndex((item) => item.createdAt === '' || item.createdAt > first) : -1;
  let position = younger < 0 ? result.length : younger;
  for (const message of messages) {
    const replaced = result.findIndex((item) => isReplacedBy(item, message));
    const taken = result[replaced];
    if (taken?.kind === 'turn') {
      result[replaced] = withMessage({ ...taken, turnId: message.turn_id ?? null }, message, live);
      // What a faster frame of the new turn had begun.
      const stray = result.findIndex((item, at) => at !== replaced && holds(item, message));
      if (stray >= 0) result.splice(stray, 1);
      position = Math.min(position, result.length);
      continue;
    }
    const index = result.findIndex((item) => holds(item, message));
    const known = index >= 0 ? result[index] : undefined;
    if (known) {
      result[index] = withMessage(known, message, live);
      position = Math.max(position, index + 1);
    } else {
      result.splice(position, 0, itemFor(message, live));
      position += 1;
    }
  }
  return result;
}

function holds(item: Item, message: StoredMessage): boolean {
  if (item.kind === 'note') return item.key === message.id;
  if (message.role === 'user' && item.question?.id === message.id) return true;
  if (message.role === 'assistant' && item.answer?.id === message.id) return true;
  const sameTurn = Boolean(message.turn_id) && item.turnId === message.turn_id;
  return sameTurn && (message.role === 'user' || message.role === 'assistant');
}

/** The question was asked again while nobody looked: the new answer takes the place of the one on the screen. */
function isReplacedBy(item: Item, message: StoredMessage): boolean {
  if (item.kind !== 'turn' || item.answer === null) return false;
  return message.metadata?.replaces?.includes(item.answer.id) === true;
}

function withMessage(item: Item, message: StoredMessage, live: boolean): Item {
  if (item.kind === 'note') return { ...item, message };
  if (message.role === 'user') {
    const seq = message.seq === undefined ? {} : { seq: message.seq };
    const question = { id: message.id, content: message.content, ...seq };
    const isNewAttempt = live && Boolean(message.turn_id) && item.turnId !== message.turn_id;
    if (isNewAttempt) return { ...item, ...FRESH_ATTEMPT, question, turnId: message.turn_id ?? null };
    return { ...item, question };
  }
  return { ...item, ...answered(item, message) };
}

function answered(turn: TurnView, message: StoredMessage): Partial<TurnView> {
  return {
    answer: message,
    earlier: null,
    text: message.content,
    payloads: message.payloads?.length ? message.payloads : turn.payloads,
    status: message.metadata?.partial ? 'cancelled' : 'completed',
    error: null,
    stopping: false,
    degraded: turn.degraded || message.metadata?.degraded === true,
  };
}

function itemFor(message: StoredMessage, live: boolean): Item {
  const createdAt = message.created_at ?? '';
  if (message.role === 'supporter' || message.role === 'system') {
    return { kind: 'note', key: message.id, createdAt, message };
  }
  const turn = newTurn({
    key: message.turn_id ?? message.id,
    turnId: message.turn_id ?? null,
    createdAt,
    status: live ? 'running' : 'unanswered',
  });
  return withMessage(turn, message, false);
}

function hasStep(steps: Step[], step: Step): boolean {
  if (step.seq !== null && steps.some((known) => known.seq === step.seq)) return true;
  const last = steps.at(-1);
  return last !== undefined && last.step === step.step && last.agent === step.agent && last.tool === step.tool;
}

function addPayload(payloads: Payload[], payload: Payload): Payload[] {
  const text = JSON.stringify(payload);
  return payloads.some((known) => JSON.stringify(known) === text) ? payloads : [...payloads, payload];
}

/** One note for each step of the way; the place in the queue, which changes meanwhile, is no news for the log. */
function applyEscalation(
  state: ConversationState,
  frame: Extract<ServerFrame, { type: 'escalation' }>,
): ConversationState {
  const status = frame.status ?? 'waiting';
  const key = `escalation-${frame.escalation_id ?? frame.seq ?? 0}-${status}`;
  if (state.items.some((item) => item.key === key)) return state;
  const createdAt = state.items.at(-1)?.createdAt ?? '';
  const note: NoteView = {
    kind: 'note',
    key,
    createdAt,
    message: {
      id: key,
      role: 'system',
      content: escalationText(frame),
      ...(frame.seq === undefined ? {} : { seq: frame.seq }),
    },
    escalation: { status, supporter: frame.supporter?.name ?? null },
  };
  return { ...state, items: withNews(state.items, note) };
}

/** Told again when the conversation is opened, before or after its messages: it stands where it happened. */
function withNews(items: Item[], note: NoteView): Item[] {
  const others = items.filter(({ key }) => key !== note.key);
  const later = others.findIndex((item) => (seqOf(item) ?? 0) > (note.message.seq ?? Infinity));
  const at = later < 0 ? firstWordOf(others, note) : later;
  // Its time is its neighbour's: what is said later goes after both.
  const createdAt = others[at - 1]?.createdAt ?? others[at]?.createdAt ?? '';
  return others.toSpliced(at, 0, { ...note, createdAt });
}

/** Of a state that is only told now: before what was said since the person took over, which belongs to no turn, else at the end. */
function firstWordOf(items: Item[], note: NoteView): number {
  let at = items.length;
  if (note.escalation?.status !== 'assigned') return at;
  for (let index = items.length - 1; index >= 0; index -= 1) {
    const item = items[index];
    if (item === undefined || (item.kind === 'note' ? item.escalation !== undefined : item.turnId !== null)) break;
    at = index;
  }
  return at;
}

function seqOf(item: Item): number | undefined {
  return item.kind === 'note' ? item.message.seq : (item.question?.seq ?? item.answer?.seq);
}

function escalationText(frame: Extract<ServerFrame, { type: 'escalation' }>): string {
  const who = frame.supporter?.name ?? 'A colleague';
  switch (frame.status) {
    case 'assigned':
      return `${who} has joined the conversation.`;
    case 'resolved':
    case 'closed':
      return 'The conversation with our team has ended.';
    default:
      return 'You are in the queue for a person. You can leave this page open.';
  }
}

/** A replay also brings back attempts that failed; those are on record, but not part of the conversation. */
function isReplay(state: ConversationState, frame: { seq?: number }): boolean {
  return frame.seq !== undefined && frame.seq <= state.restoredSeq;
}

/** Applies a change to the frame's turn, which comes into being when it is not known yet and something is new. */
function onTurn(
  state: ConversationState,
  frame: { type: string; turn_id?: string | null; seq?: number },
  change: (turn: TurnView) => TurnView,
): ConversationState {
  const turnId = frame.turn_id;
  if (!turnId) return state;
  const index = state.items.findIndex((item) => item.kind === 'turn' && item.turnId === turnId);
  const known = index >= 0 ? state.items[index] : undefined;
  if (known?.kind === 'turn') return { ...state, items: state.items.with(index, change(known)) };
  if (frame.type === 'done' || isReplay(state, frame)) return state;
  return { ...state, items: [...state.items, change(newTurn({ key: turnId, turnId }))] };
}

function patchTurn(
  state: ConversationState,
  matches: (turn: TurnView) => boolean,
  patch: Partial<TurnView>,
): ConversationState {
  return {
    ...state,
    items: state.items.map((item) => (item.kind === 'turn' && matches(item) ? { ...item, ...patch } : item)),
  };
}
