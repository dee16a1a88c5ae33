import { Inject, Injectable } from '@nestjs/common';
import { UnitOfWork } from '#platform/database';
import { LOGGER, type Logger } from '#platform/logging';

export interface HealthCheck {
  readonly name: string;
  /** Whether the process can serve without it: what it finds is then shown, but does not make the process unready. */
  readonly essential: boolean;
  /** Rejects or takes longer than the limit: down. What it resolves to is shown. */
  check(signal: AbortSignal): Promise<Readonly<Record<string, string | number | boolean>> | void>;
}

export interface HealthReport {
  readonly status: 'up' | 'down';
  readonly checks: Readonly<Record<string, { readonly status: 'up' | 'down'; readonly [detail: string]: unknown }>>;
}

const CHECK_TIMEOUT_MS = 2000;
/** Shorter than the check, so that a connection that does not answer is destroyed and the next check gets a new one. */
const DATABASE_CHECK_MS = 1500;

@Injectable()
export class HealthService {
  private readonly checks: HealthCheck[] = [];
  private draining = false;

  constructor(
    uow: UnitOfWork,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.register({
      name: 'database',
      essential: true,
      check: async () => {
        await uow.lookup('SELECT 1', [], { deadlineMs: DATABASE_CHECK_MS });
      },
    });
  }

  register(check: HealthCheck): void {
    this.checks.push(check);
  }

  /** From here on the process answers "not ready", so that a load balancer sends it nothing new. */
  startDraining(): void {
    this.draining = true;
  }

  async report(): Promise<HealthReport & { readonly ready: boolean }> {
    const results = await Promise.all(this.checks.map(async (check) => [check, await this.run(check)] as const));
    const ready = !this.draining && results.every(([check, result]) => !check.essential || result.status === 'up');
    return {
      status: ready ? 'up' : 'down',
      ready,
      checks: {
        ...Object.fromEntries(results.map(([check, result]) => [check.name, result])),
        ...(this.draining ? { shutdown: { status: 'down' as const } } : {}),
      },
    };
  }

  private async run(check: HealthCheck): Promise<{ status: 'up' | 'down' }> {
    const limit = AbortSignal.timeout(CHECK_TIMEOUT_MS);
    const timedOut = new Promise<never>((_, reject) => limit.addEventListener('abort', () => reject(limit.reason)));
    try {
      const details = await Promise.race([check.check(limit), timedOut]);
      return { status: 'up', ...(details ?? {}) };
    } catch (error) {
      this.logger.warn({ err: error, check: check.name }, 'a health check failed');
      return { status: 'down' };
    }
  }
}
