const EVERY_MS = 4000;
const ENDS_AFTER_MS = 6000;

/** Says now and then that the visitor writes, and once that it is over. */
export class OwnTyping {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private saidAt = 0;

  constructor(private readonly say: (on: boolean) => void) {}

  /** @param isEmpty nothing is left in the field */
  typed(isEmpty: boolean): void {
    if (isEmpty) return this.stop();
    const now = Date.now();
    if (now - this.saidAt > EVERY_MS) {
      this.saidAt = now;
      this.say(true);
    }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.stop(), ENDS_AFTER_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
    if (this.saidAt === 0) return;
    this.saidAt = 0;
    this.say(false);
  }
}
