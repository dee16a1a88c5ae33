import type { EventType } from '#platform/outbox';

/** An address of the tenant's own that is told what happens. */
export interface Webhook {
  readonly id: string;
  readonly url: string;
  readonly events: readonly EventType[];
  readonly enabled: boolean;
  /** Since when nothing could be delivered; null: the last try went well. */
  readonly failingSince: Date | null;
  readonly disabledAt: Date | null;
  /** Why it was disabled, when nobody did it. */
  readonly disabledReason: string | null;
  readonly last4: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type WebhookDraft = Pick<Webhook, 'url' | 'events' | 'enabled'>;

/** Each event is written down and sent once for each of them. */
export const MOST_WEBHOOKS = 20;
