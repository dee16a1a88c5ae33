import type { RequestContext } from '#platform/context';
import { AdminResource, assertIfMatch, Ctx, Id, IfMatch } from '#platform/http';
import { Body, Get, Put } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import {
  type EntitlementsResponse,
  entitlementsResponse,
  type PutEntitlementsBody,
  putEntitlementsBody,
  toEntitlements,
  toEntitlementsResponse,
} from './entitlement.dto.js';
import { EntitlementService } from './entitlement.service.js';

/** Platform admins only. */
@AdminResource('tenants/:id/entitlements', 'tenants.manage', { tag: 'tenants' })
export class EntitlementsController {
  constructor(private readonly entitlements: EntitlementService) {}

  @ApiOperation({ summary: 'Read what a tenant is entitled to; null follows the operator’s default' })
  @Get()
  @ApiOkResponse({ standardSchema: entitlementsResponse })
  async get(@Id() id: string): Promise<EntitlementsResponse> {
    return toEntitlementsResponse(await this.entitlements.get({ tenantId: id }));
  }

  /**
   * A list names what the tenant may use: `["*"]` everything, `[]` nothing. Agents by key or kind; tools by key, by the key
   * of the built-in one, or by kind (`http`: all that the tenant defines itself); models by name or `provider/name`;
   * features of those listed below, and what is made of one that is taken away stays, to be read and deleted. Holds at
   * once, also where the tenant's settings say more.
   */
  @ApiOperation({ summary: 'Replace what a tenant is entitled to' })
  @Put()
  @ApiOkResponse({ standardSchema: entitlementsResponse })
  async put(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: putEntitlementsBody }) body: PutEntitlementsBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<EntitlementsResponse> {
    const replaced = await this.entitlements.replace(ctx, id, toEntitlements(body), (current) =>
      assertIfMatch(ifMatch, toEntitlementsResponse(current)),
    );
    return toEntitlementsResponse(replaced);
  }
}
