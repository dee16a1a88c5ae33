export const ESCALATION_STATUSES = ['waiting', 'assigned', 'returned', 'resolved', 'closed'] as const;
export type EscalationStatus = (typeof ESCALATION_STATUSES)[number];
export const OPEN_STATUSES = ['waiting', 'assigned'] as const;

/**
 * Why a person is called: the user asked; an agent or its tool decided; the agent failed again and again; it was not sure; a word
 * that the tenant listed; staff stepped in.
 */
export const CAUSES = ['requested', 'agent', 'failure', 'low_confidence', 'keyword', 'staff'] as const;
export type EscalationCause = (typeof CAUSES)[number];

/** What a supporter reads before the first word: what was asked, what was tried, what is known. */
export interface EscalationSummary {
  /** The user's last messages, oldest first. */
  readonly asked: readonly string[];
  /** Agents that answered, and what they took it for. */
  readonly tried: readonly { readonly agent: string; readonly intent: string | null }[];
  /** What the user gave to agents that asked for it. */
  readonly entities: Readonly<Record<string, unknown>>;
  /** Documents that answers rested on. */
  readonly sources: readonly { readonly document_id: string; readonly title: string }[];
}

/** A wish for a person, with whose it is and where it stands. */
export interface Escalation {
  readonly id: string;
  readonly conversationId: string;
  readonly status: EscalationStatus;
  readonly cause: EscalationCause;
  readonly reason: string;
  readonly skill: string | null;
  readonly language: string | null;
  /** Left by the user where nobody was there. */
  readonly email: string | null;
  readonly contactForm: boolean;
  readonly summary: EscalationSummary;
  readonly supporter: { readonly id: string; readonly name: string } | null;
  readonly user: { readonly id: string; readonly name: string };
  /** Of those that wait, from 1. */
  readonly position: number | null;
  readonly waitingSince: Date;
  readonly assignedAt: Date | null;
  readonly firstReplyAt: Date | null;
  readonly endedAt: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export function isOpen({ status }: Pick<Escalation, 'status'>): boolean {
  return status === 'waiting' || status === 'assigned';
}
