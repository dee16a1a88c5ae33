import type { RequestContext } from '#platform/context';
import { Caller, Ctx, type HttpRequest, type Identity, Public, SignedIn } from '#platform/http';
import { Body, Controller, Get, Header, HttpCode, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiNoContentResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { PasswordService } from '../password/password.service.js';
import { SessionService } from '../sessions/session.service.js';
import {
  type ChangePasswordBody,
  changePasswordBody,
  type LoginBody,
  loginBody,
  type RefreshBody,
  refreshBody,
  type TokensResponse,
  tokensResponse,
  toTokensResponse,
  type UserSummary,
  userSummary,
} from './auth.dto.js';
import { LoginService } from './login.service.js';

@ApiTags('auth')
@ApiBearerAuth('bearer')
@Controller('api/auth')
export class AuthController {
  constructor(
    private readonly logins: LoginService,
    private readonly sessions: SessionService,
    private readonly passwords: PasswordService,
  ) {}

  @Post('login')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @Public()
  @ApiOperation({ summary: 'Sign in with tenant, email and password' })
  @ApiOkResponse({ standardSchema: tokensResponse })
  async login(@Body({ schema: loginBody }) body: LoginBody, @Req() request: HttpRequest): Promise<TokensResponse> {
    const origin = {
      address: request.ip ?? '',
      page: request.headers,
      userAgent: request.headers['user-agent'],
      correlationId: request.correlationId,
    };
    return toTokensResponse(await this.logins.login(body, origin));
  }

  @Post('refresh')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @Public()
  @ApiOperation({ summary: 'Replace a refresh token; the old one is good for ten more seconds' })
  @ApiOkResponse({ standardSchema: tokensResponse })
  async refresh(
    @Body({ schema: refreshBody }) body: RefreshBody,
    @Req() request: HttpRequest,
  ): Promise<TokensResponse> {
    return toTokensResponse(await this.logins.refresh(body.refresh_token, request.headers));
  }

  @Post('logout')
  @HttpCode(204)
  @SignedIn()
  @ApiOperation({ summary: 'End this session and close its sockets' })
  @ApiNoContentResponse()
  async logout(@Ctx() ctx: RequestContext): Promise<void> {
    await this.sessions.end(ctx);
  }

  @Get('me')
  @SignedIn()
  @ApiOperation({ summary: 'Who you are, and of which tenant' })
  @ApiOkResponse({ standardSchema: userSummary })
  me(@Caller() caller: Identity): UserSummary {
    const { role, persona } = caller.ctx.principal;
    return { ...caller.user, role, persona, tenant: caller.tenant };
  }

  @Post('password/change')
  @HttpCode(204)
  @SignedIn()
  @ApiOperation({ summary: 'Change your own password; your other sessions end' })
  @ApiNoContentResponse()
  async changePassword(
    @Ctx() ctx: RequestContext,
    @Body({ schema: changePasswordBody }) body: ChangePasswordBody,
    @Req() request: HttpRequest,
  ): Promise<void> {
    await this.passwords.change(ctx, body.current_password, body.new_password, request.ip ?? '');
  }
}
