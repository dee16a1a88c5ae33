import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Subscriber } from '#conversations';
import type { RequestContext, TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { EventBus, NewsMissed } from '#platform/events';
import { isAllowed } from '#platform/http';
import { LOGGER, type Logger } from '#platform/logging';
import { EscalationChanged } from '../model/escalation.events.js';
import type { Escalation } from '../model/escalation.js';
import { EscalationRepository } from '../store/escalation.repository.js';
import { PresenceRepository } from '../store/presence.repository.js';
import { changedAt, stateForSupporters } from './escalation.view.js';

/** Well within the time after which a supporter counts as gone. */
const SEEN_MS = 20_000;
const MOST_SHOWN = 50;

interface Listener {
  readonly ctx: RequestContext;
  readonly subscriber: Subscriber;
}

/**
 * The queue as supporters' sockets see it: what waits when they come, then each change, on every instance. While a socket is
 * open its supporter counts as being there.
 */
@Injectable()
export class QueueFeed implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly byTenant = new Map<string, Map<string, Listener>>();
  private readonly tenantOf = new Map<string, string>();
  private off: (() => void)[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly uow: UnitOfWork,
    private readonly escalations: EscalationRepository,
    private readonly presence: PresenceRepository,
    private readonly events: EventBus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.off = [
      this.events.on(EscalationChanged, ({ escalationId, tenantId }) => this.tell({ tenantId }, escalationId)),
      this.events.on(NewsMissed, () => {
        for (const listeners of this.byTenant.values())
          for (const listener of listeners.values()) this.orSaid(this.showAll(listener));
      }),
    ];
    this.timer = setInterval(() => this.stillThere(), SEEN_MS);
    this.timer.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
    for (const off of this.off.splice(0)) off();
  }

  /** A socket of somebody who may answer people; of anybody else nothing is told. What waits follows. */
  join(ctx: RequestContext, subscriber: Subscriber): void {
    if (!isAllowed(ctx.principal, 'escalations.handle')) return;
    const listener = { ctx, subscriber };
    const listeners = this.byTenant.get(ctx.tenantId) ?? new Map<string, Listener>();
    this.byTenant.set(ctx.tenantId, listeners.set(subscriber.id, listener));
    this.tenantOf.set(subscriber.id, ctx.tenantId);
    this.orSaid(this.uow.run(ctx, (tx) => this.presence.seen(tx, [ctx.principal.id])));
    this.orSaid(this.showAll(listener));
  }

  leave(subscriberId: string): void {
    const tenantId = this.tenantOf.get(subscriberId);
    if (tenantId === undefined) return;
    this.tenantOf.delete(subscriberId);
    const listeners = this.byTenant.get(tenantId);
    listeners?.delete(subscriberId);
    if (listeners?.size === 0) this.byTenant.delete(tenantId);
  }

  private async showAll({ ctx, subscriber }: Listener): Promise<void> {
    const found = await this.uow.run(ctx, async (tx) => ({
      waiting: await this.escalations.queue(tx, { after: null, limit: MOST_SHOWN }),
      own: await this.escalations.assignedTo(tx, ctx.principal.id),
      workforce: await this.presence.workforce(tx, null),
    }));
    for (const escalation of [...found.own, ...found.waiting])
      subscriber.deliver(frameOf(escalation, stateForSupporters(escalation, found.workforce)));
  }

  private async tell(scope: TenantScope, escalationId: string): Promise<void> {
    if (!this.byTenant.has(scope.tenantId)) return;
    const found = await this.uow.run(scope, async (tx) => {
      const escalation = await this.escalations.find(tx, escalationId);
      if (escalation === null) return null;
      return { escalation, workforce: await this.presence.workforce(tx, escalation.skill) };
    });
    if (found === null) return;
    const event = frameOf(found.escalation, stateForSupporters(found.escalation, found.workforce));
    for (const { subscriber } of this.byTenant.get(scope.tenantId)?.values() ?? []) subscriber.deliver(event);
  }

  private stillThere(): void {
    for (const [tenantId, listeners] of this.byTenant) {
      const ids = [...new Set([...listeners.values()].map(({ ctx }) => ctx.principal.id))];
      this.orSaid(this.uow.run({ tenantId }, (tx) => this.presence.seen(tx, ids)));
    }
  }

  private orSaid(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.logger.warn({ err: error }, 'supporters were not told of their queue'));
  }
}

function frameOf(escalation: Escalation, state: ReturnType<typeof stateForSupporters>) {
  return {
    type: 'escalation' as const,
    conversation_id: escalation.conversationId,
    seq: changedAt(escalation),
    ...state,
  };
}
