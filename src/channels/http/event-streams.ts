import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { SessionRevoked } from '#auth';
import type { RequestContext } from '#platform/context';
import { EventBus } from '#platform/events';
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

  constructor(private readonly events: EventBus) {}

  onApplicationBootstrap(): void {
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

  add(stream: OpenStream): void {
    this.open.add(stream);
  }

  remove(stream: OpenStream): void {
    this.open.delete(stream);
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
