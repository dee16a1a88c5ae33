import type { RequestContext } from '#platform/context';
import {
  AdminResource,
  Commands,
  CountsAgainst,
  Ctx,
  decodeCursor,
  Deletes,
  Id,
  idPosition,
  Lists,
  Makes,
  type Page,
  Reads,
  RequirePermission,
  toPage,
} from '#platform/http';
import { Body, Header, Query } from '@nestjs/common';
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

@AdminResource('invitations', 'users.read')
export class InvitationsController {
  constructor(private readonly invitations: InvitationService) {}

  @Lists('List invitations, newest first', invitationResponse)
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listInvitationsQuery }) query: ListInvitationsQuery,
  ): Promise<Page<InvitationResponse>> {
    const before = decodeCursor(ctx, query.cursor, idPosition)?.[0] ?? null;
    const { limit, status = null } = query;
    const rows = await this.invitations.list(ctx, { before, status, limit: limit + 1 });
    return toPage(ctx, rows, { limit, map: toInvitationResponse, position: (invitation) => [invitation.id] });
  }

  @Makes('Invite somebody by email; the link is shown here and mailed where mail is configured', sentInvitationResponse)
  @Header('Cache-Control', 'no-store')
  @RequirePermission('users.write')
  @CountsAgainst('users')
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createInvitationBody }) body: CreateInvitationBody,
  ): Promise<SentInvitationResponse> {
    return toSent(await this.invitations.create(ctx, body));
  }

  @Reads('Read an invitation', invitationResponse)
  async get(@Ctx() ctx: RequestContext, @Id() id: string): Promise<InvitationResponse> {
    return toInvitationResponse(await this.invitations.get(ctx, id));
  }

  @Commands(
    'resend',
    'Send it again with another link, good for seven days; the earlier link is void',
    sentInvitationResponse,
  )
  @Header('Cache-Control', 'no-store')
  @RequirePermission('users.write')
  @CountsAgainst('users')
  async resend(@Ctx() ctx: RequestContext, @Id() id: string): Promise<SentInvitationResponse> {
    return toSent(await this.invitations.resend(ctx, id));
  }

  @Deletes('Revoke an invitation that was not accepted')
  @RequirePermission('users.write')
  async revoke(@Ctx() ctx: RequestContext, @Id() id: string): Promise<void> {
    await this.invitations.revoke(ctx, id);
  }
}

function toSent({ acceptUrl, invitation }: SentInvitation): SentInvitationResponse {
  return { ...toInvitationResponse(invitation), accept_url: acceptUrl };
}
