import type { RequestContext } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';

/** What a user has told about themselves (`attributes.profile`), for matching. */
@Injectable()
export class ProfileRepository {
  constructor(private readonly work: UnitOfWork) {}

  async ofCaller(ctx: RequestContext): Promise<Readonly<Record<string, unknown>>> {
    const [row] = await this.work.query<{ profile: Record<string, unknown> | null }>(
      ctx,
      `SELECT attributes -> 'profile' AS profile FROM app.principal WHERE tenant_id = $1 AND id = $2`,
      [ctx.tenantId, ctx.principal.id],
      'agents_profile',
    );
    return row?.profile ?? {};
  }
}
