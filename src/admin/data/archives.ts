import { BlobStore } from '#platform/blobs';
import type { TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { asError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';

/** How long there is an archive to download; its job stays. */
const KEPT_SECONDS = 7 * 24 * 3600;
const EVERY_MS = 3600_000;
const AT_ONCE = 100;

/**
 * The files of exports, which hold everything of somebody and are nobody's to keep. They stay loose all their life, by which
 * the store finds those that are too old.
 */
@Injectable()
export class Archives implements OnApplicationBootstrap, OnModuleDestroy {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();

  constructor(
    private readonly blobs: BlobStore,
    private readonly unitOfWork: UnitOfWork,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    const sweep = () => {
      this.running = this.sweep().catch((error: unknown) => {
        this.logger.warn({ err: asError(error) }, 'old archives could not be deleted');
      });
    };
    this.timer = setInterval(sweep, EVERY_MS);
    this.timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }

  /** Deletes what is too old, of all tenants. */
  async sweep(): Promise<void> {
    let old = AT_ONCE;
    while (old === AT_ONCE) {
      const keys = await this.blobs.loose('export', KEPT_SECONDS, AT_ONCE);
      for (const key of keys) await this.blobs.delete(key);
      old = keys.length;
    }
  }

  /** Deletes those that the tenant asked for of a person or of a tenant; an export that is still waiting is not begun. */
  async deleteOf({ tenantId }: TenantScope, targetId: string): Promise<void> {
    const jobs = await this.unitOfWork.query<{ id: string }>(
      { tenantId },
      `UPDATE app.job SET cancel_requested = cancel_requested OR status = 'running',
         ended_at = CASE WHEN status = 'queued' THEN now() ELSE ended_at END,
         status = CASE WHEN status = 'queued' THEN 'cancelled' ELSE status END
        WHERE tenant_id = $1 AND target_id = $2 AND kind IN ('user.export', 'tenant.export') RETURNING id`,
      [tenantId, targetId],
    );
    for (const { id } of jobs) await this.blobs.delete({ tenantId, purpose: 'export', id });
  }
}
