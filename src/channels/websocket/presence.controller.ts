import { Controller, Get, Param } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { isStaff, type RequestContext } from '#platform/context';
import { NotFoundError } from '#platform/errors';
import { Ctx, idSchema, RequirePermission } from '#platform/http';
import { z } from 'zod';
import { ConnectionRegistry } from './connection-registry.js';

const presenceSchema = z
  .object({ user_id: z.guid(), connected: z.boolean(), connections: z.number().int() })
  .meta({ id: 'Presence' });

/** Whether somebody has a socket open (on this instance). */
@ApiTags('Chat')
@ApiBearerAuth('bearer')
@Controller('ws/users')
export class PresenceController {
  constructor(private readonly registry: ConnectionRegistry) {}

  @Get(':user_id/status')
  @RequirePermission('chat')
  @ApiOperation({ summary: 'Is a user connected? Your own, or as staff anybody of your tenant' })
  @ApiOkResponse({ standardSchema: presenceSchema })
  status(
    @Ctx() ctx: RequestContext,
    @Param('user_id', { schema: idSchema }) userId: string,
  ): z.infer<typeof presenceSchema> {
    if (userId !== ctx.principal.id && !isStaff(ctx.principal)) throw new NotFoundError();
    const connections = this.registry.countOf(ctx.tenantId, userId);
    return { user_id: userId, connected: connections > 0, connections };
  }
}
