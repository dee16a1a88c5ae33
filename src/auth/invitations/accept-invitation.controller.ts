import { CountsAgainst, type HttpRequest, Public } from '#platform/http';
import { Body, Controller, Header, HttpCode, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type TokensResponse, tokensResponse, toTokensResponse } from '../login/auth.dto.js';
import { type AcceptInvitationBody, acceptInvitationBody } from './invitation.dto.js';
import { InvitationAcceptance } from './invitation-acceptance.js';

@ApiTags('auth')
@Controller('api/auth/invitations')
@Public()
export class AcceptInvitationController {
  constructor(private readonly acceptance: InvitationAcceptance) {}

  @Post('accept')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Accept an invitation: choose name and password, and be signed in' })
  @ApiOkResponse({ standardSchema: tokensResponse })
  @CountsAgainst('users')
  async accept(
    @Body({ schema: acceptInvitationBody }) body: AcceptInvitationBody,
    @Req() request: HttpRequest,
  ): Promise<TokensResponse> {
    const origin = {
      address: request.ip ?? '',
      page: request.headers,
      userAgent: request.headers['user-agent'],
      correlationId: request.correlationId,
    };
    return toTokensResponse(await this.acceptance.accept(body, origin));
  }
}
