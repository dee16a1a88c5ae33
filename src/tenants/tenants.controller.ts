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
import { Body, Controller, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiCreatedResponse, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  type CreateTenantBody,
  createTenantBody,
  type PatchTenantBody,
  patchTenantBody,
  type TenantResponse,
  tenantResponse,
  toTenantResponse,
} from './tenant.dto.js';
import { TenantService } from './tenant.service.js';

/** Platform admins only. */
@ApiTags('tenants')
@ApiBearerAuth('bearer')
@Controller('api/admin/tenants')
@RequirePermission('tenants.manage')
export class TenantsController {
  constructor(private readonly tenants: TenantService) {}

  @ApiOperation({ summary: 'List tenants' })
  @Get()
  @ApiOkResponse({ standardSchema: pageSchema(tenantResponse) })
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<TenantResponse>> {
    const position = decodeCursor(ctx, query.cursor, idPosition);
    const rows = await this.tenants.list(position?.[0] ?? null, query.limit + 1);
    return toPage(ctx, rows, { limit: query.limit, map: toTenantResponse, position: (tenant) => [tenant.id] });
  }

  @ApiOperation({ summary: 'Make a tenant' })
  @Post()
  @Creates()
  @ApiCreatedResponse({ standardSchema: tenantResponse })
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createTenantBody }) body: CreateTenantBody,
  ): Promise<TenantResponse> {
    return toTenantResponse(await this.tenants.create(ctx, body));
  }

  @ApiOperation({ summary: 'Read a tenant' })
  @Get(':id')
  @ApiOkResponse({ standardSchema: tenantResponse })
  async get(@Param('id', { schema: idSchema }) id: string): Promise<TenantResponse> {
    return toTenantResponse(await this.tenants.get({ tenantId: id }));
  }

  @ApiOperation({ summary: 'Rename, suspend or reactivate a tenant' })
  @Patch(':id')
  @ApiOkResponse({ standardSchema: tenantResponse })
  async patch(
    @Ctx() ctx: RequestContext,
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: patchTenantBody }) body: PatchTenantBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<TenantResponse> {
    const updated = await this.tenants.update(ctx, id, body, (current) =>
      assertIfMatch(ifMatch, toTenantResponse(current)),
    );
    return toTenantResponse(updated);
  }

  /** Its people, keys and tokens get 403 `SUSPENDED`, sockets are closed with 4403, running turns end, jobs pause. */
  @ApiOperation({ summary: 'Suspend a tenant; of one that is suspended nothing changes' })
  @Post(':id/suspend')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: tenantResponse })
  async suspend(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<TenantResponse> {
    return toTenantResponse(await this.tenants.update(ctx, id, { status: 'suspended' }));
  }

  @ApiOperation({ summary: 'Resume a suspended tenant: everything of it works again' })
  @Post(':id/resume')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: tenantResponse })
  async resume(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<TenantResponse> {
    return toTenantResponse(await this.tenants.update(ctx, id, { status: 'active' }));
  }
}
