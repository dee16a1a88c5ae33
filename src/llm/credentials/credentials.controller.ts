import type { RequestContext } from '#platform/context';
import { InvalidInputError } from '#platform/errors';
import {
  AdminResource,
  assertIfMatch,
  Changes,
  Commands,
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
import { SecretString } from '#platform/secrets';
import { Body, Query } from '@nestjs/common';
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
@AdminResource('credentials', 'credentials.manage')
export class CredentialsController {
  constructor(
    private readonly credentials: CredentialService,
    private readonly tester: CredentialTester,
  ) {}

  @Lists('List credentials, newest first', credentialResponse)
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<CredentialResponse>> {
    return pageById(ctx, query, {
      load: (before, limit) => this.credentials.list(ctx, before, limit),
      map: toCredentialResponse,
      idOf: (row) => row.credential.id,
    });
  }

  /** Tools name it by `credential_id`; it goes to its `base_url` and below, and nowhere else. */
  @Makes('Store a secret; nobody can read it afterwards', credentialResponse)
  @RequireFeature('credentials')
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createCredentialBody }) body: CreateCredentialBody,
  ): Promise<CredentialResponse> {
    const { draft, secret } = toDraft(body);
    this.tester.assertReachable(ctx, draft);
    return toCredentialResponse(await this.credentials.create(ctx, draft, secret));
  }

  @Reads('Read what is known of a credential', credentialResponse)
  async get(@Ctx() ctx: RequestContext, @Id() id: string): Promise<CredentialResponse> {
    return toCredentialResponse(await this.credentials.get(ctx, id));
  }

  /** Another `base_url` needs the secret again. */
  @Changes('Rename a credential, or replace its secret', credentialResponse)
  @RequireFeature('credentials')
  async patch(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
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

  @Deletes('Delete a credential that nothing uses')
  async delete(@Ctx() ctx: RequestContext, @Id() id: string): Promise<void> {
    await this.credentials.delete(ctx, id);
  }

  @Commands('test', 'Ask the other side whether the secret lets us in', credentialTestResponse)
  @RequireFeature('credentials')
  async test(@Ctx() ctx: RequestContext, @Id() id: string): Promise<CredentialTestResponse> {
    const { error, models, ok } = await this.tester.test(ctx, id);
    return { ok, error, models: [...models] };
  }
}
