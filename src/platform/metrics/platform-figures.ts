import { Bus } from '#platform/bus';
import { UnitOfWork } from '#platform/database';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Metrics } from './metrics.js';
import { processMetrics } from './process-metrics.js';

/** Says where the figures of the parts of platform are read that know nothing of metrics. */
@Injectable()
export class PlatformFigures implements OnApplicationBootstrap, OnApplicationShutdown {
  private off = (): void => undefined;

  constructor(
    private readonly metrics: Metrics,
    private readonly uow: UnitOfWork,
    private readonly bus: Bus,
  ) {}

  onApplicationBootstrap(): void {
    const { bus, metrics, uow } = this;
    processMetrics();
    metrics.pool.from(() => uow.figures().connections);
    metrics.deadlines.from(() => uow.figures().deadlines);
    metrics.busPeers.from(() => bus.peers().size);
    metrics.bus.from(() => ({ [bus.driver]: bus.connected ? 1 : 0 }));
    this.off = bus.onGap(() => metrics.busGaps.add({}));
  }

  onApplicationShutdown(): void {
    this.off();
  }
}
