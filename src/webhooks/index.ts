/**
 * The tenant's own servers are told what happens, by Standard Webhooks. An admin makes a webhook (`webhooks/`): an address, the
 * events it wants, a secret that signs. What is sent and what became of it stands in `deliveries/`:
 *
 *   a fact ── its commit ──▶ outbox (ids; only if somebody wants it) ──▶ EventFanOut ──▶ one delivery for each webhook
 *                                                                         │ EventReaders: what the event says
 *                                                                         ▼
 *               the tenant's server ◀── OutboundClient ◀── DeliveryAttempts ◀── DeliveryWorker: claims what is due
 *
 * At least once; the events of a conversation in order, by holding the later ones back until the earlier is delivered or given
 * up. Knows no other module's rows: what an event says is read by readers that the modules register in `platform/outbox`.
 */
export { WebhooksModule } from './webhooks.module.js';
export { SEALED_WEBHOOKS } from './webhooks/webhook-secrets.js';
