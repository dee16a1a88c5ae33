import { timeSchema } from '#platform/http';
import { atMost } from '#platform/text';
import { z } from 'zod';
import type { Feedback } from './feedback.repository.js';

export const MOST_COMMENT = 2000;
export const ratingSchema = z.enum(['up', 'down']);
export const commentSchema = z.string().check(...atMost(MOST_COMMENT, `must not exceed ${MOST_COMMENT} characters`));

export const feedbackBody = z
  .strictObject({ rating: ratingSchema, comment: commentSchema.default('') })
  .meta({ examples: [{ rating: 'down', comment: 'The price is out of date' }] });
export type FeedbackBody = z.infer<typeof feedbackBody>;

export const feedbackResponse = z
  .object({
    message_id: z.guid(),
    conversation_id: z.guid(),
    rating: ratingSchema,
    comment: z.string(),
    created_at: timeSchema,
    updated_at: timeSchema,
  })
  .meta({ id: 'Feedback' });
export type FeedbackResponse = z.infer<typeof feedbackResponse>;

export function toFeedbackResponse(feedback: Feedback): FeedbackResponse {
  return {
    message_id: feedback.messageId,
    conversation_id: feedback.conversationId,
    rating: feedback.rating,
    comment: feedback.comment,
    created_at: feedback.createdAt.toISOString(),
    updated_at: feedback.updatedAt.toISOString(),
  };
}
