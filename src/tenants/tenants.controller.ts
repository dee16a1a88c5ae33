import type { RequestContext } from '#platform/context';
import {
  AdminResource,
  assertIfMatch,
  Changes,
  Commands,
  Ctx,
  Id,
  IfMatch,
  type ListQuery,
  listQuery,
  Lists,
  Makes,
  type Page,
  pageById,
  Reads,
} from '#platform/http';
import { Body, Query } from '@nestjs/common';
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
@AdminResource('tenants', 'tenants.manage')
export class TenantsController {
  constructor(private readonly tenants: TenantService) {}

  @Lists('List tenants', tenantResponse)
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<TenantResponse>> {
    return pageById(ctx, query, {
      load: (before, limit) => this.tenants.list(before, limit),
      map: toTenantResponse,
      idOf: (tenant) => tenant.id,
    });
  }

  @Makes('Make a tenant', tenantResponse)
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createTenantBody }) body: CreateTenantBody,
  ): Promise<TenantResponse> {
    return toTenantResponse(await this.tenants.create(ctx, body));
  }

  @Reads('Read a tenant', tenantResponse)
  async get(@Id() id: string): Promise<TenantResponse> {
    return toTenantResponse(await this.tenants.get({ tenantId: id }));
  }

  @Changes('Rename, suspend or reactivate a tenant', tenantResponse)
  async patch(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: patchTenantBody }) body: PatchTenantBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<TenantResponse> {
    const updated = await this.tenants.update(ctx, id, body, (current) =>
      assertIfMatch(ifMatch, toTenantResponse(current)),
    );
    return toTenantResponse(updated);
  }

  /** Its people, keys and tokens get 403 `SUSPENDED`, sockets are closed with 4403, running turns end, jobs pause. */
  @Commands('suspend', 'Suspend a tenant; of one that is suspended nothing changes', tenantResponse)
  async suspend(@Ctx() ctx: RequestContext, @Id() id: string): Promise<TenantResponse> {
    return toTenantResponse(await this.tenants.update(ctx, id, { status: 'suspended' }));
  }

  @Commands('resume', 'Resume a suspended tenant: everything of it works again', tenantResponse)
  async resume(@Ctx() ctx: RequestContext, @Id() id: string): Promise<TenantResponse> {
    return toTenantResponse(await this.tenants.update(ctx, id, { status: 'active' }));
  }
}
