import { EventReaders } from '#platform/outbox';
import { Injectable } from '@nestjs/common';
import { EscalationRepository } from '../store/escalation.repository.js';
import { PresenceRepository } from '../store/presence.repository.js';
import { toHandledEscalation } from './escalation.dto.js';

/** What the events of escalations say: as supporters see them. Published by the table itself. */
@Injectable()
export class EscalationEvents {
  constructor(readers: EventReaders, escalations: EscalationRepository, presence: PresenceRepository) {
    readers.register(
      ['escalation.created', 'escalation.assigned', 'escalation.resolved', 'escalation.closed'],
      async (tx, { escalation_id: id = '' }) => {
        const escalation = await escalations.find(tx, id);
        if (escalation === null) return null;
        return toHandledEscalation(escalation, await presence.workforce(tx, escalation.skill));
      },
    );
  }
}
