import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { SuspendedError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { TenantResumed, TenantSuspended } from '#tenants';
import { TurnRunner } from './turn-runner.js';
import { TurnScheduler } from './turn-scheduler.js';

/** How long the sockets of a suspended tenant are kept for the last words of its turns. */
const LAST_WORDS_MS = 2000;

/**
 * A suspended tenant's running turns fail with `SUSPENDED`, and their readers are told; what waits stays in the database
 * until the tenant is resumed. Listens before the channels do, which close the sockets after this: events are told to one
 * listener after the other. An instance that hears nothing finds the same with its next tick.
 */
@Injectable()
export class SuspendedTurns implements OnModuleInit, OnApplicationShutdown {
  private off: (() => void)[] = [];

  constructor(
    private readonly events: EventBus,
    private readonly runner: TurnRunner,
    private readonly scheduler: TurnScheduler,
  ) {}

  onModuleInit(): void {
    this.off = [
      this.events.on(TenantSuspended, ({ tenantId }) =>
        this.runner.endTenant({ tenantId }, new SuspendedError(), LAST_WORDS_MS),
      ),
      this.events.on(TenantResumed, () => this.scheduler.wake()),
    ];
  }

  onApplicationShutdown(): void {
    for (const off of this.off.splice(0)) off();
  }
}
