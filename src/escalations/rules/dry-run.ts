import { Injectable } from '@nestjs/common';
import { PastExchanges } from '#conversations';
import type { TenantScope } from '#platform/context';
import { judge, type Judgement, storedAnswer } from './judge.js';
import type { EscalationRules } from './rules.schema.js';

/** As much of a conversation as a turn is shown. */
const SHOWN = 10;
const MOST_CONVERSATIONS = 1000;
const MOST_FOUND = 1000;

export interface WouldEscalate extends Judgement {
  readonly conversationId: string;
  /** The answer that would have called for a person. */
  readonly messageId: string;
  readonly at: Date;
}

export interface DryRun {
  readonly found: readonly WouldEscalate[];
  readonly conversations: number;
  /** There was more than is looked at in one go. */
  readonly truncated: boolean;
}

/** What rules would have done with the conversations of a time that has passed. Changes nothing, and calls nobody. */
@Injectable()
export class RulesDryRun {
  constructor(private readonly past: PastExchanges) {}

  async run(
    scope: TenantScope,
    rules: EscalationRules,
    time: { readonly from: string; readonly to: string },
  ): Promise<DryRun> {
    const found: WouldEscalate[] = [];
    const { conversations, truncated } = await this.past.each(
      scope,
      { ...time, most: MOST_CONVERSATIONS },
      (messages) => {
        const seen: (typeof messages)[number][] = [];
        let called = false;
        for (const message of messages) {
          const question = seen.findLast(({ role }) => role === 'user');
          if (message.role === 'assistant' && question !== undefined && !called) {
            const judgement = judge(rules, {
              content: question.content,
              history: seen.slice(0, seen.lastIndexOf(question)).slice(-SHOWN),
              answer: storedAnswer(message.metadata),
            });
            if (judgement !== null) {
              // Once in a conversation: what would have come after it, nobody knows.
              called = true;
              const { conversation_id: conversationId, created_at: at, id: messageId } = message;
              found.push({ conversationId, messageId, at, ...judgement });
            }
          }
          seen.push(message);
        }
        return found.length < MOST_FOUND;
      },
    );
    return { found, conversations, truncated };
  }
}
