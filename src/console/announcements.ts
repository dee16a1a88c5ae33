/**
 * What a screen reader is told: steps as they come and each answer once, when it is whole. Single tokens would drown
 * everything else.
 */
import { plainText } from '../answers/index.js';
import type { ConversationState, TurnView } from '../sdk/index.js';

/** The sentences that turn the one state into the other; none for a conversation that was just opened. */
export function announcementsBetween(before: ConversationState, after: ConversationState): string[] {
  const isSame = before.conversationId === after.conversationId || before.conversationId === null;
  if (!isSame || before.restoring || after.restoring) return [];
  const known = new Map(before.items.map((item) => [item.key, item]));
  return after.items.flatMap((item) => {
    const old = known.get(item.key);
    if (item === old) return [];
    if (item.kind === 'note') return old ? [] : [item.message.content];
    return turnAnnouncements(old?.kind === 'turn' ? old : null, item);
  });
}

function turnAnnouncements(before: TurnView | null, turn: TurnView): string[] {
  const isCurrent = turn.status === 'sending' || turn.status === 'running';
  const wasCurrent = before?.status === 'sending' || before?.status === 'running';
  if (isCurrent) return turn.steps.slice(before?.steps.length ?? 0).map((step) => step.message);
  if (!wasCurrent) return [];
  switch (turn.status) {
    case 'completed':
      return [`Answer: ${plainText(turn.answer?.content ?? turn.text)}`];
    case 'failed':
      return [turn.error?.message ?? 'This message failed.'];
    case 'cancelled':
      return ['The answer was stopped.'];
    case 'input_required':
      return [turn.prompt ?? 'More details are needed.'];
    case 'handed_off':
      return ['The conversation was handed to a person.'];
    default:
      return [];
  }
}
