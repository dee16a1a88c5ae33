import { asError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { type Mail, Mailer } from '#platform/mail';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';

/** Beyond this many that wait, whoever floods us gets no letters. */
const MOST_WAITING = 500;

/**
 * Work that nobody waits for, one after the other: the answer tells neither by its content nor by its time what was found.
 * At a stop what has begun is finished.
 */
@Injectable()
export class RecoveryLetters implements OnApplicationShutdown {
  private last: Promise<void> = Promise.resolve();
  private waiting = 0;

  constructor(
    private readonly mailer: Mailer,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** @param write looks up who is meant; null: nobody is written to */
  later(write: () => Promise<Mail | null>): void {
    if (this.waiting >= MOST_WAITING) return;
    this.waiting++;
    this.last = this.last.then(() => this.deliver(write)).finally(() => void this.waiting--);
  }

  async onApplicationShutdown(): Promise<void> {
    await this.last;
  }

  private async deliver(write: () => Promise<Mail | null>): Promise<void> {
    try {
      const mail = await write();
      if (mail !== null) await this.mailer.send(mail);
    } catch (error) {
      this.logger.error({ err: asError(error) }, 'a letter could not be sent');
    }
  }
}
