import type { RequestContext } from '#platform/context';
import { Ctx, metadataSchema, RequireFeature, RequirePermission } from '#platform/http';
import { Body, Controller, Header, HttpCode, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { atMost } from '#platform/text';
import { z } from 'zod';
import { emailSchema } from '../login/auth.dto.js';
import { personaSchema, toUserResponse, userResponse } from '../users/user.dto.js';
import { RESERVED_EXTERNAL_ID } from './end-user-accounts.js';
import { EndUserTokenService } from './end-user-token.service.js';

const endUserTokenBody = z
  .strictObject({
    external_id: z
      .string()
      .min(1)
      .check(...atMost(200))
      .refine((id) => !RESERVED_EXTERNAL_ID.test(id), 'must not begin with api_key: or platform:'),
    name: z
      .string()
      .trim()
      .check(...atMost(200))
      .default(''),
    email: emailSchema.nullable().default(null),
    persona: personaSchema.nullable().default(null),
    attributes: metadataSchema.default({}),
  })
  .meta({ examples: [{ external_id: 'customer-4711', name: 'Ann', persona: null, attributes: { plan: 'pro' } }] });

const endUserTokenResponse = z
  .object({
    access_token: z.string(),
    token_type: z.literal('Bearer'),
    expires_in: z.number(),
    user: userResponse,
  })
  .meta({ id: 'EndUserToken' });

@ApiTags('auth')
@ApiBearerAuth('bearer')
@Controller('api/auth/end-user-tokens')
@RequirePermission('end_user_tokens.create')
@RequireFeature('end_user_tokens')
export class EndUserTokensController {
  constructor(private readonly tokens: EndUserTokenService) {}

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'A short-lived token for one of your own users; with an API key' })
  @ApiOkResponse({ standardSchema: endUserTokenResponse })
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: endUserTokenBody }) body: z.infer<typeof endUserTokenBody>,
  ): Promise<z.infer<typeof endUserTokenResponse>> {
    const { external_id: externalId, ...rest } = body;
    const { accessToken, seconds, user } = await this.tokens.issue(ctx, { externalId, ...rest });
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: seconds,
      user: toUserResponse(user),
    };
  }
}
