import { ExpiryModule } from '#platform/expiry';
import { TenantsModule } from '#tenants';
import { Module } from '@nestjs/common';
import { DeliveriesController } from './deliveries/deliveries.controller.js';
import { DeliveryAttempts } from './deliveries/delivery-attempts.js';
import { DeliveryExpiry } from './deliveries/delivery.expiry.js';
import { DeliveryRepository } from './deliveries/delivery.repository.js';
import { DeliveryService } from './deliveries/delivery.service.js';
import { DeliveryWorker } from './deliveries/delivery-worker.js';
import { EventFanOut } from './deliveries/event-fan-out.js';
import { OpenDeliveries } from './webhooks/open-deliveries.js';
import { WebhookSecrets } from './webhooks/webhook-secrets.js';
import { WebhookRepository } from './webhooks/webhook.repository.js';
import { WebhookService } from './webhooks/webhook.service.js';
import { WebhooksController } from './webhooks/webhooks.controller.js';

@Module({
  imports: [ExpiryModule, TenantsModule],
  controllers: [WebhooksController, DeliveriesController],
  providers: [
    DeliveryAttempts,
    DeliveryExpiry,
    DeliveryRepository,
    DeliveryService,
    DeliveryWorker,
    EventFanOut,
    OpenDeliveries,
    WebhookRepository,
    WebhookSecrets,
    WebhookService,
  ],
})
export class WebhooksModule {}
