import type { RequestContext } from '#platform/context';
import {
  AdminResource,
  Commands,
  Ctx,
  Deletes,
  Id,
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
  type ApiKeyResponse,
  apiKeyResponse,
  type CreateApiKeyBody,
  createApiKeyBody,
  type CreatedApiKeyResponse,
  createdApiKeyResponse,
  expiryOf,
  toApiKeyResponse,
  type TransferBody,
  transferBody,
} from './api-key.dto.js';
import { ApiKeyService } from './api-key.service.js';

@AdminResource('api-keys', 'api_keys.manage')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeyService) {}

  @Lists('List API keys, newest first', apiKeyResponse)
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<ApiKeyResponse>> {
    return pageById(ctx, query, {
      load: (before, limit) => this.keys.list(ctx, before, limit),
      map: toApiKeyResponse,
      idOf: (key) => key.id,
    });
  }

  /** `key` is shown here and never again. */
  @Makes('Make an API key; it is shown here and never again', createdApiKeyResponse, { shownOnce: ['key'] })
  @Header('Cache-Control', 'no-store')
  @RequireFeature('api_keys')
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createApiKeyBody }) body: CreateApiKeyBody,
  ): Promise<CreatedApiKeyResponse> {
    const { record, secret } = await this.keys.create(ctx, {
      name: body.name,
      role: body.role,
      scopes: body.scopes,
      expiresAt: expiryOf(body),
    });
    return { ...toApiKeyResponse(record), key: secret.reveal() };
  }

  @Reads('Read what is known of an API key', apiKeyResponse)
  async get(@Ctx() ctx: RequestContext, @Id() id: string): Promise<ApiKeyResponse> {
    return toApiKeyResponse(await this.keys.get(ctx, id));
  }

  @Commands(
    'transfer',
    'Somebody else answers for the key: it may do no more than they may, and ends when they leave',
    apiKeyResponse,
  )
  @RequireFeature('api_keys')
  async transfer(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: transferBody }) body: TransferBody,
  ): Promise<ApiKeyResponse> {
    return toApiKeyResponse(await this.keys.transfer(ctx, id, body.user_id));
  }

  @Deletes('Revoke an API key, with its sockets, the tokens that it minted and the keys that it made')
  async revoke(@Ctx() ctx: RequestContext, @Id() id: string): Promise<void> {
    await this.keys.revoke(ctx, id);
  }
}
