import type { RequestContext } from '#platform/context';
import { AdminResource, CSV_TYPE, Ctx, decodeCursor, idPosition, Lists, type Page, toPage } from '#platform/http';
import { Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import {
  auditCsv,
  auditEntryResponse,
  type AuditEntryResponse,
  type AuditLogQuery,
  auditLogQuery,
  toAuditEntryResponse,
} from './audit-log.dto.js';
import { AuditLogRepository } from './audit-log.repository.js';

/** Who did what to whom: read by admins, changed by nobody. */
@AdminResource('audit-log', 'audit.read', { tag: 'audit-log' })
export class AuditLogController {
  constructor(private readonly entries: AuditLogRepository) {}

  /** A page as CSV has the next page's cursor in the header `X-Next-Cursor`. */
  @Lists(
    'List administrative changes, newest first; `Accept: text/csv` gives them for spreadsheets',
    auditEntryResponse,
  )
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: auditLogQuery }) query: AuditLogQuery,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Page<AuditEntryResponse> | string> {
    const { action, actor, cursor, from, limit, target_id: targetId, target_type: targetType, to } = query;
    const before = decodeCursor(ctx, cursor, idPosition)?.[0] ?? null;
    const filter = { action, actor, targetId, targetType, from, to };
    const rows = await this.entries.page(ctx, filter, { before, limit: limit + 1 });
    const page = toPage(ctx, rows, { limit, map: toAuditEntryResponse, position: (entry) => [entry.id] });
    response.vary('Accept');
    if (request.accepts('application/json', CSV_TYPE) !== CSV_TYPE) return page;
    if (page.next_cursor !== null) response.setHeader('X-Next-Cursor', page.next_cursor);
    response.attachment('audit-log.csv').setHeader('Content-Type', `${CSV_TYPE}; charset=utf-8`);
    return auditCsv(page.data);
  }
}
