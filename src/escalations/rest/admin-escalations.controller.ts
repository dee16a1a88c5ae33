import { Query } from '@nestjs/common';
import type { RequestContext } from '#platform/context';
import { AdminResource, Ctx, decodeCursor, Id, idPosition, Lists, Reads, toPage } from '#platform/http';
import type { z } from 'zod';
import { EscalationService } from '../lifecycle/escalation.service.js';
import {
  escalationWithTranscript,
  handledEscalation,
  listEscalationsQuery,
  toHandledEscalation,
} from './escalation.dto.js';
import { EscalationReader } from './escalation-reader.js';

/** All escalations of the tenant, to look at; who may also take part does so at the supporters' desk. */
@AdminResource('escalations', 'escalations.handle')
export class AdminEscalationsController {
  constructor(
    private readonly service: EscalationService,
    private readonly reader: EscalationReader,
  ) {}

  @Lists('List escalations, newest first', handledEscalation)
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listEscalationsQuery }) query: z.infer<typeof listEscalationsQuery>,
  ) {
    const { conversation_id: conversationId, cursor, limit, status, supporter_id: supporterId } = query;
    const before = decodeCursor(ctx, cursor, idPosition)?.[0] ?? null;
    const filter = { status, supporterId, conversationId };
    const { rows, workforce } = await this.reader.page(ctx, filter, { before, limit: limit + 1 });
    return toPage(ctx, rows, {
      limit,
      map: (row) => toHandledEscalation(row, workforce),
      position: (row) => [row.id],
    });
  }

  @Reads('Read one, with what was said so far', escalationWithTranscript)
  async get(@Ctx() ctx: RequestContext, @Id() id: string) {
    const { escalation, transcript } = await this.service.get(ctx, id);
    const workforce = await this.reader.workforce(ctx, escalation);
    return { ...toHandledEscalation(escalation, workforce), transcript };
  }
}
