import type { RequestContext } from '#platform/context';
import {
  assertIfMatch,
  Creates,
  Ctx,
  decodeCursor,
  idPosition,
  idSchema,
  IfMatch,
  type ListQuery,
  listQuery,
  type Page,
  pageSchema,
  RequirePermission,
  toPage,
} from '#platform/http';
import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
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
@ApiTags('trusted-issuers')
@ApiBearerAuth('bearer')
@Controller('api/admin/trusted-issuers')
@RequirePermission('credentials.manage')
export class TrustedIssuersController {
  constructor(private readonly issuers: TrustedIssuerService) {}

  @ApiOperation({ summary: 'List the issuers whose tokens are taken, newest first' })
  @Get()
  @ApiOkResponse({ standardSchema: pageSchema(issuerResponse) })
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<IssuerResponse>> {
    const before = decodeCursor(ctx, query.cursor, idPosition)?.[0] ?? null;
    const rows = await this.issuers.list(ctx, before, query.limit + 1);
    return toPage(ctx, rows, { limit: query.limit, map: toIssuerResponse, position: (issuer) => [issuer.id] });
  }

  @ApiOperation({ summary: 'Trust an issuer: its tokens open REST and sockets, and its people are made on first use' })
  @Post()
  @Creates()
  @ApiCreatedResponse({ standardSchema: issuerResponse })
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createIssuerBody }) body: CreateIssuerBody,
  ): Promise<IssuerResponse> {
    return toIssuerResponse(await this.issuers.create(ctx, toIssuerInput(body)));
  }

  @ApiOperation({ summary: 'Read an issuer' })
  @Get(':id')
  @ApiOkResponse({ standardSchema: issuerResponse })
  async get(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<IssuerResponse> {
    return toIssuerResponse(await this.issuers.get(ctx, id));
  }

  @ApiOperation({ summary: 'Change or disable an issuer; whoever it let in signs in again' })
  @Patch(':id')
  @ApiOkResponse({ standardSchema: issuerResponse })
  async patch(
    @Ctx() ctx: RequestContext,
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: patchIssuerBody }) body: PatchIssuerBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<IssuerResponse> {
    const updated = await this.issuers.update(ctx, id, toIssuerChange(body), (current) =>
      assertIfMatch(ifMatch, toIssuerResponse(current)),
    );
    return toIssuerResponse(updated);
  }

  @ApiOperation({ summary: 'Trust it no more: whoever it let in is signed out' })
  @Delete(':id')
  @HttpCode(204)
  @ApiNoContentResponse()
  async delete(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<void> {
    await this.issuers.delete(ctx, id);
  }
}
