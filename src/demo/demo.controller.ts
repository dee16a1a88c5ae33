import { AppConfig } from '#platform/config';
import { NotFoundError } from '#platform/errors';
import { isLoopbackHost, Public } from '#platform/http';
import { Controller, Get, Header, Req } from '@nestjs/common';
import { ApiNotFoundResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { z } from 'zod';
import { DemoLogins } from './demo.logins.js';

const demoResponse = z
  .object({
    users: z.array(
      z.object({
        tenant: z.string(),
        tenant_name: z.string(),
        email: z.string(),
        name: z.string(),
        role: z.string(),
        persona: z.string().nullable(),
        description: z.string(),
      }),
    ),
    password: z.string(),
    reading: z.boolean(),
  })
  .meta({ id: 'Demo' });
type DemoResponse = z.infer<typeof demoResponse>;

/** The demo's logins for the page on which one is chosen. */
@ApiTags('demo')
@Public()
@Controller('api/public/demo')
export class DemoController {
  constructor(
    private readonly config: AppConfig,
    private readonly logins: DemoLogins,
  ) {}

  @Get()
  @Header('cache-control', 'no-store')
  @ApiOperation({
    summary:
      'The demo users, their password, and whether the demo’s documents are still being read; 404 in production, without demo data, and to other machines',
  })
  @ApiOkResponse({ standardSchema: demoResponse })
  @ApiNotFoundResponse()
  show(@Req() request: Request): DemoResponse {
    if (this.config.production || this.logins.list.length === 0 || !fromThisMachine(request)) throw new NotFoundError();
    return {
      users: this.logins.list.map(({ tenant, tenantName, user }) => ({
        tenant,
        tenant_name: tenantName,
        email: user.email,
        name: user.name,
        role: user.role,
        persona: user.persona,
        description: user.description,
      })),
      password: this.logins.password,
      reading: this.logins.reading,
    };
  }
}

/**
 * A platform admin is among the demo users, so the password is for whoever sits at this machine: neither for the network
 * that HOST may open the server to, nor for a page whose name was rebound to 127.0.0.1 (its `Host` tells).
 */
function fromThisMachine(request: Request): boolean {
  const peer = request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? '';
  return isLoopbackHost(request.headers.host) && (peer === '::1' || /^127\./.test(peer));
}
