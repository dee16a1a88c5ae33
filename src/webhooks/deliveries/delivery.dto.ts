import { listQuery, timeSchema } from '#platform/http';
import { z } from 'zod';
import { type Delivery, DELIVERY_STATUSES } from './delivery.js';

export const listDeliveriesQuery = listQuery.extend({ status: z.enum(DELIVERY_STATUSES).optional() });
export type ListDeliveriesQuery = z.infer<typeof listDeliveriesQuery>;

export const deliveryResponse = z
  .object({
    id: z.string(),
    webhook_id: z.string(),
    kind: z.enum(['event', 'redelivery', 'test']),
    event_id: z.string().describe('What `webhook-id` says, the same in each try and redelivery'),
    type: z.string(),
    conversation_id: z.string().nullable(),
    status: z
      .enum(DELIVERY_STATUSES)
      .describe('`held`: an earlier event of its conversation is on its way; `failed`: given up'),
    attempt: z.number().describe('Tries begun'),
    next_attempt_at: timeSchema.nullable(),
    last_attempt_at: timeSchema.nullable(),
    response_status: z.number().nullable(),
    response_text: z.string().nullable().describe('The first words of the answer'),
    error: z.string().nullable().describe('Why the last try failed'),
    duration_ms: z.number().nullable(),
    created_at: timeSchema,
    ended_at: timeSchema.nullable(),
  })
  .meta({ id: 'WebhookDelivery' });
export type DeliveryResponse = z.infer<typeof deliveryResponse>;

export function toDeliveryResponse(delivery: Delivery): DeliveryResponse {
  return {
    ...delivery,
    next_attempt_at: delivery.next_attempt_at?.toISOString() ?? null,
    last_attempt_at: delivery.last_attempt_at?.toISOString() ?? null,
    created_at: delivery.created_at.toISOString(),
    ended_at: delivery.ended_at?.toISOString() ?? null,
  };
}
