import type { RequestContext } from '#platform/context';
import { assertIfMatch, Ctx, IfMatch, RequirePermission } from '#platform/http';
import { Body, Controller, Get, Patch } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { type SettingsPatch, settingsPatch } from './settings-patch.js';
import { type SettingsResponse, settingsResponse, toSettingsResponse } from './settings.dto.js';
import { SettingsService } from './settings.service.js';

@ApiTags('settings')
@ApiBearerAuth('bearer')
@Controller('api/admin/settings')
export class SettingsController {
  constructor(private readonly settings: SettingsService) {}

  @ApiOperation({ summary: 'Read the tenant’s settings' })
  @Get()
  @RequirePermission('settings.read')
  @ApiOkResponse({ standardSchema: settingsResponse })
  async get(@Ctx() ctx: RequestContext): Promise<SettingsResponse> {
    return toSettingsResponse(await this.settings.get(ctx));
  }

  /** A member that is null goes back to its default. */
  @ApiOperation({ summary: 'Change the tenant’s settings; null gives one back to its default' })
  @Patch()
  @RequirePermission('settings.write')
  @ApiOkResponse({ standardSchema: settingsResponse })
  async patch(
    @Ctx() ctx: RequestContext,
    @Body({ schema: settingsPatch }) patch: SettingsPatch,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<SettingsResponse> {
    const updated = await this.settings.patch(ctx, patch, (current) =>
      assertIfMatch(ifMatch, toSettingsResponse(current)),
    );
    return toSettingsResponse(updated);
  }
}
