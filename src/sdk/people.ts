/**
 * What a conversation has to do with people: who owns it, whether somebody was asked for and where that stands, and who is
 * typing. A pure reducer over the frames that tell it, beside the one of the messages.
 */
import type { Conversation, ServerFrame } from './protocol.js';

export interface Escalation {
  readonly id: string | null;
  /** `waiting`, `assigned`, `returned`, `resolved`, `closed`; a newer server may know more. */
  readonly status: string;
  /** From 1: the next one. Null: not known. */
  readonly position: number | null;
  readonly etaSeconds: number | null;
  readonly supporter: string | null;
  /** Nobody is there: an address is asked for. */
  readonly contactForm: boolean;
}

export interface Typing {
  readonly from: string;
  readonly name: string | null;
}

export interface People {
  readonly owner: 'agent' | 'human';
  readonly ended: boolean;
  /** The name of the person at the other end. */
  readonly supporter: string | null;
  readonly escalation: Escalation | null;
  readonly typing: Typing | null;
}

export const NOBODY: People = { owner: 'agent', ended: false, supporter: null, escalation: null, typing: null };

/** The same object when the frame tells nothing of this. */
export function reducePeople(people: People, frame: ServerFrame): People {
  switch (frame.type) {
    case 'escalation':
      return withEscalation(people, frame);
    case 'conversation':
      return withConversation(people, frame);
    case 'typing':
      // One's own, from another tab.
      if (frame.from === 'user') return people;
      return { ...people, typing: frame.on ? { from: frame.from ?? 'supporter', name: frame.name ?? null } : null };
    case 'message':
      return frame.role === 'user' || people.typing === null ? people : { ...people, typing: null };
    default:
      return people;
  }
}

/** What REST says of it, which no frame repeats when a conversation is opened. */
export function peopleOf(people: People, { owner, status }: Conversation): People {
  return withConversation(people, { owner, status });
}

function withConversation(
  people: People,
  frame: { owner?: string; status?: string; supporter?: { name?: string | null } | null },
): People {
  const owner = frame.owner === undefined ? people.owner : frame.owner === 'human' ? 'human' : 'agent';
  const supporter = frame.supporter === undefined ? people.supporter : (frame.supporter?.name ?? null);
  return {
    ...people,
    owner,
    ended: frame.status === undefined ? people.ended : frame.status === 'ended',
    supporter: owner === 'human' ? supporter : null,
    typing: owner === 'human' ? people.typing : null,
  };
}

function withEscalation(people: People, frame: Extract<ServerFrame, { type: 'escalation' }>): People {
  const status = frame.status ?? 'waiting';
  const supporter = frame.supporter?.name ?? null;
  const escalation: Escalation = {
    id: frame.escalation_id ?? null,
    status,
    position: frame.position ?? null,
    etaSeconds: frame.eta_s ?? null,
    supporter,
    contactForm: frame.contact_form === true,
  };
  const isAssigned = status === 'assigned';
  return {
    ...people,
    escalation: status === 'waiting' || isAssigned ? escalation : null,
    supporter: isAssigned ? (supporter ?? people.supporter) : status === 'waiting' ? people.supporter : null,
  };
}
