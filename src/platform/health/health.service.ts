import { Inject, Injectable } from '@nestjs/common';
import { knownMigrations, sqlState, UnitOfWork } from '#platform/database';
import { LOGGER, type Logger } from '#platform/logging';
import { version } from '#platform/paths';

/** What a check shows. `warning`: it works, and somebody should look at it. */
export type HealthDetails = Readonly<Record<string, string | number | boolean>> & { readonly warning?: string };

export interface HealthCheck {
  readonly name: string;
  /** Whether the process can serve without it: what it finds is then shown, but does not make the process unready. */
  readonly essential: boolean;
  /** Rejects or takes longer than the limit: down. What it resolves to is shown. */
  check(signal: AbortSignal): Promise<HealthDetails | void>;
}

interface CheckResult {
  readonly status: 'up' | 'down';
  readonly warning?: string;
  readonly [detail: string]: unknown;
}

export interface HealthReport {
  /** Whether requests are served. */
  readonly status: 'up' | 'down';
  /** `degraded`: requests are served, and something is missing or wants a look. */
  readonly overall: 'ok' | 'degraded' | 'down';
  readonly checks: Readonly<Record<string, CheckResult>>;
  readonly version: string;
  readonly node: string;
  /** This process on the bus; null before it has a name there. */
  readonly instance: string | null;
  readonly uptime_seconds: number;
  readonly draining: boolean;
}

const CHECK_TIMEOUT_MS = 2000;
/** Shorter than the check, so that a connection that does not answer is destroyed and the next check gets a new one. */
const DATABASE_CHECK_MS = 1500;
const UNDEFINED_TABLE = '42P01';

@Injectable()
export class HealthService {
  private readonly checks: HealthCheck[] = [];
  private draining = false;
  private instance: string | null = null;
  private readonly underWay = new Map<HealthCheck, Promise<CheckResult>>();

  constructor(
    private readonly uow: UnitOfWork,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.register({ name: 'database', essential: true, check: () => this.database() });
  }

  register(check: HealthCheck): void {
    this.checks.push(check);
  }

  /** @param instance the name by which others know this process */
  identify(instance: string): void {
    this.instance = instance;
  }

  /** From here on the process answers "not ready", so that a load balancer sends it nothing new. */
  startDraining(): void {
    this.draining = true;
  }

  /** Asks only what decides, and nothing while the process stops. */
  async isReady(): Promise<boolean> {
    if (this.draining) return false;
    const essential = this.checks.filter((check) => check.essential);
    const results = await Promise.all(essential.map((check) => this.run(check)));
    return !this.draining && results.every(({ status }) => status === 'up');
  }

  async report(): Promise<HealthReport & { readonly ready: boolean }> {
    const results = await Promise.all(this.checks.map(async (check) => [check, await this.run(check)] as const));
    const ready = !this.draining && results.every(([check, result]) => !check.essential || result.status === 'up');
    const well = results.every(([, { status, warning }]) => status === 'up' && warning === undefined);
    return {
      status: ready ? 'up' : 'down',
      overall: !ready ? 'down' : well ? 'ok' : 'degraded',
      ready,
      checks: {
        ...Object.fromEntries(results.map(([check, result]) => [check.name, result])),
        ...(this.draining ? { shutdown: { status: 'down' as const } } : {}),
      },
      version,
      node: process.version,
      instance: this.instance,
      uptime_seconds: Math.round(process.uptime()),
      draining: this.draining,
    };
  }

  /** There, quick, and with every table that this build knows. */
  private async database(): Promise<HealthDetails> {
    const since = performance.now();
    const migrations = await this.migrations();
    const latency = Math.round((performance.now() - since) * 10) / 10;
    if (migrations < knownMigrations) {
      throw new Error(`The database has ${migrations} of ${knownMigrations} migrations: run \`migrate\``);
    }
    return { latency_ms: latency, migrations };
  }

  private async migrations(): Promise<number> {
    try {
      const [row] = await this.uow.lookup<{ done: number }>(
        'SELECT count(name) AS done FROM public.schema_migration',
        [],
        { deadlineMs: DATABASE_CHECK_MS },
      );
      return row?.done ?? 0;
    } catch (error) {
      if (sqlState(error) === UNDEFINED_TABLE) return 0;
      throw error;
    }
  }

  /** However many ask at once, each check runs once at a time: these pages are open and not throttled. */
  private run(check: HealthCheck): Promise<CheckResult> {
    let running = this.underWay.get(check);
    if (running === undefined) {
      running = this.runNow(check).finally(() => this.underWay.delete(check));
      this.underWay.set(check, running);
    }
    return running;
  }

  private async runNow(check: HealthCheck): Promise<CheckResult> {
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
