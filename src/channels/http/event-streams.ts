import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { SessionRevoked } from '#auth';
import type { RequestContext } from '#platform/context';
import { AppConfig } from '#platform/config';
import { RateLimitError } from '#platform/errors';
import { EventBus } from '#platform/events';
import { Metrics } from '#platform/metrics';
import { TenantSuspended } from '#tenants';

export interface OpenStream {
  readonly ctx: RequestContext;
  announceDrain(): void;
  end(): void;
}

/** The server-sent event streams that are open: they end with the session that opened them, and with the server. */
@Injectable()
export class EventStreams implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly open = new Set<OpenStream>();
  private readonly unsubscribe: (() => void)[] = [];

  private readonly places = new Map<string, number>();

  constructor(
    private readonly events: EventBus,
    private readonly config: AppConfig,
    private readonly metrics: Metrics = new Metrics(),
  ) {}

  onApplicationBootstrap(): void {
    this.metrics.eventStreams.from(() => this.open.size);
    this.unsubscribe.push(
      this.events.on(SessionRevoked, ({ tenantId, principalId, sessionId, exceptSessionId }) =>
        this.endWhere(({ ctx }) => {
          if (ctx.tenantId !== tenantId || ctx.principal.id !== principalId) return false;
          const own = ctx.principal.sessionId;
          return sessionId === null ? own === null || own !== exceptSessionId : own === sessionId;
        }),
      ),
      this.events.on(TenantSuspended, ({ tenantId }) => this.endWhere(({ ctx }) => ctx.tenantId === tenantId)),
    );
  }

  onApplicationShutdown(): void {
    for (const off of this.unsubscribe) off();
  }

  /**
   * Takes one of the places that a person has for following conversations: as many as for sockets, since a stream costs
   * the server as much and stays open as long.
   * @returns gives the place back; calling it again does nothing
   * @throws RateLimitError when all are taken
   */
  take({ tenantId, principal }: RequestContext): () => void {
    const person = `${tenantId}/${principal.id}`;
    const taken = this.places.get(person) ?? 0;
    if (taken >= this.config.env.WS_MAX_PER_USER) {
      throw new RateLimitError('Too many event streams of yours are open: close one', 10_000);
    }
    this.places.set(person, taken + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (this.places.get(person) ?? 1) - 1;
      if (left > 0) this.places.set(person, left);
      else this.places.delete(person);
    };
  }

  add(stream: OpenStream): void {
    this.open.add(stream);
  }

  remove(stream: OpenStream): void {
    this.open.delete(stream);
  }

  all(): OpenStream[] {
    return [...this.open];
  }

  announceDrain(): void {
    for (const stream of this.open) stream.announceDrain();
  }

  endAll(): void {
    this.endWhere(() => true);
  }

  private endWhere(isMeant: (stream: OpenStream) => boolean): void {
    for (const stream of [...this.open]) if (isMeant(stream)) stream.end();
  }
}
