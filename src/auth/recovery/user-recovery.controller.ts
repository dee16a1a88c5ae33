import type { RequestContext } from '#platform/context';
import { AdminResource, Ctx, Id } from '#platform/http';
import { Header, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import { type IssuedResetResponse, issuedResetResponse } from './recovery.dto.js';
import { RecoveryService } from './recovery.service.js';

@AdminResource('users/:id/reset-password', 'users.write', { tag: 'users' })
export class UserRecoveryController {
  constructor(private readonly recoveries: RecoveryService) {}

  @Post()
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'A link that sets this user’s password once; shown here, and mailed where mail is configured',
  })
  @ApiOkResponse({ standardSchema: issuedResetResponse })
  async issue(@Ctx() ctx: RequestContext, @Id() id: string): Promise<IssuedResetResponse> {
    const { expiresAt, url } = await this.recoveries.byAdmin(ctx, id);
    return { reset_url: url, expires_at: expiresAt.toISOString() };
  }
}
