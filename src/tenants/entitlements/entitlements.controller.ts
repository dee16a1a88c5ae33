import type { RequestContext } from '#platform/context';
import { assertIfMatch, Ctx, idSchema, IfMatch, RequirePermission } from '#platform/http';
import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
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
@ApiTags('tenants')
@ApiBearerAuth('bearer')
@Controller('api/admin/tenants/:id/entitlements')
@RequirePermission('tenants.manage')
export class EntitlementsController {
  constructor(private readonly entitlements: EntitlementService) {}

  @ApiOperation({ summary: 'Read what a tenant is entitled to; null follows the operator’s default' })
  @Get()
  @ApiOkResponse({ standardSchema: entitlementsResponse })
  async get(@Param('id', { schema: idSchema }) id: string): Promise<EntitlementsResponse> {
    return toEntitlementsResponse(await this.entitlements.get({ tenantId: id }));
  }

  /**
   * A list names what the tenant may use: `["*"]` everything, `[]` nothing. Agents by key or kind; tools by key, by the key
   * of the built-in one, or by kind (`http`: all that the tenant defines itself); models by name or `provider/name`. Holds
   * at once, also where the tenant's settings say more.
   */
  @ApiOperation({ summary: 'Replace what a tenant is entitled to' })
  @Put()
  @ApiOkResponse({ standardSchema: entitlementsResponse })
  async put(
    @Ctx() ctx: RequestContext,
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: putEntitlementsBody }) body: PutEntitlementsBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<EntitlementsResponse> {
    const replaced = await this.entitlements.replace(ctx, id, toEntitlements(body), (current) =>
      assertIfMatch(ifMatch, toEntitlementsResponse(current)),
    );
    return toEntitlementsResponse(replaced);
  }
}
