import type { RequestContext } from '#platform/context';
import {
  Creates,
  Ctx,
  decodeCursor,
  idPosition,
  idSchema,
  type ListQuery,
  listQuery,
  type Page,
  pageSchema,
  RequirePermission,
  toPage,
} from '#platform/http';
import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
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

@ApiTags('api-keys')
@ApiBearerAuth('bearer')
@Controller('api/admin/api-keys')
@RequirePermission('api_keys.manage')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeyService) {}

  @ApiOperation({ summary: 'List API keys, newest first' })
  @Get()
  @ApiOkResponse({ standardSchema: pageSchema(apiKeyResponse) })
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<ApiKeyResponse>> {
    const before = decodeCursor(ctx, query.cursor, idPosition)?.[0] ?? null;
    const rows = await this.keys.list(ctx, before, query.limit + 1);
    return toPage(ctx, rows, { limit: query.limit, map: toApiKeyResponse, position: (key) => [key.id] });
  }

  /** `key` is shown here and never again. */
  @ApiOperation({ summary: 'Make an API key; it is shown here and never again' })
  @Post()
  @Creates(201, { shownOnce: ['key'] })
  @Header('Cache-Control', 'no-store')
  @ApiCreatedResponse({ standardSchema: createdApiKeyResponse })
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

  @ApiOperation({ summary: 'Read what is known of an API key' })
  @Get(':id')
  @ApiOkResponse({ standardSchema: apiKeyResponse })
  async get(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<ApiKeyResponse> {
    return toApiKeyResponse(await this.keys.get(ctx, id));
  }

  @ApiOperation({
    summary: 'Somebody else answers for the key: it may do no more than they may, and ends when they leave',
  })
  @Post(':id/transfer')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: apiKeyResponse })
  async transfer(
    @Ctx() ctx: RequestContext,
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: transferBody }) body: TransferBody,
  ): Promise<ApiKeyResponse> {
    return toApiKeyResponse(await this.keys.transfer(ctx, id, body.user_id));
  }

  @ApiOperation({ summary: 'Revoke an API key, with its sockets, the tokens that it minted and the keys that it made' })
  @Delete(':id')
  @HttpCode(204)
  @ApiNoContentResponse()
  async revoke(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<void> {
    await this.keys.revoke(ctx, id);
  }
}
