import { Controller, Get, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { RequestContext } from '#platform/context';
import { Ctx, idSchema, RequirePermission } from '#platform/http';
import { z } from 'zod';
import { PresenceService } from './presence.service.js';

const presenceSchema = z
  .object({ user_id: z.guid(), connected: z.boolean(), connections: z.number().int() })
  .meta({ id: 'Presence' });

@ApiTags('Chat')
@ApiBearerAuth('bearer')
@RequirePermission('chat')
@Controller('ws/users')
export class PresenceController {
  constructor(private readonly presence: PresenceService) {}

  @Get(':user_id/status')
  @ApiOperation({ summary: 'Is a user connected? Your own, or as staff anybody of your tenant' })
  @ApiOkResponse({ standardSchema: presenceSchema })
  async status(
    @Ctx() ctx: RequestContext,
    @Param('user_id', { schema: idSchema }) userId: string,
  ): Promise<z.infer<typeof presenceSchema>> {
    const connections = await this.presence.connectionsOf(ctx, userId);
    return { user_id: userId, connected: connections > 0, connections };
  }
}
