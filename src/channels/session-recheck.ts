import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { setTimeout as sleep } from 'node:timers/promises';
import { SessionService } from '#auth';
import type { RequestContext } from '#platform/context';
import { asError, SuspendedError, UnauthorizedError } from '#platform/errors';
import { EventBus, NewsMissed } from '#platform/events';
import { LOGGER, type Logger } from '#platform/logging';
import { EventStreams } from './http/event-streams.js';
import { ConnectionRegistry } from './websocket/connection-registry.js';

const AT_ONCE = 4;
const PATIENCE_MS = 1000;
const MOST_TRIES = 60;

interface Open {
  readonly ctx: RequestContext;
  end(): void;
  suspended(): void;
}

/**
 * Whether the sessions behind the open sockets and streams still hold, asked again after news may have been missed: a
 * socket on which nothing is sent would otherwise outlive a session that was ended on another instance.
 */
@Injectable()
export class SessionRecheck implements OnModuleInit, OnApplicationShutdown {
  private off: () => void = () => undefined;
  private running: Promise<void> | null = null;
  private again = false;
  private stopped = false;

  constructor(
    private readonly events: EventBus,
    private readonly sessions: SessionService,
    private readonly connections: ConnectionRegistry,
    private readonly streams: EventStreams,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.off = this.events.on(NewsMissed, () => {
      this.again = true;
      this.running ??= this.run().finally(() => (this.running = null));
    });
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped = true;
    this.off();
    await this.running;
  }

  private async run(): Promise<void> {
    for (let tries = 0; this.again && !this.stopped && tries < MOST_TRIES; tries++) {
      this.again = false;
      try {
        await this.checkAll();
      } catch (error) {
        // The database may be away as well; the sessions are asked about until it answers.
        this.logger.debug({ err: asError(error) }, 'open sessions could not be checked; trying again');
        this.again = true;
        await sleep(PATIENCE_MS, undefined, { ref: false });
      }
    }
  }

  private async checkAll(): Promise<void> {
    const bySession = new Map<string, Open[]>();
    for (const open of this.everythingOpen()) {
      const { principal, tenantId } = open.ctx;
      const key = `${tenantId}/${principal.id}/${principal.sessionId ?? ''}/${principal.role}/${principal.persona ?? ''}`;
      const same = bySession.get(key);
      if (same === undefined) bySession.set(key, [open]);
      else same.push(open);
    }
    const waiting = [...bySession.values()];
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await this.check(next);
      }),
    );
  }

  private async check(opened: readonly Open[]): Promise<void> {
    const [first] = opened;
    if (first === undefined) return;
    try {
      await this.sessions.assertAlive(first.ctx);
    } catch (error) {
      if (error instanceof SuspendedError) for (const open of opened) open.suspended();
      else if (error instanceof UnauthorizedError) for (const open of opened) open.end();
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
