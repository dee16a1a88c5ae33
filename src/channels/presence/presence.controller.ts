import { Controller, Get, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { RequestContext } from '#platform/context';
import { Ctx, RequirePermission } from '#platform/http';
import { z } from 'zod';
import { PresenceService } from './presence.service.js';

const presenceSchema = z
  .object({ user_id: z.guid(), connected: z.boolean(), connections: z.number().int() })
  .meta({ id: 'Presence' });

/** An id, or the tenant's own name for the user. */
const userName = z.string().min(1).max(200);

@ApiTags('chat')
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
    @Param('user_id', { schema: userName }) named: string,
  ): Promise<z.infer<typeof presenceSchema>> {
    const { connections, userId } = await this.presence.connectionsOf(ctx, named);
    return { user_id: userId, connected: connections > 0, connections };
  }
}
