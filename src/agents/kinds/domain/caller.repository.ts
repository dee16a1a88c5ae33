import type { RequestContext } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';

/** What is known of a caller's own addresses, so that nothing is asked that the tenant already vouches for. */
export interface CallerAddresses {
  /** The email address that the tenant has stored for the caller; none for visitors. */
  addressesOf(ctx: RequestContext): Promise<readonly string[]>;
}

@Injectable()
export class CallerRepository implements CallerAddresses {
  constructor(private readonly work: UnitOfWork) {}

  async addressesOf(ctx: RequestContext): Promise<readonly string[]> {
    const [row] = await this.work.query<{ email: string | null }>(
      ctx,
      'SELECT email FROM app.principal WHERE tenant_id = $1 AND id = $2',
      [ctx.tenantId, ctx.principal.id],
      'agents_caller',
    );
    return row?.email ? [row.email] : [];
  }
}
