import type { RequestContext } from '#platform/context';
import { InvalidInputError } from '#platform/errors';
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
import { SecretString } from '#platform/secrets';
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
  changedBody,
  type CreateCredentialBody,
  createCredentialBody,
  type CredentialResponse,
  credentialResponse,
  type CredentialTestResponse,
  credentialTestResponse,
  type PatchCredentialBody,
  patchCredentialBody,
  toCredentialResponse,
  toDraft,
} from './credential.dto.js';
import { CredentialService } from './credential.service.js';
import { CredentialTester } from './credential.tester.js';

/** Write-only: a secret can be replaced and used, and is shown to nobody. */
@ApiTags('credentials')
@ApiBearerAuth('bearer')
@Controller('api/admin/credentials')
@RequirePermission('credentials.manage')
export class CredentialsController {
  constructor(
    private readonly credentials: CredentialService,
    private readonly tester: CredentialTester,
  ) {}

  @ApiOperation({ summary: 'List credentials, newest first' })
  @Get()
  @ApiOkResponse({ standardSchema: pageSchema(credentialResponse) })
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<CredentialResponse>> {
    const before = decodeCursor(ctx, query.cursor, idPosition)?.[0] ?? null;
    const rows = await this.credentials.list(ctx, before, query.limit + 1);
    return toPage(ctx, rows, { limit: query.limit, map: toCredentialResponse, position: (row) => [row.credential.id] });
  }

  /** Tools name it by `credential_id`; it goes to its `base_url` and below, and nowhere else. */
  @ApiOperation({ summary: 'Store a secret; nobody can read it afterwards' })
  @Post()
  @Creates()
  @ApiCreatedResponse({ standardSchema: credentialResponse })
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createCredentialBody }) body: CreateCredentialBody,
  ): Promise<CredentialResponse> {
    const { draft, secret } = toDraft(body);
    this.tester.assertReachable(ctx, draft);
    return toCredentialResponse(await this.credentials.create(ctx, draft, secret));
  }

  @ApiOperation({ summary: 'Read what is known of a credential' })
  @Get(':id')
  @ApiOkResponse({ standardSchema: credentialResponse })
  async get(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<CredentialResponse> {
    return toCredentialResponse(await this.credentials.get(ctx, id));
  }

  /** Another `base_url` needs the secret again. */
  @ApiOperation({ summary: 'Rename a credential, or replace its secret' })
  @Patch(':id')
  @ApiOkResponse({ standardSchema: credentialResponse })
  async patch(
    @Ctx() ctx: RequestContext,
    @Param('id', { schema: idSchema }) id: string,
    @Body({ schema: patchCredentialBody }) body: PatchCredentialBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<CredentialResponse> {
    const updated = await this.credentials.update(ctx, id, (current) => {
      assertIfMatch(ifMatch, toCredentialResponse(current));
      const whole = createCredentialBody.safeParse(changedBody(current, body));
      if (!whole.success) {
        const faults = whole.error.issues.map(({ message, path }) => [...path, message].join(': '));
        throw new InvalidInputError(`A credential of this kind: ${faults.join('; ')}`);
      }
      const { draft, secret } = toDraft(whole.data);
      this.tester.assertReachable(ctx, draft);
      return { draft, secret: body.secret === undefined ? null : new SecretString(secret.reveal()) };
    });
    return toCredentialResponse(updated);
  }

  @ApiOperation({ summary: 'Delete a credential that nothing uses' })
  @Delete(':id')
  @HttpCode(204)
  @ApiNoContentResponse()
  async delete(@Ctx() ctx: RequestContext, @Param('id', { schema: idSchema }) id: string): Promise<void> {
    await this.credentials.delete(ctx, id);
  }

  @ApiOperation({ summary: 'Ask the other side whether the secret lets us in' })
  @Post(':id/test')
  @HttpCode(200)
  @ApiOkResponse({ standardSchema: credentialTestResponse })
  async test(
    @Ctx() ctx: RequestContext,
    @Param('id', { schema: idSchema }) id: string,
  ): Promise<CredentialTestResponse> {
    const { error, models, ok } = await this.tester.test(ctx, id);
    return { ok, error, models: [...models] };
  }
}
