import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { AppConfig } from '#platform/config';
import { UnitOfWork } from '#platform/database';
import { EventBus } from '#platform/events';
import { LOGGER, type Logger } from '#platform/logging';
import { Mailer } from '#platform/mail';
import { TenantSettingsCache } from '#tenants';
import { EscalationOpened } from '../model/escalation.events.js';
import { RulesService } from '../rules/rules.service.js';
import { EscalationRepository } from '../store/escalation.repository.js';

/**
 * A letter to the team when somebody asks for a person and nobody is there. It says that there is a conversation, and where; what
 * was said in it stays here. Sent by the instance that stored the wish, after the commit; a letter that is lost costs nothing but
 * time: the wish stands in the queue.
 */
@Injectable()
export class AbsenceMail implements OnModuleInit {
  constructor(
    private readonly uow: UnitOfWork,
    private readonly escalations: EscalationRepository,
    private readonly rules: RulesService,
    private readonly settings: TenantSettingsCache,
    private readonly mailer: Mailer,
    private readonly config: AppConfig,
    private readonly events: EventBus,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onModuleInit(): void {
    this.events.on(EscalationOpened, (event) => {
      // The user is not kept waiting for a mail server.
      void this.write(event).catch((error: unknown) =>
        this.logger.warn({ err: error, escalation: event.escalationId }, 'the team was not written to'),
      );
    });
  }

  private async write({ escalationId, tenantId }: EscalationOpened): Promise<void> {
    const { notify_emails: addresses } = await this.rules.get({ tenantId });
    if (addresses.length === 0) return;
    const escalation = await this.uow.run({ tenantId }, (tx) => this.escalations.find(tx, escalationId));
    if (escalation === null || !escalation.contactForm) return;
    const { tenant } = await this.settings.get({ tenantId });
    const reach = escalation.email === null ? [] : [`They can be reached at ${escalation.email}.`];
    const text = [
      `Somebody at ${tenant.name} asked for a person at ${escalation.waitingSince.toISOString()}, and nobody was there.`,
      ...reach,
      `The conversation waits in the queue: ${escalation.id}`,
      ...(this.config.env.PUBLIC_URL === undefined ? [] : [String(this.config.env.PUBLIC_URL)]),
    ].join('\n\n');
    for (const to of addresses)
      await this.mailer.send({ to, subject: `${tenant.name}: somebody waits for a person`, text });
  }
}
