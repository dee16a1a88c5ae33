import type { RequestContext } from '#platform/context';
import {
  AdminResource,
  assertIfMatch,
  Changes,
  Commands,
  Ctx,
  Deletes,
  Id,
  IfMatch,
  type ListQuery,
  listQuery,
  Lists,
  Makes,
  type Page,
  pageById,
  Reads,
  RequireFeature,
} from '#platform/http';
import { Body, Header, Query } from '@nestjs/common';
import {
  type CreateWebhookBody,
  createWebhookBody,
  type PatchWebhookBody,
  patchWebhookBody,
  toDraft,
  toWebhookResponse,
  type WebhookResponse,
  webhookResponse,
  type WebhookWithSecretResponse,
  webhookWithSecretResponse,
  withChange,
} from './webhook.dto.js';
import { WebhookService, type WebhookWithSecret } from './webhook.service.js';

@AdminResource('webhooks', 'webhooks.manage')
export class WebhooksController {
  constructor(private readonly webhooks: WebhookService) {}

  @Lists('List webhooks, newest first', webhookResponse)
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<WebhookResponse>> {
    return pageById(ctx, query, {
      load: (before, limit) => this.webhooks.list(ctx, before, limit),
      map: toWebhookResponse,
      idOf: (webhook) => webhook.id,
    });
  }

  /** Its `secret` signs what is sent (Standard Webhooks). */
  @Makes('Make a webhook; its secret is shown here and never again', webhookWithSecretResponse, {
    shownOnce: ['secret'],
  })
  @Header('Cache-Control', 'no-store')
  @RequireFeature('webhooks')
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createWebhookBody }) body: CreateWebhookBody,
  ): Promise<WebhookWithSecretResponse> {
    return withSecret(await this.webhooks.create(ctx, toDraft(body)));
  }

  @Reads('Read a webhook', webhookResponse)
  async get(@Ctx() ctx: RequestContext, @Id() id: string): Promise<WebhookResponse> {
    return toWebhookResponse(await this.webhooks.get(ctx, id));
  }

  @Changes('Change a webhook; disabling it ends what is on its way', webhookResponse)
  @RequireFeature('webhooks')
  async patch(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: patchWebhookBody }) body: PatchWebhookBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<WebhookResponse> {
    const updated = await this.webhooks.update(ctx, id, (current) => {
      assertIfMatch(ifMatch, toWebhookResponse(current));
      return withChange(current, body);
    });
    return toWebhookResponse(updated);
  }

  @Commands(
    'rotate-secret',
    'Replace the secret; the earlier one signs beside it for 24 hours',
    webhookWithSecretResponse,
  )
  @Header('Cache-Control', 'no-store')
  @RequireFeature('webhooks')
  async rotateSecret(@Ctx() ctx: RequestContext, @Id() id: string): Promise<WebhookWithSecretResponse> {
    return withSecret(await this.webhooks.rotateSecret(ctx, id));
  }

  @Deletes('Delete a webhook, with the record of what was sent to it')
  async delete(@Ctx() ctx: RequestContext, @Id() id: string): Promise<void> {
    await this.webhooks.delete(ctx, id);
  }
}

function withSecret({ secret, webhook }: WebhookWithSecret): WebhookWithSecretResponse {
  return { ...toWebhookResponse(webhook), secret: secret.reveal() };
}
