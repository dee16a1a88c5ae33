import type { EscalationState } from '#conversations';
import type { Escalation } from '../model/escalation.js';
import { waitSeconds, type Workforce } from '../model/presence.js';

/** As the user is told of it. */
export function stateFor(escalation: Escalation, workforce: Workforce): EscalationState {
  const { contactForm, id, position, reason, status, supporter } = escalation;
  return {
    escalation_id: id,
    status,
    position,
    eta_s: position === null || contactForm ? null : waitSeconds(position, workforce),
    reason,
    supporter: supporter === null ? null : { name: supporter.name },
    contact_form: contactForm,
  };
}

/** As a supporter is told of it. */
export function stateForSupporters(escalation: Escalation, workforce: Workforce): EscalationState {
  const { skill, summary, user, waitingSince } = escalation;
  return { ...stateFor(escalation, workforce), user, summary, skill, waiting_since: waitingSince.toISOString() };
}

/** As a number of its conversation: the commits of turns take theirs from the same clock. */
export function changedAt({ updatedAt }: Escalation): number {
  return updatedAt.getTime() * 1000;
}
