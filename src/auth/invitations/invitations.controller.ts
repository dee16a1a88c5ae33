import type { RequestContext } from '#platform/context';
import {
  Creates,
  Ctx,
  decodeCursor,
  idPosition,
  idSchema,
  type Page,
  pageSchema,
  RequirePermission,
  toPage,
} from '#platform/http';
import { Body, Controller, Delete, Get, Header, HttpCode, Param, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import {
  type CreateInvitationBody,
  createInvitationBody,
  type InvitationResponse,
  invitationResponse,
  type ListInvitationsQuery,
  listInvitationsQuery,
  type SentInvitationResponse,
  sentInvitationResponse,
  toInvitationResponse,
} from './invitation.dto.js';
import { InvitationService, type SentInvitation } from './invitation.service.js';

@ApiTags('invitations')
@ApiBearerAuth('bearer')
@Controller('api/admin/invitations')
@RequirePermission('users.read')
export class InvitationsController {
  constructor(private readonly invitations: InvitationService) {}

  @ApiOperation({ summary: 'List invitations, newest first' })
  @Get()
  @ApiOkResponse({ standardSchema: pageSchema(invitationResponse) })
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listInvitationsQuery }) query: ListInvitationsQuery,
  ): Promise<Page<InvitationResponse>> {
    const before = decodeCursor(ctx, query.cursor, idPosition)?.[0] ?? null;
    const { limit, status = null } = query;
    const rows = await this.invitations.list(ctx, { before, status, limit: limit + 1 });
    return toPage(ctx, rows, { limit, map: toInvitationResponse, position: (invitation) => [invitation.id] });
  }

  @ApiOperation({ summary: 'Invite somebody by email; the link is shown here and mailed where mail is configured' })
  @Post()
  @Creates()
  @Header('Cache-Control', 'no-store')
  @RequirePermission('users.write')
  @ApiCreatedResponse({ standardSchema: sentInvitationResponse })
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createInvitationBody }) body: CreateInvitationBody,
  ): Promise<SentInvitationResponse> {
    return toSent(await this.invitations.create(ctx, body));
  }

  @ApiOperation({ summary: 'Read an invitation' })
  @Get(':id')
  @ApiOkResponse({ standardSchema: invitationResponse })
  async get(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<InvitationResponse> {
    return toInvitationResponse(await this.invitations.get(ctx, id));
  }

  @ApiOperation({ summary: 'Send it again with another link, good for seven days; the earlier link is void' })
  @Post(':id/resend')
  @HttpCode(200)
  @Header('Cache-Control', 'no-store')
  @RequirePermission('users.write')
  @ApiOkResponse({ standardSchema: sentInvitationResponse })
  async resend(
    @Ctx() ctx: RequestContext,
    @Param('id', { schema: idSchema }) id: string,
  ): Promise<SentInvitationResponse> {
    return toSent(await this.invitations.resend(ctx, id));
  }

  @ApiOperation({ summary: 'Revoke an invitation that was not accepted' })
  @Delete(':id')
  @HttpCode(204)
  @RequirePermission('users.write')
  @ApiNoContentResponse()
  async revoke(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<void> {
    await this.invitations.revoke(ctx, id);
  }
}

function toSent({ acceptUrl, invitation }: SentInvitation): SentInvitationResponse {
  return { ...toInvitationResponse(invitation), accept_url: acceptUrl };
}
