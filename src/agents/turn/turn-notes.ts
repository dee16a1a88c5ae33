import type { PersonCall } from './turn.types.js';

/** What a run notes beside its answer. */
export class TurnNotes {
  /** Milliseconds by step, for the turn's record. */
  private readonly times: Record<string, number> = {};

  /** @param degraded true when there is no model to begin with */
  constructor(private fellBack: boolean) {}

  /** Something was answered without the model, or the search without the vectors, that the tenant would like to have. */
  get degraded(): boolean {
    return this.fellBack;
  }

  degrade(): void {
    this.fellBack = true;
  }

  /** Tools whose results call for a person; whether one comes is the tenant's to say. */
  readonly calls: PersonCall[] = [];

  took(step: string, ms: number): void {
    this.times[step] = (this.times[step] ?? 0) + ms;
  }

  get timings(): Record<string, number> {
    return Object.fromEntries(Object.entries(this.times).map(([step, ms]) => [step, Math.round(ms)]));
  }
}
