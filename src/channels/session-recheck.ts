import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { SessionRevoked, SessionService } from '#auth';
import type { RequestContext } from '#platform/context';
import { asError, ForbiddenError, SuspendedError, UnauthorizedError } from '#platform/errors';
import { EventBus, NewsMissed } from '#platform/events';
import { LOGGER, type Logger } from '#platform/logging';
import { TenantSuspended } from '#tenants';
import { EventStreams } from './http/event-streams.js';
import { ConnectionRegistry } from './websocket/connection-registry.js';

const AT_ONCE = 4;
const PATIENCE_MS = 1000;
const MOST_TRIES = 60;
const PERIOD_MS = 2000;

interface Open {
  readonly ctx: RequestContext;
  end(): void;
  suspended(): void;
}

/**
 * Whether the sessions behind the open sockets and streams still hold, asked again
 *
 *   of all             after news may have been missed: a socket on which nothing is sent would otherwise outlive a session
 *                      that was ended on another instance
 *   of whom it ended   two to four seconds after the news: who was just being let in was asked about before the end, and is
 *                      filed after the news has looked for whom to close
 */
@Injectable()
export class SessionRecheck implements OnModuleInit, OnApplicationShutdown {
  private off: (() => void)[] = [];
  private running: Promise<void> | null = null;
  private again = false;
  private stopped = false;
  /** Tenants, and people by tenant, of whom something ended in this period and in the one before. */
  private ended = { lately: new Set<string>(), before: new Set<string>() };
  private ticker: NodeJS.Timeout | undefined;

  constructor(
    private readonly events: EventBus,
    private readonly sessions: SessionService,
    private readonly connections: ConnectionRegistry,
    private readonly streams: EventStreams,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.off = [
      this.events.on(NewsMissed, () => this.askAll()),
      this.events.on(SessionRevoked, ({ tenantId, principalId }) => this.askLater(personOf(tenantId, principalId))),
      this.events.on(TenantSuspended, ({ tenantId }) => this.askLater(tenantId)),
    ];
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.ticker);
    for (const off of this.off) off();
    await this.running;
  }

  private askAll(): void {
    this.again = true;
    this.running ??= this.run().finally(() => (this.running = null));
  }

  private askLater(whom: string): void {
    this.ended.lately.add(whom);
    this.ticker ??= setInterval(() => void this.askThose(), PERIOD_MS).unref();
  }

  private async askThose(): Promise<void> {
    const { before, lately } = this.ended;
    this.ended = { lately: new Set(), before: lately };
    if (before.size + lately.size === 0) {
      clearInterval(this.ticker);
      this.ticker = undefined;
    }
    if (before.size === 0) return;
    const meant = ({ ctx }: Open) => before.has(ctx.tenantId) || before.has(personOf(ctx.tenantId, ctx.principal.id));
    try {
      await this.check(this.everythingOpen().filter(meant));
    } catch (error) {
      this.logger.debug({ err: asError(error) }, 'sessions that ended could not be checked; trying again');
      this.askAll();
    }
  }

  private async run(): Promise<void> {
    for (let tries = 0; this.again && !this.stopped && tries < MOST_TRIES; tries++) {
      this.again = false;
      try {
        await this.check(this.everythingOpen());
      } catch (error) {
        // The database may be away as well; the sessions are asked about until it answers.
        this.logger.debug({ err: asError(error) }, 'open sessions could not be checked; trying again');
        this.again = true;
        await sleep(PATIENCE_MS, undefined, { ref: false });
      }
    }
  }

  private async check(all: readonly Open[]): Promise<void> {
    const bySession = new Map<string, Open[]>();
    for (const open of all) {
      const { principal, tenantId } = open.ctx;
      const key = `${tenantId}/${principal.id}/${principal.sessionId ?? ''}/${principal.role}/${principal.persona ?? ''}`;
      const same = bySession.get(key);
      if (same === undefined) bySession.set(key, [open]);
      else same.push(open);
    }
    const waiting = [...bySession.values()];
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await this.checkSession(next);
      }),
    );
  }

  private async checkSession(opened: readonly Open[]): Promise<void> {
    const [first] = opened;
    if (first === undefined) return;
    try {
      await this.sessions.assertAlive(first.ctx);
    } catch (error) {
      if (error instanceof SuspendedError) for (const open of opened) open.suspended();
      // What let them in may not be enabled any more: whoever comes again is told so.
      else if (error instanceof UnauthorizedError || error instanceof ForbiddenError)
        for (const open of opened) open.end();
      else throw error;
    }
  }

  private everythingOpen(): Open[] {
    const sockets = this.connections.all().flatMap((connection): Open[] => {
      const { identity } = connection;
      return identity === null
        ? []
        : [{ ctx: identity.ctx, end: () => connection.sessionEnded(), suspended: () => connection.suspended() }];
    });
    const streams = this.streams.all().map((stream) => {
      const end = () => stream.end();
      return { ctx: stream.ctx, end, suspended: end };
    });
    return [...sockets, ...streams];
  }
}

function personOf(tenantId: string, principalId: string): string {
  return `${tenantId}/${principalId}`;
}
