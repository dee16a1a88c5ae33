import type { EventSubject } from '#platform/outbox';

/** `event`: as it happened. `redelivery`: again, as somebody asked. `test`: to see whether it works; tried once. */
export type DeliveryKind = 'event' | 'redelivery' | 'test';

/** `held`: an earlier event of its conversation is still on its way. */
export const DELIVERY_STATUSES = ['held', 'pending', 'delivered', 'failed'] as const;
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number];

/** One event on its way to one webhook, and what became of the last try. */
export interface Delivery {
  readonly id: string;
  readonly webhook_id: string;
  readonly kind: DeliveryKind;
  readonly event_id: string;
  readonly type: string;
  readonly conversation_id: string | null;
  readonly status: DeliveryStatus;
  /** Tries begun. */
  readonly attempt: number;
  readonly next_attempt_at: Date | null;
  readonly last_attempt_at: Date | null;
  readonly response_status: number | null;
  readonly response_text: string | null;
  readonly error: string | null;
  readonly duration_ms: number | null;
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

export interface NewDelivery {
  readonly id: string;
  readonly webhookId: string;
  readonly kind: DeliveryKind;
  readonly eventId: string;
  readonly type: string;
  readonly body: string;
  readonly subject: EventSubject;
  readonly position: number;
}

/** What is sent: the body that is signed. */
export function eventBody(event: {
  readonly id: string;
  readonly type: string;
  readonly createdAt: Date;
  readonly tenantId: string;
  readonly data: object;
}): string {
  const { createdAt, data, id, tenantId, type } = event;
  return JSON.stringify({ id, type, created_at: createdAt.toISOString(), tenant_id: tenantId, data });
}
