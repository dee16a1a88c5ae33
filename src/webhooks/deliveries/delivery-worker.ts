import { asError, UnavailableError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { DeliveryAttempts, LEASE_MS } from './delivery-attempts.js';
import { type ClaimedDelivery, DeliveryRepository } from './delivery.repository.js';
import { EventFanOut } from './event-fan-out.js';

/** How often rows are looked for while nothing happens. */
const IDLE_MS = 1000;
/** After a look that found something: there may be more. */
const BUSY_MS = 50;
const MOST_AT_ONCE = 32;
/** A webhook that hangs holds up no other one. */
const OF_EACH = 4;

/**
 * Tells the tenants' servers what happened. Rows are the truth, and any number of instances work on them:
 *
 *   outbox ─▶ EventFanOut: one delivery for each webhook ─▶ claim (a lease) ─▶ DeliveryAttempts
 *                                                             └─ killed: another instance claims it when the lease is over
 */
@Injectable()
export class DeliveryWorker implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly stopping = new AbortController();
  private readonly underWay = new Map<Promise<void>, string>();
  private timer: NodeJS.Timeout | undefined;
  private looking: Promise<void> = Promise.resolve();

  constructor(
    private readonly fanOut: EventFanOut,
    private readonly deliveries: DeliveryRepository,
    private readonly attempts: DeliveryAttempts,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule(IDLE_MS);
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping.abort(new DOMException('The process is stopping', 'AbortError'));
    clearTimeout(this.timer);
    await this.looking;
    await Promise.all(this.underWay.keys());
  }

  private schedule(ms: number): void {
    if (this.stopping.signal.aborted) return;
    this.timer = setTimeout(() => {
      this.looking = this.look().then((found) => this.schedule(found ? BUSY_MS : IDLE_MS));
    }, ms);
    this.timer.unref();
  }

  /** Never rejects. @returns whether there may be more at once */
  private async look(): Promise<boolean> {
    try {
      const taken = await this.fanOut.run(() => this.stopping.signal.aborted);
      const claimed = await this.claim();
      for (const delivery of claimed) this.begin(delivery);
      return taken + claimed.length > 0;
    } catch (error) {
      const level = error instanceof UnavailableError ? 'debug' : 'warn';
      if (!this.stopping.signal.aborted) this.logger[level]({ err: asError(error) }, 'events could not be handed on');
      return false;
    }
  }

  private async claim(): Promise<ClaimedDelivery[]> {
    const most = MOST_AT_ONCE - this.underWay.size;
    if (most <= 0 || this.stopping.signal.aborted) return [];
    return this.deliveries.claim({ most, ofEach: OF_EACH, leaseMs: LEASE_MS, busy: this.busy() });
  }

  private begin({ delivery_id: id, tenant_id: tenantId, webhook_id: webhookId }: ClaimedDelivery): void {
    const attempt: Promise<void> = this.attempts
      .attempt({ tenantId }, id, this.stopping.signal)
      .catch((error: unknown) => {
        // Its lease ends, and it is tried again.
        this.logger.warn({ err: asError(error), tenant: tenantId, delivery: id }, 'a delivery could not be tried');
      })
      .finally(() => this.underWay.delete(attempt));
    this.underWay.set(attempt, webhookId);
  }

  private busy(): string[] {
    const counts = new Map<string, number>();
    for (const webhookId of this.underWay.values()) counts.set(webhookId, (counts.get(webhookId) ?? 0) + 1);
    return [...counts].filter(([, count]) => count >= OF_EACH).map(([webhookId]) => webhookId);
  }
}
