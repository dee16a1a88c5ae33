import type { RequestContext } from '#platform/context';
import {
  AdminResource,
  assertIfMatch,
  Changes,
  Ctx,
  Deletes,
  Id,
  IfMatch,
  type ListQuery,
  listQuery,
  Lists,
  Makes,
  type Page,
  pageById,
  Reads,
  RequireFeature,
} from '#platform/http';
import { Body, Query } from '@nestjs/common';
import {
  type CreateIssuerBody,
  createIssuerBody,
  type IssuerResponse,
  issuerResponse,
  type PatchIssuerBody,
  patchIssuerBody,
  toIssuerChange,
  toIssuerInput,
  toIssuerResponse,
} from './trusted-issuer.dto.js';
import { TrustedIssuerService } from './trusted-issuer.service.js';

/** Whoever adds one can sign in as anybody whom it may name: it is asked for like a credential. */
@AdminResource('trusted-issuers', 'credentials.manage')
export class TrustedIssuersController {
  constructor(private readonly issuers: TrustedIssuerService) {}

  @Lists('List the issuers whose tokens are taken, newest first', issuerResponse)
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<IssuerResponse>> {
    return pageById(ctx, query, {
      load: (before, limit) => this.issuers.list(ctx, before, limit),
      map: toIssuerResponse,
      idOf: (issuer) => issuer.id,
    });
  }

  @Makes('Trust an issuer: its tokens open REST and sockets, and its people are made on first use', issuerResponse)
  @RequireFeature('trusted_issuers')
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createIssuerBody }) body: CreateIssuerBody,
  ): Promise<IssuerResponse> {
    return toIssuerResponse(await this.issuers.create(ctx, toIssuerInput(body)));
  }

  @Reads('Read an issuer', issuerResponse)
  async get(@Ctx() ctx: RequestContext, @Id() id: string): Promise<IssuerResponse> {
    return toIssuerResponse(await this.issuers.get(ctx, id));
  }

  @Changes('Change or disable an issuer; whoever it let in signs in again', issuerResponse)
  @RequireFeature('trusted_issuers')
  async patch(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: patchIssuerBody }) body: PatchIssuerBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<IssuerResponse> {
    const updated = await this.issuers.update(ctx, id, toIssuerChange(body), (current) =>
      assertIfMatch(ifMatch, toIssuerResponse(current)),
    );
    return toIssuerResponse(updated);
  }

  @Deletes('Trust it no more: whoever it let in is signed out')
  async delete(@Ctx() ctx: RequestContext, @Id() id: string): Promise<void> {
    await this.issuers.delete(ctx, id);
  }
}
