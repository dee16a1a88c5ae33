import { EventReaders } from '#platform/outbox';
import { Injectable } from '@nestjs/common';
import { toFeedbackResponse } from '../feedback/feedback.dto.js';
import { FeedbackRepository } from '../feedback/feedback.repository.js';
import { StaffConversationRepository } from '../staff/staff-conversation.repository.js';
import { ConversationRepository } from '../store/conversation.repository.js';
import { MessageRepository } from '../store/message.repository.js';

/** What the events of this module say: the objects that the API shows to staff. */
@Injectable()
export class ConversationEvents {
  constructor(
    readers: EventReaders,
    staff: StaffConversationRepository,
    conversations: ConversationRepository,
    messages: MessageRepository,
    feedback: FeedbackRepository,
  ) {
    readers.register(['conversation.created', 'conversation.ended'], (tx, { conversation_id: id = '' }) =>
      staff.find(tx, id),
    );
    readers.register(['message.created'], (tx, { conversation_id: id = '', message_id: messageId = '' }) =>
      messages.find(tx, id, messageId),
    );
    readers.register(
      ['turn.completed', 'turn.failed', 'turn.cancelled'],
      (tx, { conversation_id: id = '', turn_id: turnId = '' }) => conversations.turn(tx, id, turnId),
    );
    readers.register(
      ['feedback.created'],
      async (tx, { message_id: messageId = '', principal_id: principalId = '' }) => {
        const given = await feedback.find(tx, messageId, principalId);
        return given === null ? null : { ...toFeedbackResponse(given), user_id: principalId };
      },
    );
  }
}
