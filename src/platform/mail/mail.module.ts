import { AppConfig } from '#platform/config';
import { LOGGER, type Logger } from '#platform/logging';
import { Global, Module } from '@nestjs/common';
import { LogMailer } from './log.mailer.js';
import { Mailer } from './mailer.port.js';
import { SmtpMailer } from './smtp.mailer.js';

@Global()
@Module({
  providers: [
    {
      provide: Mailer,
      inject: [AppConfig, LOGGER],
      useFactory: (config: AppConfig, logger: Logger): Mailer =>
        config.env.SMTP_URL === undefined
          ? new LogMailer(logger, config.production)
          : new SmtpMailer(config.env.SMTP_URL, config.mailFrom),
    },
  ],
  exports: [Mailer],
})
export class MailModule {}
