import { assertNoConnectionHeld } from '#platform/database';
import type { Logger } from '#platform/logging';
import { type Mail, Mailer } from './mailer.port.js';

/** Where no mail server is configured: a developer reads the letter in the log. In production, where letters hold secrets, only that there was one. */
export class LogMailer extends Mailer {
  readonly delivers = false;

  constructor(
    private readonly logger: Pick<Logger, 'info' | 'warn'>,
    private readonly production: boolean,
  ) {
    super();
  }

  async send({ to, subject, text }: Mail): Promise<void> {
    assertNoConnectionHeld('The mail server');
    if (this.production) this.logger.warn({ subject }, 'a letter was not sent: set SMTP_URL');
    else {
      const head = `${to}: ${subject}`.replace(/\s+/g, ' ');
      this.logger.info(`a letter that would be sent with SMTP_URL, to ${head}\n${text}`);
    }
  }
}
