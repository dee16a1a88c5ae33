import { Public } from '#platform/http';
import { Controller, Get, Header } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { TokenKeys } from './token-keys.js';

@ApiTags('auth')
@Controller('.well-known')
export class JwksController {
  constructor(private readonly keys: TokenKeys) {}

  @Get('jwks.json')
  @Public()
  @ApiOperation({ summary: 'The keys that access tokens are verified with' })
  @Header('Cache-Control', 'public, max-age=300')
  jwks(): TokenKeys['jwks'] {
    return this.keys.jwks;
  }
}
