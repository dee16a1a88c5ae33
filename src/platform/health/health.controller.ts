import { Controller, Get, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { SkipThrottle } from '@nestjs/throttler';
import { type HttpRequest, Operator, Public } from '#platform/http';
import type { Response } from 'express';
import { HealthService } from './health.service.js';

@ApiTags('operations')
@SkipThrottle()
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get()
  @Operator('admitted')
  @ApiOperation({
    summary:
      'All checks; 503 when an essential one is down. In production details are for staff and callers on this machine',
  })
  async all(@Req() request: HttpRequest, @Res({ passthrough: true }) response: Response) {
    const { ready, ...report } = await this.health.report();
    response.status(ready ? 200 : 503);
    const { overall, status } = report;
    return request.operator === true ? report : { status, overall };
  }

  @Get('live')
  @Public()
  @ApiOperation({ summary: 'The process answers' })
  live() {
    return { status: 'up' };
  }

  @Get('ready')
  @Public()
  @ApiOperation({ summary: 'The process may be sent requests; 503 while it may not' })
  async ready(@Res({ passthrough: true }) response: Response) {
    const ready = await this.health.isReady();
    response.status(ready ? 200 : 503);
    return { status: ready ? 'up' : 'down' };
  }
}
