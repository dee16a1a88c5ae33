/** What a supporter's desk shows: who waits, whose conversations are whose, and what came meanwhile. Pure. */

export interface CaseSummary {
  readonly asked: readonly string[];
  readonly tried: readonly { readonly agent: string; readonly intent: string | null }[];
  readonly entities: Readonly<Record<string, unknown>>;
  readonly sources: readonly { readonly document_id: string; readonly title: string }[];
}

export type CaseStatus = 'waiting' | 'assigned' | 'returned' | 'resolved' | 'closed';

/** An escalation as supporters see it, by the names of REST. */
export interface Case {
  readonly id: string;
  readonly conversation_id: string;
  readonly status: CaseStatus;
  readonly position: number | null;
  readonly eta_s: number | null;
  readonly reason: string;
  readonly cause: string;
  readonly skill: string | null;
  readonly language: string | null;
  readonly email: string | null;
  readonly supporter: { readonly id: string; readonly name: string } | null;
  readonly user: { readonly id: string; readonly name: string };
  readonly summary: CaseSummary;
  readonly waiting_since: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly ended_at: string | null;
}

export interface Availability {
  readonly status: 'online' | 'away' | 'offline';
  readonly capacity: number;
  readonly skills: readonly string[];
  readonly languages: readonly string[];
}

export type Tab = 'waiting' | 'mine' | 'all';

export interface DeskState {
  /** Null: not read yet. */
  readonly waiting: readonly Case[] | null;
  readonly mine: readonly Case[];
  /** Of everybody, the newest first. */
  readonly recent: readonly Case[];
  readonly availability: Availability | null;
  /** Messages by conversation that came while it was not open. */
  readonly unread: ReadonlyMap<string, number>;
  /** Conversations whose user is writing. */
  readonly typing: ReadonlySet<string>;
  readonly error: string | null;
}

export const EMPTY_DESK: DeskState = {
  waiting: null,
  mine: [],
  recent: [],
  availability: null,
  unread: new Map(),
  typing: new Set(),
  error: null,
};

export function casesOf(state: DeskState, tab: Tab): readonly Case[] {
  if (tab === 'waiting') return state.waiting ?? [];
  return tab === 'mine' ? state.mine : state.recent;
}

export function caseById(state: DeskState, id: string): Case | null {
  const known = [...(state.waiting ?? []), ...state.mine, ...state.recent];
  return known.find((one) => one.id === id) ?? null;
}

/** Visitors have no name until they give one. */
export function nameOf({ user }: Case): string {
  return user.name.trim() || 'Visitor';
}

/** Those whose person, reason, words or tags hold all of the words that were typed. */
export function found(cases: readonly Case[], search: string): readonly Case[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return cases;
  return cases.filter((one) => {
    const { language, reason, skill, summary, supporter } = one;
    const text = [nameOf(one), reason, supporter?.name, skill, language, ...summary.asked].join('\n').toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** A changed case in every list that it belongs to by now. */
export function withCase(state: DeskState, changed: Case, me: string): DeskState {
  const without = (cases: readonly Case[]) => cases.filter(({ id }) => id !== changed.id);
  const replaced = (cases: readonly Case[]) => cases.map((one) => (one.id === changed.id ? changed : one));
  const put = (cases: readonly Case[], belongs: boolean) => {
    if (!belongs) return without(cases);
    return cases.some(({ id }) => id === changed.id) ? replaced(cases) : [...cases, changed];
  };
  const isKnown = state.recent.some(({ id }) => id === changed.id);
  return {
    ...state,
    waiting: state.waiting === null ? null : put(state.waiting, changed.status === 'waiting'),
    mine: put(state.mine, changed.status === 'assigned' && changed.supporter?.id === me),
    recent: isKnown ? replaced(state.recent) : [changed, ...state.recent],
  };
}

export function withUnread(state: DeskState, conversationId: string): DeskState {
  const unread = new Map(state.unread);
  unread.set(conversationId, (unread.get(conversationId) ?? 0) + 1);
  return { ...state, unread };
}

export function asRead(state: DeskState, conversationId: string): DeskState {
  if (!state.unread.has(conversationId)) return state;
  const unread = new Map(state.unread);
  unread.delete(conversationId);
  return { ...state, unread };
}

export function withTyping(state: DeskState, conversationId: string, on: boolean): DeskState {
  if (state.typing.has(conversationId) === on) return state;
  const typing = new Set(state.typing);
  if (on) typing.add(conversationId);
  else typing.delete(conversationId);
  return { ...state, typing };
}

/** The neighbour of the one that is open, for the keyboard. */
export function neighbour(cases: readonly Case[], openId: string | null, step: 1 | -1): Case | null {
  if (cases.length === 0) return null;
  const at = cases.findIndex(({ id }) => id === openId);
  if (at < 0) return (step === 1 ? cases[0] : cases.at(-1)) ?? null;
  return cases[Math.min(cases.length - 1, Math.max(0, at + step))] ?? null;
}

const CAUSES: Readonly<Record<string, string>> = {
  requested: 'Asked for a person',
  agent: 'The agent handed over',
  failure: 'Answers failed',
  low_confidence: 'The agent was not sure',
  keyword: 'By keyword',
  staff: 'By a colleague',
};

export function causeOf({ cause }: Case): string {
  return CAUSES[cause] ?? cause;
}

const STATUSES: Readonly<Record<CaseStatus, string>> = {
  waiting: 'Waiting',
  assigned: 'With somebody',
  returned: 'Back with the agent',
  resolved: 'Resolved',
  closed: 'Closed',
};

/** @param me the reader's own id */
export function statusOf({ status, supporter }: Case, me: string): string {
  if (status !== 'assigned') return STATUSES[status] ?? status;
  return supporter?.id === me ? 'With you' : `With ${supporter?.name ?? 'somebody'}`;
}
