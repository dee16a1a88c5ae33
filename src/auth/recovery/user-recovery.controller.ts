import type { RequestContext } from '#platform/context';
import { Ctx, idSchema, RequirePermission } from '#platform/http';
import { Controller, Header, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type IssuedResetResponse, issuedResetResponse } from './recovery.dto.js';
import { RecoveryService } from './recovery.service.js';

@ApiTags('users')
@ApiBearerAuth('bearer')
@Controller('api/admin/users/:id/reset-password')
@RequirePermission('users.write')
export class UserRecoveryController {
  constructor(private readonly recoveries: RecoveryService) {}

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'A link that sets this user’s password once; shown here, and mailed where mail is configured',
  })
  @ApiOkResponse({ standardSchema: issuedResetResponse })
  async issue(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<IssuedResetResponse> {
    const { expiresAt, url } = await this.recoveries.byAdmin(ctx, id);
    return { reset_url: url, expires_at: expiresAt.toISOString() };
  }
}
