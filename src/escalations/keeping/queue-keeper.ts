import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { HandoverNews } from '#conversations';
import type { TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { EventBus } from '#platform/events';
import { LOGGER, type Logger } from '#platform/logging';
import { Departures } from '../lifecycle/departures.js';
import { EscalationService } from '../lifecycle/escalation.service.js';
import { EscalationChanged, QueueMoved } from '../model/escalation.events.js';
import type { Escalation } from '../model/escalation.js';
import { type EscalationRules } from '../rules/rules.schema.js';
import { RulesService } from '../rules/rules.service.js';
import { EscalationRepository } from '../store/escalation.repository.js';
import { type FreeSupporter, PresenceRepository } from '../store/presence.repository.js';
import { chooseSupporter } from './choose-supporter.js';

const TICK_MS = 3000;
/** Those who wait are told their time again, also when nothing happened but the passing of it. */
const TOLD_EVERY = 5;
/** Of a queue, looked at in one go. */
const MOST = 100;
const MOST_PAGES = 20;

type QueuePlace = { readonly at: string; readonly id: string };

/**
 * Looks after the tenants' queues: gives what waits to somebody where the rules say so, ends a wait that is too long, and takes
 * back what a supporter had who has left. At each change at once, and every few seconds for what time alone brings about.
 *
 * Every instance does it: each step is one conditional statement under the conversation's lock, so that the second to come
 * changes nothing. Suspended tenants are left alone.
 */
@Injectable()
export class QueueKeeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly working = new Map<string, { again: boolean }>();
  private off: (() => void)[] = [];
  private timer: NodeJS.Timeout | undefined;
  private ticks = 0;
  private stopped = false;
  private failing = false;

  constructor(
    private readonly uow: UnitOfWork,
    private readonly escalations: EscalationRepository,
    private readonly presence: PresenceRepository,
    private readonly service: EscalationService,
    private readonly departures: Departures,
    private readonly rules: RulesService,
    private readonly handover: HandoverNews,
    private readonly events: EventBus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.off = [
      this.events.on(EscalationChanged, ({ tenantId }) => void this.look({ tenantId })),
      this.events.on(QueueMoved, ({ tenantId }) => void this.look({ tenantId })),
    ];
    this.schedule();
  }

  onApplicationShutdown(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    for (const off of this.off.splice(0)) off();
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => void this.tick().finally(() => this.schedule()), TICK_MS);
    this.timer.unref();
  }

  private async tick(): Promise<void> {
    try {
      const sql = 'SELECT tenant_id FROM app.tenants_with_open_escalations()';
      const found = await this.uow.lookup<{ tenant_id: string }>(sql);
      const isTold = ++this.ticks % TOLD_EVERY === 0;
      for (const { tenant_id: tenantId } of found) {
        await this.departures.releaseDeparted({ tenantId });
        await this.look({ tenantId });
        if (isTold) await this.handover.queueMoved({ tenantId });
      }
      this.failing = false;
    } catch (error) {
      this.logger[this.failing ? 'debug' : 'warn']({ err: error }, 'looking after the queues failed; trying again');
      this.failing = true;
    }
  }

  /** Never rejects. One at a time of a tenant; a wish that comes meanwhile is looked at afterwards. */
  private async look(scope: TenantScope): Promise<void> {
    const running = this.working.get(scope.tenantId);
    if (running !== undefined) {
      running.again = true;
      return;
    }
    const entry = { again: false };
    this.working.set(scope.tenantId, entry);
    try {
      do {
        entry.again = false;
        await this.keep(scope);
      } while (entry.again && !this.stopped);
    } catch (error) {
      this.logger.warn(
        { err: error, tenant: scope.tenantId },
        'a queue could not be looked after; the next tick tries',
      );
    } finally {
      this.working.delete(scope.tenantId);
    }
  }

  private async keep(scope: TenantScope): Promise<void> {
    const rules = await this.rules.get(scope);
    if (rules.assignment === 'manual' && rules.max_wait_s === null) return;
    const free = rules.assignment === 'manual' ? [] : await this.uow.run(scope, (tx) => this.presence.free(tx));
    const room = free.map((supporter) => ({ ...supporter }));
    let after: QueuePlace | null = null;
    // Those whom nobody on shift can answer must not stand before those whom somebody can.
    for (let page = 0; page < MOST_PAGES && !this.stopped; page++) {
      const waiting = await this.waiting(scope, after);
      for (const escalation of waiting) await this.giveOrEnd(scope, escalation, room, rules);
      const last = waiting.at(-1);
      if (last === undefined || waiting.length < MOST) return;
      after = { at: last.waitingSince.toISOString(), id: last.id };
    }
  }

  private waiting(scope: TenantScope, after: QueuePlace | null): Promise<Escalation[]> {
    return this.uow.run(scope, (tx) => this.escalations.queue(tx, { after, limit: MOST }));
  }

  private async giveOrEnd(
    scope: TenantScope,
    escalation: Escalation,
    room: FreeSupporter[],
    rules: EscalationRules,
  ): Promise<void> {
    const chosen = chooseSupporter(escalation, room, rules.assignment);
    if (chosen === null) return this.endLongWait(scope, escalation, rules);
    const isGiven = await this.service.dispatch(scope, escalation.id, chosen.id);
    const at = room.findIndex(({ id }) => id === chosen.id);
    const taken = room[at];
    if (taken === undefined) return undefined;
    // Refused: they have no room any more, or somebody else was quicker. The next look reads anew.
    if (isGiven) room[at] = { ...taken, load: taken.load + 1, last_assigned: Date.now() };
    else room.splice(at, 1);
    return undefined;
  }

  private async endLongWait(scope: TenantScope, escalation: Escalation, rules: EscalationRules): Promise<void> {
    const { max_wait_s: most, on_timeout: end } = rules;
    // Who was handed on keeps the place in line, and has not waited meanwhile.
    const since = Math.max(escalation.waitingSince.getTime(), escalation.updatedAt.getTime());
    if (most === null || Date.now() - since < most * 1000) return;
    if (end === 'agent') await this.service.giveUp(scope, escalation.id);
    else if (!escalation.contactForm) await this.service.askForAddress(scope, escalation.id);
  }
}
