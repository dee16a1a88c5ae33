import { Body, Controller, Get, HttpCode, Post, Put } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { RequestContext } from '#platform/context';
import { assertIfMatch, Ctx, IfMatch, instantSchema, RequirePermission, timeSchema } from '#platform/http';
import { z } from 'zod';
import { CAUSES } from '../model/escalation.js';
import { RulesDryRun } from './dry-run.js';
import { escalationRules, type EscalationRules } from './rules.schema.js';
import { RulesService } from './rules.service.js';

const dryRunBody = z
  .strictObject({
    from: instantSchema.describe('Of the last interaction; included'),
    to: instantSchema.describe('Not included'),
    rules: escalationRules.optional().describe('To be tried; absent: those that hold'),
  })
  .refine(({ from, to }) => from < to, { path: ['to'], message: 'must be after from' })
  .meta({ example: { from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' } });

const dryRunResponse = z
  .object({
    data: z.array(
      z.object({
        conversation_id: z.guid(),
        message_id: z.guid().describe('The answer that would have called for a person'),
        at: timeSchema,
        cause: z.enum(CAUSES),
        reason: z.string(),
        skill: z.string().nullable(),
      }),
    ),
    conversations: z.int().describe('How many were looked at'),
    truncated: z.boolean().describe('There were more than are looked at in one go'),
  })
  .meta({ id: 'EscalationDryRun' });
type DryRunResponse = z.infer<typeof dryRunResponse>;

/** When a person is called, and how. */
@ApiTags('escalations')
@ApiBearerAuth('bearer')
@RequirePermission('settings.read')
@Controller('api/admin/escalation-rules')
export class EscalationRulesController {
  constructor(
    private readonly rules: RulesService,
    private readonly dryRun: RulesDryRun,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Read when a person is called, and how' })
  @ApiOkResponse({ standardSchema: escalationRules })
  get(@Ctx() ctx: RequestContext): Promise<EscalationRules> {
    return this.rules.get(ctx);
  }

  @Put()
  @RequirePermission('settings.write')
  @ApiOperation({ summary: 'Replace the rules; what is left out goes back to its default' })
  @ApiOkResponse({ standardSchema: escalationRules })
  async put(
    @Ctx() ctx: RequestContext,
    @Body({ schema: escalationRules }) body: EscalationRules,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<EscalationRules> {
    if (ifMatch !== undefined) assertIfMatch(ifMatch, await this.rules.get(ctx));
    return this.rules.put(ctx, body);
  }

  @Post('dry-run')
  @HttpCode(200)
  @ApiOperation({
    summary: 'What rules would have done with past conversations: which would have called for a person, when and why',
  })
  @ApiOkResponse({ standardSchema: dryRunResponse })
  async try(
    @Ctx() ctx: RequestContext,
    @Body({ schema: dryRunBody }) { rules, ...time }: z.infer<typeof dryRunBody>,
  ): Promise<DryRunResponse> {
    const { conversations, found, truncated } = await this.dryRun.run(ctx, rules ?? (await this.rules.get(ctx)), time);
    const data = found.map(({ at, cause, conversationId, messageId, reason, skill }) => ({
      conversation_id: conversationId,
      message_id: messageId,
      at: at.toISOString(),
      ...{ cause, reason, skill },
    }));
    return { data, conversations, truncated };
  }
}
