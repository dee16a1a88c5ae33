import { PeopleThere } from '#escalations';
import { type HttpRequest, limitedAddress, Public, RequireFeature } from '#platform/http';
import { Body, Controller, Get, Header, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type ConfigResponse,
  configResponse,
  type SessionBody,
  sessionBody,
  type SessionResponse,
  sessionResponse,
  toConfigResponse,
} from './public-widget.dto.js';
import { publicKeySchema } from './public-key.schema.js';
import { ServedWidgets } from './served-widget.js';
import { VisitorSessionService } from './visitor-session.service.js';

/** What the panel on a customer's page asks before anybody is known. Nothing that exists is opened by the key alone. */
@ApiTags('widgets')
@Controller('api/public/widgets')
@Public()
@RequireFeature('widgets')
export class PublicWidgetController {
  constructor(
    private readonly served: ServedWidgets,
    private readonly sessions: VisitorSessionService,
    private readonly people: PeopleThere,
  ) {}

  @Get(':public_key/config')
  @Header('Cache-Control', 'public, max-age=60')
  @ApiOperation({ summary: 'How a widget looks and what it says, for a page on its list' })
  @ApiOkResponse({ standardSchema: configResponse })
  async config(
    @Param('public_key', { schema: publicKeySchema }) publicKey: string,
    @Req() request: HttpRequest,
  ): Promise<ConfigResponse> {
    const { scope, widget } = await this.served.find(publicKey, request.headers);
    return toConfigResponse(widget, await this.people.areThere(scope));
  }

  @Post(':public_key/sessions')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'A token for a visitor of the page: a new one, one known again, or whom the site’s server names',
  })
  @ApiOkResponse({ standardSchema: sessionResponse })
  async begin(
    @Param('public_key', { schema: publicKeySchema }) publicKey: string,
    @Body({ schema: sessionBody }) body: SessionBody,
    @Req() request: HttpRequest,
  ): Promise<SessionResponse> {
    const { accessToken, seconds, visitorId, visitorToken } = await this.sessions.begin(
      publicKey,
      { visitorToken: body.visitor_token, identityToken: body.identity_token },
      { page: request.headers, address: limitedAddress(request.ip) },
    );
    return {
      access_token: accessToken,
      token_type: 'Bearer',
      expires_in: seconds,
      visitor_id: visitorId,
      visitor_token: visitorToken,
    };
  }
}
