import { setTimeout as sleep } from 'node:timers/promises';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { TurnService } from '#conversations';
import { AppConfig } from '#platform/config';
import { LOGGER, type Logger } from '#platform/logging';
import { ChannelsState } from './channels-state.js';
import { EventStreams } from './http/event-streams.js';
import { ConnectionRegistry } from './websocket/connection-registry.js';

/** Orchestrators commonly kill after 30 s. */
const GRACE_MS = 20_000;
const GOODBYE_MS = 2000;

/**
 * How the channels stop: no new messages and no new sockets, every reader is told, running turns finish, sockets close with
 * 1012, open streams end; only then does Nest close the HTTP server, which would otherwise wait for them.
 */
@Injectable()
export class ChannelsDrain implements BeforeApplicationShutdown {
  private drained: Promise<void> | null = null;

  constructor(
    private readonly config: AppConfig,
    private readonly turns: TurnService,
    private readonly registry: ConnectionRegistry,
    private readonly streams: EventStreams,
    private readonly state: ChannelsState,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.drain();
  }

  /**
   * Begins at once and goes on beside whatever else is being stopped; a second call waits for the first.
   * @param graceMs how long running turns may go on
   */
  drain(graceMs: number = Math.min(GRACE_MS, this.config.env.MAX_TURN_SECONDS * 1000)): Promise<void> {
    return (this.drained ??= this.run(graceMs));
  }

  private async run(graceMs: number): Promise<void> {
    this.state.draining = true;
    const drained = this.turns.drain(graceMs);
    for (const connection of this.registry.all()) connection.announceDrain();
    this.streams.announceDrain();
    await drained.catch((error: unknown) => this.logger.error({ err: error }, 'running turns could not be finished'));
    this.state.end();
    this.streams.endAll();
    for (const connection of this.registry.all()) connection.closeForShutdown();
    const giveUpAt = Date.now() + GOODBYE_MS;
    while (this.registry.size > 0 && Date.now() < giveUpAt) await sleep(20);
    for (const connection of this.registry.all()) connection.terminate();
  }
}
