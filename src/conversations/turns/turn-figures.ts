import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { Bus } from '#platform/bus';
import { Metrics } from '#platform/metrics';
import { TurnRepository } from '../store/turn.repository.js';
import { TurnRunner } from './turn-runner.js';

/** However often somebody scrapes. */
const COUNTED_EVERY_MS = 5000;
const COUNTED_AT_MOST = 1000;

/** What operators may ask at any time: how many turns run here, and how many wait in the whole installation. */
@Injectable()
export class TurnFigures implements OnApplicationBootstrap {
  private waiting: { readonly count: Promise<number>; readonly until: number } | null = null;

  constructor(
    private readonly runner: TurnRunner,
    private readonly turns: TurnRepository,
    private readonly bus: Bus,
    private readonly metrics: Metrics,
  ) {}

  onApplicationBootstrap(): void {
    this.metrics.turnsRunning.from(() => this.runner.size);
    this.metrics.turnsWaiting.from(() => this.countWaiting());
  }

  private countWaiting(): Promise<number> {
    const now = Date.now();
    if (this.waiting === null || this.waiting.until < now) {
      this.waiting = {
        count: this.turns.countWaiting(this.bus.instance, COUNTED_AT_MOST),
        until: now + COUNTED_EVERY_MS,
      };
    }
    return this.waiting.count;
  }
}
