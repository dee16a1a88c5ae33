import { Controller, Get, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { SkipThrottle } from '@nestjs/throttler';
import { Public } from '#platform/http';
import type { Response } from 'express';
import { HealthService } from './health.service.js';

@ApiTags('Operations')
@Public()
@SkipThrottle()
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get()
  @ApiOperation({ summary: 'All checks; 503 when an essential one is down' })
  async all(@Res({ passthrough: true }) response: Response) {
    const { ready, ...report } = await this.health.report();
    response.status(ready ? 200 : 503);
    return report;
  }

  @Get('live')
  @ApiOperation({ summary: 'The process answers' })
  live() {
    return { status: 'up' };
  }

  @Get('ready')
  @ApiOperation({ summary: 'The process may be sent requests; 503 while it may not' })
  async ready(@Res({ passthrough: true }) response: Response) {
    const { ready } = await this.health.report();
    response.status(ready ? 200 : 503);
    return { status: ready ? 'up' : 'down' };
  }
}
