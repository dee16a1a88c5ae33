import { type HttpRequest, Public } from '#platform/http';
import { Body, Controller, HttpCode, Post, Req } from '@nestjs/common';
import { ApiAcceptedResponse, ApiNoContentResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import {
  type ForgotPasswordBody,
  forgotPasswordBody,
  type ResetPasswordBody,
  resetPasswordBody,
} from './recovery.dto.js';
import { ForgottenPassword } from './forgotten-password.js';
import { PasswordReset } from './password-reset.js';

const accepted = z.object({ status: z.literal('accepted') });

@ApiTags('auth')
@Controller('api/auth/password')
@Public()
export class RecoveryController {
  constructor(
    private readonly forgotten: ForgottenPassword,
    private readonly resets: PasswordReset,
  ) {}

  @Post('forgot')
  @HttpCode(202)
  @ApiOperation({ summary: 'Have a link sent that sets a new password; the answer is the same for everybody' })
  @ApiAcceptedResponse({ standardSchema: accepted })
  forgot(
    @Body({ schema: forgotPasswordBody }) body: ForgotPasswordBody,
    @Req() request: HttpRequest,
  ): z.infer<typeof accepted> {
    this.forgotten.request(body, request.ip ?? '');
    return { status: 'accepted' };
  }

  @Post('reset')
  @HttpCode(204)
  @ApiOperation({ summary: 'Set a new password by such a link’s token, once within 30 minutes; all sessions end' })
  @ApiNoContentResponse()
  async reset(
    @Body({ schema: resetPasswordBody }) body: ResetPasswordBody,
    @Req() request: HttpRequest,
  ): Promise<void> {
    const origin = { address: request.ip ?? '', correlationId: request.correlationId };
    await this.resets.reset(body.token, body.password, origin);
  }
}
